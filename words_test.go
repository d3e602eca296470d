package sallyport_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport"
)

func TestTokenHash(t *testing.T) {
	token := sallyport.NewToken()
	first, ok := token.Hash()
	again, _ := token.Hash()
	if !ok || first != again {
		t.Fatal("a token has one hash")
	}
	other, _ := sallyport.NewToken().Hash()
	if other == first {
		t.Error("two tokens share a hash")
	}
	if shown := fmt.Sprintf("%v %s %q", token, token, token); strings.Contains(shown, token.Reveal()) {
		t.Errorf("a token shows itself: %s", shown)
	}
	for _, bad := range []string{"", "x", token.Reveal() + "A", token.Reveal()[:42], strings.Repeat("=", 43), token.Reveal()[:42] + "\n",
		token.Reveal()[:42] + "é", strings.Repeat("A", 42) + "B"} {
		if _, ok := sallyport.Token(bad).Hash(); ok {
			t.Errorf("%q is taken for a token", bad)
		}
	}
}

// A token in an address or a cookie is 32 bytes in the one way to write them, or none.
func FuzzTokenHash(f *testing.F) {
	f.Add(sallyport.NewToken().Reveal())
	f.Add("")
	f.Add(strings.Repeat("_", 43))
	f.Fuzz(func(t *testing.T, text string) {
		_, ok := sallyport.Token(text).Hash()
		raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
		if one := err == nil && len(raw) == 32 && base64.RawURLEncoding.EncodeToString(raw) == text; ok != one {
			t.Errorf("%q: taken %v, one spelling of 32 bytes %v", text, ok, one)
		}
	})
}

func TestNewID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := sallyport.NewID()
		if len(id) != 16 || id != strings.ToLower(id) || seen[id] {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
}

func TestFactorServes(t *testing.T) {
	who := sallyport.Technician{Email: "dana@northwind.example", Phone: "+12025550123"}
	cases := []struct {
		method sallyport.Method
		factor *sallyport.Factor
		want   bool
	}{
		{sallyport.MethodApp, nil, false},
		{sallyport.MethodApp, &sallyport.Factor{Kind: sallyport.MethodApp, Secret: []byte("sealed")}, true},
		{sallyport.MethodApp, &sallyport.Factor{Kind: sallyport.MethodApp}, false},
		{sallyport.MethodApp, &sallyport.Factor{Kind: sallyport.MethodEmail, Address: who.Email}, false},
		{sallyport.MethodEmail, &sallyport.Factor{Kind: sallyport.MethodEmail, Address: who.Email}, true},
		{sallyport.MethodEmail, &sallyport.Factor{Kind: sallyport.MethodEmail, Address: "old@northwind.example"}, false},
		{sallyport.MethodText, &sallyport.Factor{Kind: sallyport.MethodText, Address: who.Phone}, true},
		{sallyport.MethodText, &sallyport.Factor{Kind: sallyport.MethodText}, false},
		{sallyport.MethodOff, &sallyport.Factor{Kind: sallyport.MethodOff}, false},
	}
	for _, c := range cases {
		who.Method = c.method
		if got := c.factor.Serves(who); got != c.want {
			t.Errorf("%s with %+v: %v", c.method, c.factor, got)
		}
	}
}

func TestRoles(t *testing.T) {
	super, _ := sallyport.RoleByID(sallyport.SuperAdmin)
	for _, r := range sallyport.BuiltInRoles {
		if !super.Covers(r) {
			t.Errorf("a Super Admin cannot give %s", r.Name)
		}
		for _, own := range []sallyport.Permission{sallyport.ManageEmail, sallyport.ManageSMS, sallyport.ManagePolicy, sallyport.ManageRoles, sallyport.ManageSuperAdmins} {
			if r.Has(own) != (r.ID == sallyport.SuperAdmin) {
				t.Errorf("%s and %s", r.Name, own)
			}
		}
		if r.ID != sallyport.SuperAdmin && r.Covers(super) {
			t.Errorf("%s covers Super Admin", r.Name)
		}
	}
	if sallyport.May("no-such-role", sallyport.UseApplications) {
		t.Error("an unknown role may something")
	}
}

func TestErrors(t *testing.T) {
	cause := errors.New("disk on fire")
	err := fmt.Errorf("saving: %w", sallyport.ErrUnavailable.Because(cause).After(2*time.Second))
	if !errors.Is(err, sallyport.ErrUnavailable) || !errors.Is(err, cause) || errors.Is(err, sallyport.ErrConflict) {
		t.Errorf("%v is not what it is", err)
	}
	if sallyport.KindOf(err) != sallyport.Unavailable || sallyport.CodeOf(err) != "unavailable" {
		t.Errorf("kind %v, code %s", sallyport.KindOf(err), sallyport.CodeOf(err))
	}
	if sallyport.KindOf(cause) != sallyport.Internal || sallyport.CodeOf(cause) != "internal" {
		t.Error("a foreign error is ours to answer for")
	}
	if sallyport.ErrUnavailable.Unwrap() != nil || sallyport.ErrUnavailable.RetryAfter != 0 {
		t.Error("a copy changed the original")
	}
	if sallyport.InvalidFields(nil) != nil {
		t.Error("no wrong field is an error")
	}
}
