package session

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/factor"
	"sallyport/internal/login"
)

// secondAtOffset accepts, at set-up only, a second code at the offset of the first or one step beside it: the phone's clock
// is known to be off by that much, and the newer one is kept (RFC 6238 section 6). Early or late within its half minute, a
// code shows the same clock as two neighbouring offsets.
func (s *Service) secondAtOffset(t *try, secret []byte) bool {
	offset, step, ok := factor.FindOffset(secret, t.typed, t.m.now)
	if !ok {
		return false
	}
	t.offset, t.step = offset, step
	return t.m.step.Kind == login.Enrol && t.another() && beside(t.m.signIn.Offset, offset)
}

// another reports whether a code of another step was recognised in this sign-in before.
func (t *try) another() bool {
	return t.m.signIn.OffsetStep != 0 && t.m.signIn.OffsetStep != t.step
}

// beside reports whether two offsets are the same but for the moment within its half minute at which a code is typed.
func beside(a, b int) bool { return a-b >= -1 && a-b <= 1 }

// kept is the offset that was confirmed when the app was set up.
func (t *try) kept() int {
	if t.m.factor == nil || t.m.step.Kind == login.Enrol {
		return 0
	}
	return t.m.factor.Offset
}

// clockHint notices a phone whose clock is off: at set-up by the first such code, at sign-in by the second. A step
// recognised that way is burnt.
func (s *Service) clockHint(ctx context.Context, tx Tx, t *try) (string, error) {
	if t.kind != AnswerCode || t.code != nil || t.step == 0 || t.offset == 0 && t.kept() == 0 {
		return "", nil
	}
	before, another := t.m.signIn.Offset, t.another()
	t.m.signIn.Offset, t.m.signIn.OffsetStep = t.offset, t.step
	if t.m.step.Kind == login.Enrol {
		return "Your phone's clock is " + off(t.offset) + ". Switch on automatic time there; or type the next code as well, and we will allow for it.", nil
	}
	burnt, err := tx.BurnStep(ctx, t.m.technician.ID, t.step)
	switch {
	case err != nil || !another:
		return "", err
	case t.kept() != 0 && beside(before, 0) && beside(t.offset, 0):
		if !burnt {
			return "", nil
		}
		return s.clockIsRight(ctx, tx, t)
	case before != t.offset:
		return "", nil
	}
	return "Your phone's clock is " + off(t.offset) + ": switch on automatic time." + t.worksAgain(), nil
}

// clockIsRight forgets the offset that was kept at the set-up: two codes have shown that the phone's clock was put right
// meanwhile, as the page asked for then. They let nobody in; from the next code on the right time counts.
func (s *Service) clockIsRight(ctx context.Context, tx Tx, t *try) (string, error) {
	was := t.kept()
	if err := tx.SetOffset(ctx, t.m.technician.ID, 0); err != nil {
		return "", err
	}
	event := audit.New(audit.FactorClock, himself(t.m.technician, t.client)).On(t.m.technician).
		Changed(map[string]string{"offset": strconv.Itoa(was)}, map[string]string{"offset": "0"})
	return "Your phone's clock was " + off(was) + " when the app was set up, and is right now. Type the next code, and it counts.",
		tx.InsertEvent(ctx, event.Event())
}

// worksAgain says when a phone whose clock was ahead shows codes again that were not burnt, once it is put right.
func (t *try) worksAgain() string {
	first := t.step + 1 - int64(t.m.settings.StepsAside)
	wait := time.Unix(first*int64(factor.Period/time.Second), 0).Sub(t.m.now)
	if wait <= 0 {
		return ""
	}
	return " Its codes work again in " + inWords(wait) + "."
}

// off says an offset of TOTP steps in words.
func off(steps int) string {
	side, n := "ahead", steps
	if n < 0 {
		side, n = "behind", -n
	}
	if n < 2 {
		return "about half a minute " + side
	}
	if n < 4 {
		return "about a minute " + side
	}
	return fmt.Sprintf("about %d minutes %s", (n+1)/2, side)
}
