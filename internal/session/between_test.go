package session_test

import (
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/login"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// What changes between the count of a right answer and its use holds for the session that it leads to, and a code that was
// replaced in that moment is not used up in the place of the new one.

// answerWhile gives an answer, and lets something happen between its count and its use.
func (w *world) answerWhile(signIn sallyport.Token, a session.Answer, do func()) (session.Outcome, error) {
	return w.over(&between{Transactions: store.For[session.Tx](w.db), after: 1, do: do}).Answer(ctx, signIn, a, browser)
}

// TestPolicyThatChangesMeanwhile: a session lasts as long, and stands beside as many others, as the policy says when it is made.
func TestPolicyThatChangesMeanwhile(t *testing.T) {
	for name, change := range map[string]func(*sallyport.Settings){
		"age":   func(s *sallyport.Settings) { s.SessionAge = time.Hour },
		"limit": func(s *sallyport.Settings) { s.SessionLimit = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			dana := w.technician("dana", sallyport.MethodApp)
			key, first := w.enrolled("dana")
			page := w.begin("dana")
			out, err := w.answerWhile(page.SignIn, session.Answer{Kind: session.AnswerCode, Typed: w.digits(key, 0)}, func() {
				w.policy(change)
				if name == "age" {
					w.write(func(tx *store.Tx) error { return tx.ShortenSessions(ctx, time.Hour) })
				}
			})
			if err != nil || !out.Finished {
				t.Fatalf("%v %+v", err, out)
			}
			for _, s := range w.liveSessions(dana.ID) {
				if name == "age" && s.ExpiresAt.Sub(s.CreatedAt) > time.Hour {
					t.Errorf("a session that lasts for %s", s.ExpiresAt.Sub(s.CreatedAt))
				}
			}
			if name == "limit" && (w.usable(first.Session) || !w.usable(out.Session)) {
				t.Error("both sessions live, or the older one alone")
			}
		})
	}
}

// TestEnrolmentCodeThatIsReplacedMeanwhile: the older code lets nobody in any more, and the newer one still does.
func TestEnrolmentCodeThatIsReplacedMeanwhile(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	w.enrolled("dana")
	w.reset(dana.ID, "ABCDEFGH")
	page := w.begin("dana")
	_, err := w.answerWhile(page.SignIn, session.Answer{Kind: session.AnswerEnrolment, Typed: "ABCDEFGH"}, func() { w.enrolmentCode(dana.ID, "JKMNPQRS") })
	if err == nil {
		t.Error("the older code was used")
	}
	w.clock.Advance(time.Minute)
	if set := w.mustAnswer(page.SignIn, session.AnswerEnrolment, "JKMNPQRS"); set.Page.Step.Kind != login.Enrol {
		t.Errorf("the newer one leads to %+v", set.Page.Step)
	}
}
