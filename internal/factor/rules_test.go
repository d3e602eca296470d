package factor

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"sallyport"
)

var own = []string{"Anna", "Schmidt-Meier", "anna.schmidt", "anna@example.org", "Acme Nordlicht", "Nord", "Nordlichtgesellschaft", "Ida", "Io", "O\u0308de\u0308l"}

func TestCheckPassword(t *testing.T) {
	for _, c := range []struct {
		password string
		min      int
		says     string // empty: accepted
	}{
		{"correct horse battery", 15, ""},
		{"v9#Kq!2mZx", 8, ""},
		{"straße über ängste", 15, ""},
		{"пароль который длинный", 15, ""},
		{"🐎🔋📎✅🎺🧊🪁🛶", 8, ""},
		{strings.Repeat("correct horse ba", 16), 15, ""},
		{"anna liebt schwimmen im see", 15, ""},
		{"", 15, "0 characters"},
		{"x", 15, "has 1 character."},
		{"short one", 15, "has 9 characters. It needs at least 15"},
		{"v9#Kq!2", 1, "at least 8"},
		{"fourteen chars", 0, "at least 15"},
		{"Zoe\u0308Zoe\u0308", 8, "has 6 characters"},
		{strings.Repeat("correct horse bat", 16), 15, "256 at most"},
		{"correct horse\tbattery", 15, "control"},
		{"correct horse battery\n", 15, "control"},
		{"correct\x00horse battery", 15, "control"},
		{"correct horse batt\xff", 15, "control"},
		{"aaaaaaaaaaaaaaaaaaaa", 15, "repeats"},
		{"abcabcabcabcabcabc", 15, "repeats"},
		{"1234567890123456789", 15, "common"},
		{"2345678901234567890", 15, "repeats"},
		{"aabbccddeeffgghhii", 15, "repeats"},
		{"98765432109876543210", 15, "repeats"},
		{"abcdefghijklmnopqrst", 15, "repeats"},
		{"qwertyuiopasdfg", 15, "repeats"},
		{"hunter2hunter2hunter2", 15, "repeats"},
		{"passwordpassword", 15, "common"},
		{"PasswordPassword", 15, "common"},
		{"footballbaseball", 15, "common"},
		{"footballfootballfootball", 15, "common"},
		{"administrator2026!", 15, "common"},
		{"counterstrike", 8, "common"},
		{"Football", 8, "common"},
		{"annaschmidtmeier1", 15, "own names"},
		{"Nordlichtgesellschaft", 15, "own names"},
		{"\u00f6d\u00eblkzqvpmx", 8, "own names"}, // a word that was typed decomposed
		{"noranna.schmidtdlicht", 15, ""},         // what stood round a word makes no new one
		{"zv4k9qpzv4k9qp", 8, "repeats"},
		{"kzqvpbcdefgh", 8, ""}, // seven fresh characters
		{"kzqvbcdefghij", 8, "repeats"},
		{"akxakzxqazkqxzka", 8, ""}, // five different ones
		{"akxakzxkazkaxzka", 8, "repeats"},
		{"nordlichtkzqvpmxw", 15, ""}, // eight without own words
		{"nordlichtkzqvpmx", 15, "own names"},
		{"idakzqvpmx", 8, "own names"}, // a word of three letters
		{"iokzqvpmx", 8, ""},
		{"AcmeNordlicht2026!", 15, "own names"},
		{"anna@example.org", 15, "own names"},
		{"!!-Nordlicht-2026-!!", 15, "own names"},
	} {
		err := CheckPassword(c.password, PasswordRules{Min: c.min, Words: own})
		if c.says == "" {
			if err != nil {
				t.Errorf("%q: %v", c.password, err)
			}
			continue
		}
		var e *sallyport.Error
		if !errors.As(err, &e) || e.Kind != sallyport.Invalid || len(e.Fields) != 1 || e.Fields[0].Name != "password" || !strings.Contains(e.Message, c.says) {
			t.Errorf("%q: %v, want %q", c.password, err, c.says)
		}
		if err != nil && len(c.password) > 6 && strings.Contains(err.Error(), c.password) {
			t.Errorf("%q stands in its own error", c.password)
		}
	}
}

func TestCommonPasswordsAreListed(t *testing.T) {
	list := commonPasswords()
	if !slices.IsSorted(list) || len(list) < 17_000 {
		t.Fatalf("%d entries, sorted %v", len(list), slices.IsSorted(list))
	}
	for _, p := range list {
		if utf8.RuneCountInString(p) < 8 || p != strings.ToLower(p) || p[0] == '#' {
			t.Fatalf("%q", p)
		}
		if CheckPassword(p, PasswordRules{Min: 8}) == nil {
			t.Fatalf("%q is accepted", p)
		}
	}
	if !strings.Contains(commonText, "Permission is hereby granted") {
		t.Error("the list has lost its licence")
	}
}

// TestWordsInARowAreAccepted draws four words of a list that has nothing to do with the account: what the console
// recommends is never refused.
func TestWordsInARowAreAccepted(t *testing.T) {
	words := []string{"anchor", "velvet", "thunder", "biscuit", "lantern", "orbit", "meadow", "puzzle", "glacier", "saddle"}
	rapid.Check(t, func(t *rapid.T) {
		four := rapid.SliceOfNDistinct(rapid.SampledFrom(words), 4, 4, rapid.ID).Draw(t, "words")
		if err := CheckPassword(strings.Join(four, " "), PasswordRules{Min: 15, Words: own}); err != nil {
			t.Fatalf("%v: %v", four, err)
		}
	})
}

func FuzzCheckPassword(f *testing.F) {
	for _, s := range []string{"", "correct horse battery", "\x00", "\xff", "aaaaaaaaaaaaaaaa", "e\u0301"} {
		f.Add(s, "word")
	}
	f.Fuzz(func(t *testing.T, password, word string) {
		err := CheckPassword(password, PasswordRules{Min: 8, Words: []string{word, "anna"}})
		if err != nil && sallyport.KindOf(err) != sallyport.Invalid {
			t.Fatal(err)
		}
		if err == nil && utf8.RuneCountInString(password) < 8 {
			t.Fatalf("%q is too short", password)
		}
	})
}
