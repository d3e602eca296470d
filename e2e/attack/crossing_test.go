package attack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/testkit/team"
)

// TestW55: a hundred technicians sign in at once, each with his own way back, and each is himself on every page after it.
func TestW55(t *testing.T) {
	people := make([]team.Member, 100)
	h, mara, _ := staffed(t, sallyport.MethodApp, plan{people: func(f *team.Folder) {
		for i := range people {
			people[i] = addPlain(t, f, fmt.Sprintf("person%02d", i), sallyport.ReadOnlyTechnician, sallyport.MethodApp)
		}
	}})
	in := make([]*browser, len(people))
	parallel(len(people), func(i int) {
		m, b, back := people[i], h.browser(), fmt.Sprintf("/me?page=%d", i+1)
		in[i] = b
		step := func(path string, form map[string][]string, to string) bool {
			for until := time.Now().Add(patience); time.Now().Before(until); { // a full queue says so, and to come back
				a, err := b.try(http.MethodPost, path, form)
				if err == nil && (a.Status == http.StatusServiceUnavailable || a.Status == http.StatusTooManyRequests) {
					continue
				}
				if err != nil || a.Status != http.StatusSeeOther || a.at() != to {
					t.Errorf("%s: %s: %d %s %v", m.UserName, path, a.Status, a.at(), err)
					return false
				}
				return true
			}
			t.Errorf("%s: %s: never let through", m.UserName, path)
			return false
		}
		if _, err := b.try(http.MethodGet, "/sign-in", nil); err != nil {
			t.Error(err)
		}
		if step("/sign-in", map[string][]string{"user_name": {m.UserName}, "password": {team.Password}, "return": {back}}, "/sign-in/code") {
			step("/sign-in/code", map[string][]string{"code": {m.Digits(half(0))}}, "/me/recovery-codes?return="+strings.NewReplacer("/", "%2F", "?", "%3F", "=", "%3D").Replace(back))
		}
	})
	sessions := map[string]bool{}
	for i, b := range in {
		if sessions[b.session()] || b.session() == "" {
			t.Fatalf("%s has no session of his own", people[i].UserName)
		}
		sessions[b.session()] = true
	}
	parallel(len(people), func(i int) {
		a, err := in[i].try(http.MethodGet, "/me", nil)
		names := regexp.MustCompile(`person\d\d@northwind\.example`).FindAllString(a.Body, -1)
		if err != nil || a.Status != http.StatusOK || len(names) == 0 {
			t.Errorf("%s: %d %v", people[i].UserName, a.Status, err)
		}
		for _, name := range names {
			if name != people[i].UserName {
				t.Errorf("%s is shown the page of %s", people[i].UserName, name)
			}
		}
	})
	if n := len(mara.events("signin.finished")); n != len(people) {
		t.Errorf("%d sign-ins finished", n)
	}
}

// secretName is what a field of an answer must not be called. The proofs of the audit log are hashes of its tree, which say
// so by other names.
var secretName = regexp.MustCompile(`(?i)secret|otp|hash|passw|token|phc|seed|private|sealed|recovery|^key$`)

// TestW58: no answer that a program reads has a field for a secret, not even for a Super Admin; that every route says who may
// ask, and judges it, is tested where the routes are.
func TestW58(t *testing.T) {
	h, mara, dana := staffed(t, sallyport.MethodApp, plan{})
	waits := h.browser().atCode(dana) // and one between password and code
	read := 0
	for _, r := range h.routes() {
		if r.method != http.MethodGet {
			continue
		}
		for _, b := range []*browser{mara, waits, h.browser()} {
			twin := b.twin()
			twin.header["Accept"] = "application/json"
			a := twin.get(r.path(string(dana.ID)))
			if !strings.Contains(a.Header.Get("Content-Type"), "json") {
				continue
			}
			for line := range strings.Lines(a.Body) {
				var v any
				if err := json.Unmarshal([]byte(line), &v); err != nil {
					v = nil
					h.check(json.Unmarshal([]byte(a.Body), &v))
				}
				read++
				for _, name := range fields(v) {
					if secretName.MatchString(name) {
						t.Errorf("%s has a field %q", a.what, name)
					}
				}
			}
		}
	}
	if read < 20 {
		t.Errorf("only %d answers were read", read)
	}
	for _, path := range []string{"/debug/pprof/", "/debug/vars", "/debug/requests", "/metrics", "/healthz", "/readyz", "/api", "/admin/debug", "/.env", "/.git/config"} {
		mara.get(path).wants(http.StatusNotFound, "")
	}
}

// fields are the names of everything in a JSON value.
func fields(v any) (names []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			names = append(append(names, name), fields(inner)...)
		}
	case []any:
		for _, inner := range v {
			names = append(names, fields(inner)...)
		}
	}
	return names
}
