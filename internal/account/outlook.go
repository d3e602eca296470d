package account

import (
	"cmp"
	"fmt"

	"sallyport"
	"sallyport/internal/login"
)

// needsSetup reports whether t must set up a second factor before he is in.
func needsSetup(t sallyport.Technician, f *sallyport.Factor) bool {
	return t.Method != sallyport.MethodOff && !f.Serves(t)
}

// mustSetUp says what the technician does at his next sign-in because of the plan; empty when it is as before.
func mustSetUp(p plan) string {
	t, f := p.next, p.held.factor
	if !needsSetup(t, f) || !p.security || !p.w.now.Before(t.SetupUntil) {
		return ""
	}
	if t.Status == sallyport.Invited {
		return "With the invitation " + t.Name() + " " + setUpWords(t) + "."
	}
	if f != nil && p.w.settings.OpenerRequired {
		return fmt.Sprintf("At the next sign-in %s first gives %s once more, then %s.", t.Name(), heldWords(f), setUpWords(t))
	}
	return "At the next sign-in " + t.Name() + " " + setUpWords(t) + "."
}

func setUpWords(t sallyport.Technician) string {
	switch t.Method {
	case sallyport.MethodEmail:
		return "proves " + cmp.Or(t.Email, "the email address") + " with a code sent there"
	case sallyport.MethodText: // without a number in a preview alone, which says beside it that one is missing
		return "proves " + cmp.Or(t.Phone, "the phone number") + " with a code sent there"
	}
	return "sets up an authenticator app"
}

func heldWords(f *sallyport.Factor) string {
	if f.Kind == sallyport.MethodApp {
		return "a code of the authenticator app in use now"
	}
	return "a code sent to " + f.Address
}

// stranded says why the technician of a plan that signs him out could not get in afterwards, however right his answers
// are; empty when he can, or when his invitation still stands before. It asks what a sign-in would.
func stranded(p plan) string {
	if p.next.Status != sallyport.Active {
		return ""
	}
	s := p.signIn()
	for {
		step := login.Next(s)
		if step.Kind == login.Done || step.Kind == login.Enrol {
			return ""
		}
		after, err := login.Apply(s.Proofs, step, p.rightAnswer(step))
		if err != nil || after == s.Proofs {
			return whyStranded(step)
		}
		s.Proofs = after
	}
}

// signIn is the state of a sign-in after the plan and the password. No enrolment code outlives the plan.
func (p plan) signIn() login.State {
	t, set := p.next, p.w.settings
	s := login.State{Purpose: sallyport.PurposeSignIn, Proofs: sallyport.Proofs{Password: true}, Status: t.Status, Method: t.Method,
		Serves: p.held.factor.Serves(t), OffPermitted: set.PermitOff, OpenerRequired: set.OpenerRequired,
		EnrolmentNeeded: t.EnrolmentNeeded && set.EnrolmentCodes, SetupOpen: p.w.now.Before(t.SetupUntil),
		Disabled: p.w.switchedOff(t), EmailReady: p.w.open.email, TextReady: p.w.open.text}
	if p.held.factor != nil {
		s.Held = p.held.factor.Kind
	}
	return s
}

// rightAnswer is what he could answer at a step: a code, or in its place a recovery code that may still be used.
func (p plan) rightAnswer(step login.Step) login.Event {
	if login.Accepts(step, login.CodeRight) {
		return login.CodeRight
	}
	if p.held.left > 0 && p.next.RecoveryRun < p.w.settings.FactorRun {
		return login.RecoveryRight
	}
	return ""
}

func whyStranded(step login.Step) string {
	switch {
	case step.Kind == login.NoFactor:
		return "The policy permits nobody without a second factor: choose another method."
	case step.Kind == login.Closed:
		return "The set-up was not begun in time: open it again."
	case step.Kind == login.Shut:
		return "Too many wrong codes were typed at the set-up, and none is taken any more: reset the second factor."
	case step.Kind == login.EnrolmentCode:
		return "An enrolment code is asked for first, and after this none works: “Open the set-up again” makes another."
	case step.Kind == login.Disabled:
		return "The second factor was switched off by too many wrong answers, and no recovery code is left: reset it."
	case step.Kind == login.SetupDown:
		return "The code of the set-up goes by " + channelWord(step.Method) + ", which is not set up."
	case step.Kind == login.ChannelDown:
		return "The code that is asked for first goes by " + channelWord(step.Method) + ", which is not set up, and no recovery code is left."
	}
	return "A sign-in would lead nowhere."
}

func channelWord(m sallyport.Method) string {
	if m == sallyport.MethodText {
		return "text message"
	}
	return "email"
}
