package attack

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/team"
)

var (
	requestID = regexp.MustCompile(`^(?:Request(?: <span class="mono">)? ?|"request_id":")[a-z0-9]{16}`)
	random    = regexp.MustCompile(`=[A-Za-z0-9_-]{43};`)
	challenge = regexp.MustCompile(`name="challenge" value="[A-Za-z0-9_-]{56}"`)
)

// face is an answer as an attacker can compare it: status, all headers and the body, but for the request's id, random
// cookies, the random challenge, the time of day and the name that was typed.
func face(a answer, typed string) string {
	var b strings.Builder
	fmt.Fprintln(&b, a.Status)
	var names []string
	for name := range a.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if name != "Date" {
			fmt.Fprintln(&b, name, random.ReplaceAllString(strings.Join(a.Header[name], "\n"), "=random;"))
		}
	}
	body := a.Body
	if strings.Contains(body, `name="challenge"`) {
		body = challenge.ReplaceAllString(body, `name="challenge" value="random"`)
	}
	b.WriteString(body)
	return strings.ReplaceAll(withoutID(b.String()), typed, "TYPED")
}

// withoutID is text without the request's id. The expression is tried only where it can begin: thousands of long answers
// are compared.
func withoutID(text string) string {
	var b strings.Builder
	for {
		i := first(text, "Request", `"request_id`)
		b.WriteString(text[:i])
		if text = text[i:]; text == "" {
			return b.String()
		}
		if id := requestID.FindString(text[:min(len(text), 100)]); id != "" {
			b.WriteString("Request")
			text = text[len(id):]
		} else {
			b.WriteByte(text[0])
			text = text[1:]
		}
	}
}

// first is where the first of words stands in text, its length where none does.
func first(text string, words ...string) int {
	at := len(text)
	for _, w := range words {
		if i := strings.Index(text, w); i >= 0 {
			at = min(at, i)
		}
	}
	return at
}

// ofEachKind are accounts that an attacker must not tell from one that is not there: active with an app and a number, active
// without a factor, deactivated, and invited. Invited ones have no password yet, but for one that types the one it has.
func ofEachKind(t *testing.T, f *team.Folder) {
	t.Helper()
	const tech = sallyport.ReadOnlyTechnician
	add(t, f, "real", tech, sallyport.MethodApp)
	add(t, f, "text", tech, sallyport.MethodText)
	change(t, f, addPlain(t, f, "open", tech, sallyport.MethodOff), func(m *sallyport.Technician) { m.Method = sallyport.MethodApp })
	for name, status := range map[string]sallyport.Status{"gone": sallyport.Deactivated, "left": sallyport.Deactivated,
		"new1": sallyport.Invited, "new2": sallyport.Invited, "new3": sallyport.Invited} {
		m := change(t, f, addPlain(t, f, name, tech, sallyport.MethodApp), func(m *sallyport.Technician) { m.Status = status })
		if status != sallyport.Invited || name == "new1" {
			continue
		}
		if err := f.DB.Write(t.Context(), func(tx *store.Tx) error { return tx.SetPassword(t.Context(), m.ID, m.Generation, nil) }); err != nil {
			t.Fatal(err)
		}
	}
}

// TestD7_1: unknown, wrong, deactivated and invited are told apart neither by sign-in nor by forgotten password: the
// same status, headers and bytes (also W42), also for who says that he has the answer already (D7.12). The names are of one
// length, for they are echoed.
func TestD7_1(t *testing.T) {
	h, _, _ := staffed(t, sallyport.MethodApp, plan{people: func(f *team.Folder) { ofEachKind(t, f) }})
	// Of the deactivated and the invited, one types the password that is really stored: even that tells nothing. Each name is
	// tried three times, for at the fifth the wait begins, for all alike.
	const guess = "some long enough guess"
	kinds := []struct{ name, password string }{{"nobo", guess}, {"real", guess}, {"text", guess}, {"open", guess}, {"gone", team.Password}, {"left", guess},
		{"new1", team.Password}, {"new2", team.Password}, {"new3", guess}}
	for _, accept := range []string{"text/html", "application/json", "*/*"} {
		want := map[string]string{}
		for _, k := range kinds {
			typed := k.name + "@northwind.example"
			b := h.browser()
			b.header["Accept"] = accept
			b.header["If-None-Match"], b.header["If-Modified-Since"] = "*", half(2).UTC().Format(http.TimeFormat)
			b.get("/sign-in")
			for what, a := range map[string]answer{
				"sign-in":              b.post("/sign-in", "user_name", typed, "password", k.password, "return", "/me"),
				"forgotten":            b.post("/forgotten", "user_name", typed),
				"the page after it":    b.get("/forgotten/sent"),
				"the second page":      b.get("/sign-in/code"),
				"its state":            b.get("/sign-in/state"),
				"a code from nowhere":  b.post("/sign-in/code", "code", "123456"),
				"help from nowhere":    b.post("/sign-in/help", "note", "x"),
				"a send from nowhere":  b.post("/sign-in/send"),
				"an empty password":    b.post("/sign-in", "user_name", typed, "password", "", "return", "/me"),
				"the sign-in page now": b.get("/sign-in"),
			} {
				got := face(a, typed)
				if first, known := want[what]; !known {
					want[what] = got
				} else if got != first {
					t.Errorf("%s as %q: %s with %q differs:\n%s\n---- the first:\n%s", what, accept, k.name, k.password, got, first)
				}
				if a.Status == http.StatusNotModified || a.Header.Get("ETag")+a.Header.Get("Last-Modified") != "" {
					t.Errorf("%s as %q: %d with ETag %q", what, accept, a.Status, a.Header.Get("ETag"))
				}
			}
		}
		if !strings.HasPrefix(want["sign-in"], "422") || accept == "*/*" && !strings.Contains(want["sign-in"], `name="challenge" value="random"`) {
			t.Errorf("%s", want["sign-in"])
		}
	}
	for _, text := range append(h.texts.all(), h.mail.matching(code)...) {
		t.Errorf("somebody was sent %q", text)
	}
}

// TestD7_9: the address that counts is the peer's, or the one that a listed proxy adds. What a client writes into
// X-Forwarded-For, X-Real-IP or Forwarded moves no guess to another count and lies in no log.
func TestD7_9(t *testing.T) {
	for name, c := range map[string]struct {
		flags map[string]string
		added string // what the proxy adds to what the client sent
		want  string
	}{
		"no proxy listed":      {nil, "", "127.0.0.1"},
		"behind a proxy":       {map[string]string{"trusted_proxies": "127.0.0.1"}, ", 198.51.100.7", "198.51.100.7"},
		"an entry is no entry": {map[string]string{"trusted_proxies": "127.0.0.1"}, ", a", "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			h, mara, dana := staffed(t, sallyport.MethodApp, plan{flags: c.flags})
			last := answer{}
			for i := 0; i < 12 && last.Status != http.StatusTooManyRequests; i++ {
				b := h.browser()
				b.header["X-Forwarded-For"] = fmt.Sprintf("203.0.113.%d, 203.0.113.%d%s", i, 100+i, c.added)
				b.header["X-Real-IP"], b.header["Forwarded"] = fmt.Sprintf("192.0.2.%d", i), fmt.Sprintf("for=192.0.2.%d", i)
				last = b.password(dana.UserName, "some long enough guess")
			}
			if last.Status != http.StatusTooManyRequests || last.Header.Get("Retry-After") == "" {
				t.Errorf("none of the guesses was held up: %d", last.Status)
			}
			events := mara.events("signin.password.wrong")
			if len(events) < 5 {
				t.Errorf("held up after %d guesses", len(events))
			}
			for _, e := range events {
				if e.Address != c.want {
					t.Errorf("the audit log names %q", e.Address)
				}
			}
			for _, forged := range []string{"192.0.2.", "203.0.113."} {
				if strings.Contains(h.log.String(), forged) {
					t.Errorf("the log repeats a forged address %s…", forged)
				}
			}
			// The owner's own network is not held up for longer than the account's short wait (see also D7.6).
			if c.want == "198.51.100.7" {
				b := h.browser()
				b.header["X-Forwarded-For"] = "198.51.100.99"
				h.eventually("the owner gets in from elsewhere", func() bool { return b.password(dana.UserName, team.Password).Status == http.StatusSeeOther })
			}
		})
	}
}

// TestD7_10: a sign-in in which the factor was switched off goes on neither then nor when an administrator has reset it.
func TestD7_10(t *testing.T) {
	var dora team.Member
	h, mara, _ := staffed(t, sallyport.MethodApp, plan{settings: func(s *sallyport.Settings) { s.FactorRun = 10 }, people: func(f *team.Folder) {
		dora = add(t, f, "dora", sallyport.ReadOnlyTechnician, sallyport.MethodApp)
		if err := f.DB.Write(t.Context(), func(tx *store.Tx) error {
			for dora.WrongRun = range 9 { // wrong answers of other days
				if _, err := tx.CountAnswer(t.Context(), dora.Technician, 100, false); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}})
	inside, beside := h.browser().atCode(dora), h.browser().atCode(dora)
	inside.post("/sign-in/code", "code", wrongFor(dora.Digits(half(0)))).wants(http.StatusUnprocessableEntity, "")
	for name, b := range map[string]*browser{"the same sign-in": inside, "one beside it": beside, "a new one": h.browser().atCode(dora)} {
		a := b.post("/sign-in/code", "code", dora.Digits(half(0))).wants(http.StatusForbidden, "")
		if a.says("switched off"); b.session() != "" {
			t.Errorf("%s got in", name)
		}
	}
	if n := len(mara.events("signin.factor.disabled")); n != 1 {
		t.Errorf("%d events say that the factor was switched off", n)
	}
	mara.post("/admin/technicians/"+string(dora.ID)+"/reset", "reason", "").wants(http.StatusOK, "")
	for _, b := range []*browser{inside, beside} {
		b.post("/sign-in/code", "code", dora.Digits(half(0))).wants(http.StatusSeeOther, "/sign-in/code?over=step")
		b.get("/sign-in/code").wants(http.StatusSeeOther, "/sign-in?why=over")
		if b.session() != "" {
			t.Error("a sign-in from before the reset got in")
		}
	}
	h.browser().atCode(dora).get("/sign-in/code").says("Enrolment code")
}
