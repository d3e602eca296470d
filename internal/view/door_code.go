package view

import (
	"time"

	"sallyport"
)

// Task says what a code is asked for.
type Task string

const (
	TaskSignIn Task = "sign-in" // the factor of the method
	TaskOpener Task = "opener"  // the old factor opens the door to the new one
	TaskStepUp Task = "step-up" // a live session proves itself again
	TaskPhone  Task = "phone"   // the app on the old phone, before a new one
	TaskEnrol  Task = "enrol"   // the first code proves a new mailbox or number
)

// Code asks for six digits: from the app, or sent by email or text message.
type Code struct {
	Door
	Task     Task
	Method   sallyport.Method // what the code comes from
	Why      string           // why this step appears now; replaces the usual lead
	Recovery bool             // a recovery code may stand in
	Delivery Delivery         // for email and text message
	FreshAt  time.Time        // from when on the app shows a code that was not used; zero: now
}

// Delivery is what is known of a sent code.
type Delivery struct {
	Masked     string // where it went or will go
	Sent       bool   // a code was asked for in this sign-in
	Live       bool   // the newest one can still be used
	State      sallyport.CodeState
	Detail     string // why sending failed and what to do
	ValidUntil time.Time
	ResendAt   time.Time
	TriesLeft  int
	Now        time.Time
}

// Template names the file.
func (Code) Template() string { return "door/code" }

// Title is the heading.
func (c Code) Title() string {
	switch {
	case c.Task == TaskStepUp:
		return "Confirm that it is you"
	case c.Task == TaskPhone:
		return "First, a code from your old phone"
	case c.Task == TaskOpener:
		return "Confirm with " + noun(c.Method)
	case c.Task == TaskEnrol && c.Method == sallyport.MethodEmail:
		return "Set up codes by email"
	case c.Task == TaskEnrol:
		return "Set up codes by text message"
	case c.Delivery.Paused():
		return "No code was sent"
	case c.Method == sallyport.MethodEmail:
		return "Check your email"
	case c.Method == sallyport.MethodText:
		return "Check your text messages"
	}
	return "Type the code from your app"
}

// Lead says why the page appears.
func (c Code) Lead() string {
	switch {
	case c.Why != "":
		return c.Why
	case c.Task == TaskStepUp:
		return "What you are about to do is sensitive, so we ask once more."
	case c.Task == TaskPhone:
		return "The app on the old phone, or a recovery code, proves that the new phone is yours."
	case c.Task == TaskOpener:
		return "Confirm once more with " + noun(c.Method) + ", then set up what your administrator chose."
	case c.Task == TaskEnrol:
		return "Your administrator chose this for your account. The first code proves that messages reach you."
	case c.Method == sallyport.MethodApp:
		return "Open your authenticator app and type the 6 digits that it shows for " + c.Organisation + "."
	}
	return ""
}

// ByApp reports whether the code comes from the app, so that nothing is sent.
func (c Code) ByApp() bool { return c.Method == sallyport.MethodApp }

// AskForCode reports whether there is a code that can be typed.
func (c Code) AskForCode() bool { return c.ByApp() || c.Delivery.Live }

// UsedUp reports whether the code that the app shows now was used, which a refusal says itself.
func (c Code) UsedUp() bool { return c.FreshAt.After(c.Delivery.Now) && c.Problem == nil }

// Button is what the main button says.
func (c Code) Button() string {
	switch c.Task {
	case TaskSignIn:
		return "Sign in"
	case TaskEnrol:
		return "Finish and sign in"
	case TaskStepUp:
		return "Confirm"
	}
	return "Continue"
}

// Missing says what to do where no message came; empty where that is not what is wrong.
func (c Code) Missing() string {
	switch {
	case c.Delivery.State == sallyport.Failed || c.Delivery.TriesLeft == 0:
		return ""
	case c.Method == sallyport.MethodText:
		return "Nothing came? Check that the phone has reception, then send a new one."
	}
	return "Nothing came? Check the spam folder, then send a new one."
}

// How is the end of "6-digit code from …" in the label of the field.
func (c Code) How() string {
	switch c.Method {
	case sallyport.MethodEmail:
		return "6-digit code from the email"
	case sallyport.MethodText:
		return "6-digit code from the text message"
	}
	return "6-digit code from the app"
}

// Waiting reports whether the result of sending is still open.
func (d Delivery) Waiting() bool { return d.Sent && d.State == sallyport.Sending }

// ResendOpen reports whether a fresh code may be asked for now.
func (d Delivery) ResendOpen() bool { return !d.ResendAt.After(d.Now) }

// Paused reports whether no code was sent in this sign-in because there were too many already.
func (d Delivery) Paused() bool { return !d.Sent && !d.ResendOpen() }

// Opens is the first whole minute at which a code can be sent again.
func (d Delivery) Opens() time.Time {
	return d.ResendAt.Add(time.Minute - time.Nanosecond).Truncate(time.Minute)
}

// Words says what became of the message, for the page and for the script that asks again.
func (d Delivery) Words() string {
	switch {
	case !d.Sent:
		return ""
	case d.State == sallyport.Failed && d.Detail != "":
		return "The code could not be sent. " + d.Detail
	case d.State == sallyport.Failed:
		return "The code could not be sent. Please send a new one in a moment."
	case d.State == sallyport.Unclear:
		return "We cannot be sure that the message went out. If a code arrives, it works; if not, send a new one."
	case d.State == sallyport.Sending:
		return "Sending a code to " + d.Masked + "…"
	case !d.Live:
		return "The last code, sent to " + d.Masked + ", can no longer be used."
	}
	return "A code was sent to " + d.Masked + "."
}

func noun(m sallyport.Method) string {
	switch m {
	case sallyport.MethodApp:
		return "your current authenticator app"
	case sallyport.MethodEmail:
		return "a code by email"
	case sallyport.MethodText:
		return "a code by text message"
	}
	return "your current method"
}

// Recovery asks for a recovery code, in the place of any code.
type Recovery struct{ Door }

// Template names the file.
func (Recovery) Template() string { return "door/recovery" }

// Title is the heading.
func (Recovery) Title() string { return "Use a recovery code" }

// Lead says what they are.
func (Recovery) Lead() string {
	return "One of the ten codes that you saved when you set up your second factor. Each works once."
}

// EnrolmentCode asks for the code that an administrator reads out after a reset.
type EnrolmentCode struct{ Door }

// Template names the file.
func (EnrolmentCode) Template() string { return "door/enrolment-code" }

// Title is the heading.
func (EnrolmentCode) Title() string { return "Type your enrolment code" }

// Lead says where it comes from.
func (EnrolmentCode) Lead() string {
	return "Your second factor was reset. Before you set up a new one, type the 8 letters and digits that your administrator reads out to you."
}

// StepUpPassword asks a technician without a second factor for the password again.
type StepUpPassword struct {
	Door
	UserName string
	Action   string // where the form is sent: /confirm, or /sign-in/password within a proof that has begun
	Return   string
}

// Template names the file.
func (StepUpPassword) Template() string { return "door/step-up-password" }

// Title is the heading.
func (StepUpPassword) Title() string { return "Confirm that it is you" }

// Lead says why.
func (StepUpPassword) Lead() string {
	return "What you are about to do is sensitive, so we ask once more."
}

// StepUp begins a proof: it asks for the app's code at once, or offers to send one.
type StepUp struct {
	Door
	Method sallyport.Method
	Return string
}

// Template names the file.
func (StepUp) Template() string { return "door/step-up" }

// Title is the heading.
func (StepUp) Title() string { return "Confirm that it is you" }

// Lead says why.
func (StepUp) Lead() string { return "What you are about to do is sensitive, so we ask once more." }

// ByApp reports whether the code comes from the app, so that nothing is sent.
func (s StepUp) ByApp() bool { return s.Method == sallyport.MethodApp }
