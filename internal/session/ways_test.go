package session_test

import (
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/session"
)

// TestNoticesNameNoWayThatIsShut: whoever is told that his factor, his recovery codes or the sending of codes has stopped is
// pointed to the other way in where it is open, and not where it is shut as well.
func TestNoticesNameNoWayThatIsShut(t *testing.T) {
	const factor, recovery = session.AnswerCode, session.AnswerRecovery
	for name, c := range map[string]struct {
		order []session.AnswerKind // what is guessed at until it is off
		left  int                  // recovery codes that the word of the factor names
		shut  bool                 // the word of the recovery codes says that the factor is off as well
	}{
		"the factor first":         {[]session.AnswerKind{factor, recovery}, 10, true},
		"the recovery codes first": {[]session.AnswerKind{recovery, factor}, 0, false},
	} {
		w := newWorld(t)
		w.policy(func(s *sallyport.Settings) { s.FactorRun = 10 })
		w.technician("dana", sallyport.MethodApp)
		w.enrolled("dana")
		for _, kind := range c.order {
			for range 10 {
				w.clock.Advance(16 * time.Minute)
				typed := map[session.AnswerKind]string{factor: "000000", recovery: "AAAAAAAAAAAAAAAAAAAAAAAAAA"}[kind]
				if _, err := w.answer(w.begin("dana").SignIn, kind, typed); err == nil {
					t.Fatal("a guess was right")
				}
			}
		}
		if w.told(session.NoticeFactorOff) != 1 || w.told(session.NoticeRecoveryOff) != 1 {
			t.Fatalf("%s: told %v", name, w.mail.about)
		}
		if off := w.mail.said[session.NoticeFactorOff]; off.Left != c.left {
			t.Errorf("%s: the factor is off, and %d recovery codes are said to work", name, off.Left)
		}
		if off := w.mail.said[session.NoticeRecoveryOff]; off.Shut != c.shut {
			t.Errorf("%s: that the factor is off too is said: %v", name, off.Shut)
		}
	}
}

// TestPauseNamesRecoveryCodes: they work while no more codes are sent, but in the place of a factor alone, not of its set-up.
func TestPauseNamesRecoveryCodes(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodEmail)
	pause := func() int {
		for w.begin("dana"); w.told(session.NoticeCodesPaused) == 0; {
			w.begin("dana")
		}
		return w.mail.said[session.NoticeCodesPaused].Left
	}
	if left := pause(); left != 0 {
		t.Errorf("at the set-up %d recovery codes are said to work", left)
	}
	w = newWorld(t)
	dana := w.technician("dana", sallyport.MethodEmail)
	w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.mail.code(dana.Email))
	if left := pause(); left != 10 {
		t.Errorf("with a factor %d recovery codes are said to work", left)
	}
}
