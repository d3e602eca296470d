package login

import "sallyport"

// Kind is a kind of step.
type Kind string

const (
	Refused       Kind = "refused"        // nothing leads on; start again
	Password      Kind = "password"       // the password is asked for
	Factor        Kind = "factor"         // the factor that the method asks for
	Opener        Kind = "opener"         // the held factor opens the door to the new one
	EnrolmentCode Kind = "enrolment-code" // after a reset: the code that the administrator reads out
	Enrol         Kind = "enrol"          // set up the factor of Step.Method
	Closed        Kind = "closed"         // the set-up was not begun in time; an administrator must open it again
	Disabled      Kind = "disabled"       // too many wrong answers; a recovery code may stand in
	Shut          Kind = "shut"           // likewise at a set-up of somebody who holds nothing, which nothing stands in for; only a reset opens it anew
	ChannelDown   Kind = "channel-down"   // the code's channel is not proved (any more); a recovery code may stand in
	SetupDown     Kind = "setup-down"     // likewise for what is to be set up, which nothing stands in for
	NoFactor      Kind = "no-factor"      // the method is Off, which the policy does not permit (any more); an administrator must choose another
	Done          Kind = "done"           // every required factor was proved: a session may be created
)

// Step is what a sign-in waits for.
type Step struct {
	Kind   Kind
	Method sallyport.Method // which factor, for Factor, Opener, Enrol, ChannelDown and SetupDown
}

// State is what is true of one sign-in and its technician at one moment, read in one transaction.
type State struct {
	Purpose sallyport.Purpose
	Proofs  sallyport.Proofs

	Status          sallyport.Status
	Method          sallyport.Method
	Held            sallyport.Method // kind of the factor held; empty when none
	Serves          bool             // the held factor serves Method
	OffPermitted    bool             // policy: technicians may have the method Off
	OpenerRequired  bool             // policy: the old factor opens the door to the new one
	EnrolmentNeeded bool             // a reset asks for an enrolment code
	SetupOpen       bool             // the window is open, or this sign-in has begun its set-up
	Disabled        bool             // the factor was switched off by wrong answers
	EmailReady      bool             // Email Settings are proved
	TextReady       bool             // SMS Settings are proved
}

// Next says what the sign-in waits for. It fails closed: whatever it does not know is Refused.
func Next(s State) Step {
	switch s.Purpose {
	case sallyport.PurposeSignIn:
		return nextSignIn(s)
	case sallyport.PurposeStepUp:
		return nextStepUp(s)
	case sallyport.PurposePhone:
		return nextPhone(s)
	case sallyport.PurposeSetup:
		return nextSetup(s)
	}
	return Step{Kind: Refused}
}

func nextSignIn(s State) Step {
	switch {
	case s.Status != sallyport.Active || !s.Method.Valid():
		return Step{Kind: Refused}
	case !s.Proofs.Password:
		return Step{Kind: Password}
	case s.Method == sallyport.MethodOff && !s.OffPermitted:
		return Step{Kind: NoFactor}
	case s.Method == sallyport.MethodOff:
		return Step{Kind: Done}
	case s.Serves:
		return prove(s)
	case s.Held == "" && s.Disabled:
		return Step{Kind: Shut} // before it is said that somebody may open it again: nothing would be taken there
	case !s.SetupOpen:
		return Step{Kind: Closed} // before anything is asked for that works once: it would be given for nothing
	case !ready(s, s.Method):
		return Step{Kind: SetupDown, Method: s.Method}
	case s.Held != "" && s.OpenerRequired && !s.Proofs.Opener && !s.Proofs.Recovery:
		return ask(s, Opener, s.Held)
	case s.Held == "" && s.EnrolmentNeeded && !s.Proofs.Enrolment:
		return Step{Kind: EnrolmentCode}
	}
	return enrol(s, s.Method)
}

// prove asks for the factor that serves the method; a recovery code stands in its place.
func prove(s State) Step {
	if s.Proofs.Factor || s.Proofs.Recovery {
		return Step{Kind: Done}
	}
	return ask(s, Factor, s.Method)
}

// ask names the step that asks for a held factor, or the reason why it cannot be asked for.
func ask(s State, kind Kind, method sallyport.Method) Step {
	switch {
	case s.Disabled:
		return Step{Kind: Disabled, Method: method}
	case !ready(s, method):
		return Step{Kind: ChannelDown, Method: method}
	}
	return Step{Kind: kind, Method: method}
}

// enrol names the step that sets up a factor of method. A switched-off factor is not replaced without a reset, unless
// its place was taken by a recovery code.
func enrol(s State, method sallyport.Method) Step {
	if s.Disabled && !s.Proofs.Recovery {
		return Step{Kind: Disabled, Method: method}
	}
	return Step{Kind: Enrol, Method: method}
}

// ready reports whether a factor of method can be proved now: its channel is proved, or it needs none.
func ready(s State, method sallyport.Method) bool {
	switch method {
	case sallyport.MethodApp:
		return true
	case sallyport.MethodEmail:
		return s.EmailReady
	case sallyport.MethodText:
		return s.TextReady
	}
	return false
}

// nextStepUp asks a live session for its proof again: the factor, or the password where the method is Off.
func nextStepUp(s State) Step {
	switch {
	case s.Status != sallyport.Active:
		return Step{Kind: Refused}
	case s.Method == sallyport.MethodOff && s.Proofs.Password:
		return Step{Kind: Done}
	case s.Method == sallyport.MethodOff:
		return Step{Kind: Password}
	case s.Serves:
		return prove(s)
	}
	return Step{Kind: Refused}
}

// nextPhone moves the app to a new phone: the old app's code (or a recovery code), then the new one is set up.
func nextPhone(s State) Step {
	switch {
	case s.Status != sallyport.Active || s.Method != sallyport.MethodApp || !s.Serves:
		return Step{Kind: Refused}
	case s.Proofs.Factor && s.Proofs.Enrolled:
		return Step{Kind: Done}
	case !s.Proofs.Opener && !s.Proofs.Recovery:
		return ask(s, Opener, sallyport.MethodApp)
	}
	return Step{Kind: Enrol, Method: sallyport.MethodApp}
}

// nextSetup is the first Super Admin and rescue: the link brought the password, the app is set up before anything counts.
func nextSetup(s State) Step {
	switch {
	case !s.Proofs.Password:
		return Step{Kind: Refused}
	case s.Proofs.Factor && s.Proofs.Enrolled:
		return Step{Kind: Done}
	}
	return Step{Kind: Enrol, Method: sallyport.MethodApp}
}
