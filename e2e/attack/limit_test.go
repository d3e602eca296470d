package attack

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/control"
	"sallyport/internal/store"
	"sallyport/internal/testkit/team"
)

// comparesNothing are the routes that change something and compare no secret that a person holds or was sent. Where such a
// change needs a fresh proof, that is asked for at /confirm.
var comparesNothing = []string{
	"/admin/email", "/admin/email/discard", "/admin/email/remove", "/admin/email/test", "/admin/help/{id}", "/admin/notices/{id}",
	"/admin/resets/{id}", "/admin/resets/{id}/deny", "/admin/rollouts", "/admin/rollouts/{id}", "/admin/rollouts/{id}/preview",
	"/admin/sessions/end", "/admin/sms", "/admin/sms/discard", "/admin/sms/remove", "/admin/sms/test", "/admin/technicians/import",
	"/admin/technicians/import/preview", "/admin/technicians/new", "/admin/technicians/new/preview", "/admin/technicians/{id}",
	"/admin/technicians/{id}/activate", "/admin/technicians/{id}/deactivate", "/admin/technicians/{id}/delete",
	"/admin/technicians/{id}/invitation", "/admin/technicians/{id}/preview", "/admin/technicians/{id}/reset",
	"/admin/technicians/{id}/set-up", "/admin/technicians/{id}/sign-out", "/forgotten", "/me/recovery-codes", "/me/sessions/end",
	"/me/sessions/{id}/end", "/sign-in/again", "/sign-in/help", "/sign-in/send", "/sign-out",
	"/me/phone", // begins; what it asks for is given at /sign-in/code
	// A link's token has 256 bits and is found by its hash alone: TestD1_20.
	"/invitation/{token}", "/rescue/{token}", "/reset/{token}", "/set-up/{token}",
}

// guesser is a browser at a place that compares a secret, with a wrong answer for it.
type guesser struct {
	b     *browser
	path  string
	form  []string
	right string // the code that was sent; empty where the answer is none
}

// TestW3: every place that compares a secret of a person slows down or ends after a row of wrong answers, with the
// settings as they are delivered (also W2). The waits grow, so that within twelve tries a refusal comes however slow
// the machine is. A route that is neither tried here nor stands among those that compare nothing fails the test.
func TestW3(t *testing.T) {
	h, places, proofs := guessers(t)
	tried := map[string]bool{}
	for name, c := range places {
		tries, held := 0, false
		for ; tries < 12 && !held; tries++ {
			a := c.b.post(c.path, c.form...)
			held = a.Status == http.StatusTooManyRequests || strings.Contains(a.words(), "Three wrong codes.")
			if !held && a.Status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d %s", name, a.Status, a.words())
			}
		}
		if tried[c.path] = true; !held || tries < 3 {
			t.Errorf("%s: held up %v after %d tries", name, held, tries)
		}
		if c.right == "" {
			continue
		}
		if a := c.b.post(c.path, "code", c.right); a.Status < http.StatusBadRequest {
			t.Errorf("%s: the right one is compared all the same: %d %s", name, a.Status, a.at())
		}
	}
	for name, list := range proofs { // a session ends instead
		b := list[0].b
		for _, c := range list {
			if tried[c.path] = true; !b.live() {
				t.Errorf("%s: over before %s", name, c.path)
			}
			b.post(c.path, c.form...)
		}
		if b.live() {
			t.Errorf("%s: three wrong proofs leave the session alive", name)
		}
	}
	for _, r := range h.routes() {
		if r.method == http.MethodPost && tried[r.pattern] == slices.Contains(comparesNothing, r.pattern) {
			t.Errorf("%s: it must either be tried with wrong answers or stand among the routes that compare nothing", r.pattern)
		}
	}
}

// guessers are those of one house: at each place that counts its wrong answers, and in sessions that are asked for a proof.
func guessers(t *testing.T) (h *house, places map[string]guesser, proofs map[string][]guesser) {
	var emil, rita, sven, nora, elsa team.Member
	var live []string
	h, mara, dana := staffed(t, sallyport.MethodApp, plan{people: func(f *team.Folder) {
		const tech = sallyport.ReadOnlyTechnician
		emil, rita, sven = add(t, f, "emil", tech, sallyport.MethodEmail), add(t, f, "rita", tech, sallyport.MethodApp), add(t, f, "sven", tech, sallyport.MethodApp)
		elsa, nora = setsUp(t, f, "elsa", sallyport.MethodEmail), setsUp(t, f, "nora", sallyport.MethodText)
		live = signedIn(t, f, sven, add(t, f, "tom", tech, sallyport.MethodApp), add(t, f, "olaf", tech, sallyport.MethodOff), add(t, f, "uwe", tech, sallyport.MethodApp),
			add(t, f, "vera", tech, sallyport.MethodApp))
	}})
	h.check(h.host.Call(t.Context(), "technician/reset-factor", control.User{User: rita.UserName}, nil))
	signIn := h.browser()
	signIn.get("/sign-in")
	const guess, recovery = "some long enough guess", "ABCDEF-GHJKM-NPQRS-TVWXY-Z0123"
	mara.post("/admin/email/test", "to", "mara@northwind.example").wants(http.StatusSeeOther, "/admin/email#code")
	mara.post("/admin/sms/test", "to", "+12125550199").wants(http.StatusSeeOther, "/admin/sms#code")
	wrong := []string{"code", "000000"}
	mailed := func(b *browser, path, to string) guesser {
		return guesser{b, path, wrong, h.mail.next(h, regexp.MustCompile(`(?sm)`+regexp.QuoteMeta(to)+`.*?^(\d{6})$`), 0)}
	}
	texted := func(b *browser, path, to string) guesser {
		return guesser{b, path, wrong, h.texts.next(h, regexp.MustCompile(`(?s)#(\d{6})".*`+regexp.QuoteMeta(to)), 0)}
	}
	places = map[string]guesser{
		"password":        {signIn, "/sign-in", []string{"user_name", dana.UserName, "password", guess, "return", "/me"}, ""},
		"digits":          {h.browser().atCode(dana), "/sign-in/code", wrong, ""},
		"sent code":       mailed(h.browser().atCode(emil), "/sign-in/code", emil.Email),
		"set-up by email": mailed(h.browser().atCode(elsa), "/sign-in/code", elsa.Email),
		"set-up by text":  texted(h.browser().atCode(nora), "/sign-in/code", nora.Phone),
		"enrolment code":  {h.browser().atCode(rita), "/sign-in/enrolment-code", []string{"code", "ABCD2345"}, ""},
		"recovery code":   {h.browser().atCode(sven), "/sign-in/recovery", []string{"code", recovery}, ""},
		"own password":    {h.holding(live[0]), "/me/password", []string{"old_password", guess, "password", "a quite different lantern"}, ""},
		"test by email":   mailed(mara, "/admin/email/confirm", "mara@northwind.example"),
		"test by text":    texted(mara, "/admin/sms/confirm", "+12125550199"),
	}
	tom, olaf, uwe, vera := h.holding(live[1]), h.holding(live[2]), h.holding(live[3]), h.holding(live[4])
	vera.post("/me/phone").wants(http.StatusSeeOther, "/sign-in/code")
	phone := guesser{vera, "/sign-in/code", wrong, ""}
	again := guesser{tom, "/confirm", []string{"code", "000000", "return", "/me"}, ""}
	byPassword := guesser{olaf, "/sign-in/password", []string{"password", guess}, ""}
	byRecovery := guesser{uwe, "/sign-in/recovery", []string{"code", recovery}, ""}
	proofs = map[string][]guesser{
		"digits again":                 {again, again, again},
		"password again":               {{olaf, "/confirm", []string{"password", guess, "return", "/me"}, ""}, byPassword, byPassword},
		"a recovery code again":        {{uwe, "/confirm", []string{"way", "recovery", "return", "/me"}, ""}, byRecovery, byRecovery, byRecovery},
		"the app before another phone": {phone, {vera, "/sign-in/recovery", []string{"code", recovery}, ""}, phone},
	}
	return h, places, proofs
}

// setsUp adds a member who must still prove his mailbox or number.
func setsUp(t *testing.T, f *team.Folder, name string, method sallyport.Method) team.Member {
	t.Helper()
	m := addPlain(t, f, name, sallyport.ReadOnlyTechnician, method)
	m.Phone, m.SetupUntil = "+12125550142", time.Now().Add(time.Hour)
	if err := f.DB.Write(t.Context(), func(tx *store.Tx) error { return tx.UpdateTechnician(t.Context(), m.Technician) }); err != nil {
		t.Fatal(err)
	}
	return m
}
