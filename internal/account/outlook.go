package account

import (
	"fmt"

	"sallyport"
)

// needsSetup reports whether t must set up a second factor before he is in.
func needsSetup(t sallyport.Technician, f *sallyport.Factor) bool {
	return t.Method != sallyport.MethodOff && !f.Serves(t)
}

// mustSetUp says what the technician does at his next sign-in because of the plan; empty when it is as before.
func mustSetUp(p plan) string {
	t, f := p.next, p.held.factor
	if !needsSetup(t, f) || !p.security {
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
		return "proves " + t.Email + " with a code sent there"
	case sallyport.MethodText:
		return "proves " + t.Phone + " with a code sent there"
	}
	return "sets up an authenticator app"
}

func heldWords(f *sallyport.Factor) string {
	if f.Kind == sallyport.MethodApp {
		return "a code of the authenticator app in use now"
	}
	return "a code sent to " + f.Address
}

// stranded says why t could not get in as he would be, empty when he can or when his invitation still stands before.
func stranded(t sallyport.Technician, h holding, s sallyport.Settings) string {
	if t.Status != sallyport.Active || t.Method == sallyport.MethodOff || h.left > 0 {
		return ""
	}
	asked := h.factor != nil && (h.factor.Serves(t) || s.OpenerRequired)
	switch {
	case t.FactorDisabled:
		return "The second factor was switched off by too many wrong answers, and no recovery code is left: reset it."
	case asked && !h.open.carries(h.factor.Kind):
		return "The code that is asked for first goes by " + channelWord(h.factor.Kind) + ", which is not set up, and no recovery code is left."
	case needsSetup(t, h.factor) && !h.open.carries(t.Method):
		return "The code of the set-up goes by " + channelWord(t.Method) + ", which is not set up."
	}
	return ""
}

// carries reports whether a code of that method can be asked for now.
func (o ways) carries(m sallyport.Method) bool {
	switch m {
	case sallyport.MethodApp, sallyport.MethodOff:
		return true
	case sallyport.MethodEmail:
		return o.email
	case sallyport.MethodText:
		return o.text
	}
	return false
}

func channelWord(m sallyport.Method) string {
	if m == sallyport.MethodText {
		return "text message"
	}
	return "email"
}
