package session_test

import (
	"testing"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// TestAnswerForAnotherSignIn: an answer whose form was shown in somebody else's sign-in is no guess at this one's factor: it is
// neither looked at, right as it is, nor counted.
func TestAnswerForAnotherSignIn(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	key, _ := w.enrolled("dana")
	page := w.begin("dana")
	attempts := w.events("signin.factor.attempt")
	right := session.Answer{Kind: session.AnswerCode, Typed: w.digits(key, 0), Whose: "ilya"}
	_, err := w.either().Answer(ctx, page.SignIn, right, browser)
	wantCode(t, err, "another_sign_in")
	if run := look(w, func(tx *store.Tx) (int, error) {
		now, err := tx.Technician(ctx, dana.ID)
		return now.WrongRun, err
	}); run != 0 || w.events("signin.factor.attempt") != attempts {
		t.Errorf("counted: %d in a row", run)
	}
	right.Whose = dana.UserName
	if out, err := w.either().Answer(ctx, page.SignIn, right, browser); err != nil || !out.Finished {
		t.Errorf("%+v %v", out, err)
	}
}
