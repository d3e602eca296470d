package attack

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sallyport"
	"sallyport/internal/testkit/team"
)

// saveMethod does what an administrator does: opens Edit Technician, chooses the method, presses Save.
func (b *browser) saveMethod(m team.Member, method sallyport.Method) answer {
	b.h.t.Helper()
	path := "/admin/technicians/" + string(m.ID)
	version := b.get(path).wants(http.StatusOK, "").find(`name="version"[^>]*value="(\d+)"`)
	return b.post(path, "version", version, "first_name", m.FirstName, "last_name", m.LastName, "user_name", m.UserName, "email", m.Email,
		"phone", m.Phone, "role", string(m.Role), "method", string(method))
}

// TestD2_1: 20 live sessions with requests running; once Save has answered, every request that begins later is sent to sign in,
// or told 401 where it asks for no page, and none gets a 5xx, before or after.
func TestD2_1(t *testing.T) {
	var tokens []string
	var dana team.Member
	h, mara, _ := staffed(t, sallyport.MethodApp, plan{people: func(f *team.Folder) {
		dana = add(t, f, "dorothea", sallyport.ReadOnlyTechnician, sallyport.MethodApp)
		tokens = signedIn(t, f, slices.Repeat([]team.Member{dana}, 20)...)
	}})
	before := h.browser().atCode(dana) // begun before Save, finished after it
	var saved atomic.Bool
	var early, late atomic.Int64
	var wg sync.WaitGroup
	for i, token := range tokens {
		b := h.holding(token)
		path := []string{"/session", "/me"}[i%2]
		wg.Go(func() {
			for after := 0; after < 10; {
				begun := saved.Load()
				a, err := b.twin().try(http.MethodGet, path, nil)
				switch {
				case err != nil || a.Status >= 500:
					t.Errorf("%s: %d %v", path, a.Status, err)
					return
				case begun && a.Status != http.StatusUnauthorized && (a.Status != http.StatusSeeOther || !strings.HasPrefix(a.at(), "/sign-in?")):
					t.Errorf("%s: %d %s after Save had answered", path, a.Status, a.at())
					return
				case begun:
					after++
					late.Add(1)
				case a.Status < 300:
					early.Add(1)
				}
			}
		})
	}
	h.eventually("every session is used", func() bool { return early.Load() > 100 })
	a := mara.saveMethod(dana, sallyport.MethodEmail)
	saved.Store(true)
	wg.Wait()
	if a.Status != http.StatusSeeOther {
		t.Fatalf("Save: %d %s", a.Status, a.words())
	}
	mara.get(a.at()).says("was signed out of 20 browsers")
	if late.Load() != 200 {
		t.Errorf("%d requests after Save", late.Load())
	}
	// D2.2: the sign-in from before gets no session, with the right digits.
	before.post("/sign-in/code", "code", dana.Digits(half(0))).wants(http.StatusSeeOther, "/sign-in/code?over=step")
	before.get("/sign-in/code").wants(http.StatusSeeOther, "/sign-in?why=over")
	if before.session() != "" {
		t.Error("a sign-in from before Save got a session")
	}
	// And what comes back to the sign-in page is told why.
	h.holding(tokens[0]).get("/sign-in").says("Your administrator changed how you sign in.")
}

// TestD2_14: nothing that was protected stays in the browser: no page may be stored, and signing out clears what is.
func TestD2_14(t *testing.T) {
	_, mara, _ := staffed(t, sallyport.MethodApp, plan{})
	for _, path := range []string{"/me", "/admin/technicians", "/admin/audit.csv", "/session", "/"} {
		if got := mara.get(path).Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
	}
	back := mara.twin()
	a := mara.post("/sign-out").wants(http.StatusSeeOther, "/signed-out")
	if got := a.Header.Get("Clear-Site-Data"); got != `"cache", "storage"` {
		t.Errorf("Clear-Site-Data is %q", got)
	}
	if back.live() || mara.session() != "" {
		t.Error("the session lives on")
	}
	if a := back.get("/me"); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.at(), "/sign-in") {
		t.Errorf("the second tab gets %d %s", a.Status, a.at())
	}
	if a := back.get("/sign-in"); a.Header.Get("Clear-Site-Data") != "" {
		t.Error("the sign-in page clears too: the browser would forget that it was here")
	}
}

// TestD2_15: after Save no other credential lets in: neither the cookie of a browser that signed in before, nor what is
// left of the sign-in, alone or in the place of the session.
func TestD2_15(t *testing.T) {
	h, mara, dana := staffed(t, sallyport.MethodApp, plan{})
	b := h.browser().atCode(dana)
	signIn := b.cookies[b.name("-signin")]
	b.post("/sign-in/code", "code", dana.Digits(half(0)))
	if !b.live() || b.cookies[b.name("-device")] == "" {
		t.Fatal("not signed in, or no device cookie: nothing is tested")
	}
	if len(b.cookies) != 2 {
		t.Errorf("a signed-in browser holds %v", b.cookies)
	}
	mara.saveMethod(dana, sallyport.MethodEmail)
	for _, value := range []string{b.session(), signIn, b.cookies[b.name("-device")]} {
		for _, part := range []string{"", "-signin", "-device"} {
			thief := h.browser()
			thief.cookies[thief.name(part)] = value
			for _, path := range []string{"/me", "/sign-in/code", "/"} {
				if a := thief.get(path); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.at(), "/sign-in") {
					t.Errorf("%q as %q: %s: %d %s", value, part, path, a.Status, a.at())
				}
			}
			if thief.live() {
				t.Errorf("as %q it is a session", part)
			}
		}
	}
}
