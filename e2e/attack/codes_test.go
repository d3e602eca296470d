package attack

import (
	"net/http"
	"net/url"
	"sync"
	"testing"

	"sallyport"
	"sallyport/internal/testkit/team"
)

// staffed is a house with Mara, a Super Admin who is signed in, and Dana with the method.
func staffed(t testing.TB, method sallyport.Method, p plan) (h *house, mara *browser, dana team.Member) {
	t.Helper()
	var token string
	more := p.people
	p.people = func(f *team.Folder) {
		token = signedIn(t, f, add(t, f, "mara", sallyport.SuperAdmin, sallyport.MethodApp))[0]
		dana = add(t, f, "dana", sallyport.ReadOnlyTechnician, method)
		if more != nil {
			more(f)
		}
	}
	h = build(t, p)
	return h, h.holding(token), dana
}

// parallel does n things at once.
func parallel(n int, do func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-start; do(i) })
	}
	close(start)
	wg.Wait()
}

// wrongFor is a code that is not right.
func wrongFor(right string) string {
	return right[:5] + string('0'+(right[5]-'0'+1)%10)
}

// TestD1_1: 1,000 parallel wrong guesses at one code: exactly 3 are compared, and the right one after them is worth
// nothing (D1.2).
func TestD1_1(t *testing.T) {
	h, mara, dana := staffed(t, sallyport.MethodEmail, plan{})
	b := h.browser().atCode(dana)
	right := h.mail.next(h, code, 0)
	answers := make([]answer, 1000)
	parallel(len(answers), func(i int) {
		a, err := b.twin().try(http.MethodPost, "/sign-in/code", url.Values{"code": {wrongFor(right)}})
		if answers[i] = a; err != nil {
			t.Error(err)
		}
	})
	busy := 0 // a machine that cannot count in time refuses without comparing (D1.19); three were counted all the same, see below
	for _, a := range answers {
		switch a.Status {
		case http.StatusServiceUnavailable:
			busy++
		case http.StatusUnprocessableEntity:
		default:
			t.Fatalf("%d %s\n%s", a.Status, a.at(), a.words())
		}
	}
	if n := len(mara.events("signin.factor.attempt")); n != 3 { // what was counted is what is compared next
		t.Errorf("%d guesses were compared", n)
	}
	if n := len(mara.events("signin.factor.wrong")); n > 3 || n+busy < 3 {
		t.Errorf("%d guesses were judged wrong", n)
	}
	if n := len(mara.events("signin.code.refused")); n+busy+3 < len(answers) {
		t.Errorf("%d guesses were refused", n)
	}
	b.post("/sign-in/code", "code", right).says("Three wrong codes. Send a new one to go on.")
	if b.session() != "" {
		t.Error("a dead code let in")
	}
}

// TestD1_3: the right code 200 times in parallel: exactly one answer brings a session, and that one works.
func TestD1_3(t *testing.T) {
	h, mara, dana := staffed(t, sallyport.MethodEmail, plan{})
	b := h.browser().atCode(dana)
	right := h.mail.next(h, code, 0)
	twins := make([]*browser, 200)
	for i := range twins {
		twins[i] = b.twin()
	}
	parallel(len(twins), func(i int) {
		a, err := twins[i].try(http.MethodPost, "/sign-in/code", url.Values{"code": {right}})
		if err != nil || a.Status >= 500 && a.Status != http.StatusServiceUnavailable { // too busy to count: see D1.19
			t.Errorf("%d %v", a.Status, err)
		}
	})
	in := 0
	for _, twin := range twins {
		if twin.session() == "" {
			continue
		}
		if in++; !twin.live() {
			t.Error("the session does not work")
		}
	}
	if n := len(mara.events("signin.finished")); in != 1 || n != 1 {
		t.Errorf("%d sessions were given out, %d sign-ins finished", in, n)
	}
}
