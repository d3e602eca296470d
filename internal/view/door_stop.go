package view

import "sallyport"

// StopKind is why a sign-in cannot go on by itself.
type StopKind string

const (
	StopClosed   StopKind = "closed"    // the set-up was not begun in time
	StopDisabled StopKind = "disabled"  // too many wrong answers
	StopNoFactor StopKind = "no-factor" // the policy asks for a second factor, and the account has none
	StopDown     StopKind = "down"      // the way the code would take does not work now
)

// Stop is a page on which the sign-in waits for somebody else.
type Stop struct {
	Door
	Kind     StopKind
	Method   sallyport.Method
	Recovery bool // a recovery code may stand in
}

// Template names the file.
func (Stop) Template() string { return "door/stop" }

// Title is the heading.
func (s Stop) Title() string {
	switch s.Kind {
	case StopClosed:
		return "The time for your set-up is over"
	case StopDisabled:
		return "Your second factor is switched off"
	case StopNoFactor:
		return "Your account needs a second factor"
	}
	return "No code can be sent right now"
}

// Lead says why.
func (s Stop) Lead() string {
	switch {
	case s.Kind == StopClosed:
		return "Your second factor was not set up in time. Ask your administrator to open the set-up again."
	case s.Kind == StopDisabled:
		return "There were too many wrong codes, so it was switched off to protect your account. Ask your administrator to reset it."
	case s.Kind == StopNoFactor:
		return "Your password was right, but the policy no longer lets anybody in with it alone. Ask your administrator to choose a second factor for your account."
	case s.Kind == StopDown && s.Method == sallyport.MethodText:
		return "Text messages are not set up at the moment. Your password was right, and nothing is wrong with your account."
	}
	return "Email is not set up at the moment. Your password was right, and nothing is wrong with your account."
}

// AskHelp asks for a word to the administrators and, when Number is set, shows the number to read out.
type AskHelp struct {
	Door
	Number string
	Note   string
}

// Template names the file.
func (AskHelp) Template() string { return "door/help" }

// Title is the heading.
func (h AskHelp) Title() string {
	if h.Number != "" {
		return "Your administrators were told"
	}
	return "I need help"
}

// Lead says what happens.
func (h AskHelp) Lead() string {
	if h.Number != "" {
		return "Call or visit one of them and read this number out. It shows that the request is yours."
	}
	return "Your administrators see your request with a number. You read that number out to them, so that they know it is you."
}
