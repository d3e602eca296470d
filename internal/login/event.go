package login

import "sallyport"

// Event is a right answer. Wrong ones change no proof.
type Event string

const (
	PasswordRight      Event = "password-right"
	CodeRight          Event = "code-right" // of the app, or a sent one
	RecoveryRight      Event = "recovery-right"
	EnrolmentCodeRight Event = "enrolment-code-right"
)

// ErrOutOfOrder refuses an answer to a question that was not asked.
var ErrOutOfOrder = sallyport.E(sallyport.Conflict, "out_of_order", "This sign-in has moved on meanwhile. Please go on with what this page asks for.")

// Accepts reports whether event may be given at step.
func Accepts(step Step, event Event) bool {
	switch event {
	case PasswordRight:
		return step.Kind == Password
	case CodeRight:
		return step.Kind == Factor || step.Kind == Opener || step.Kind == Enrol
	case RecoveryRight:
		return step.Kind == Factor || step.Kind == Opener || step.Kind == Disabled || stoodIn(step)
	case EnrolmentCodeRight:
		return step.Kind == EnrolmentCode
	}
	return false
}

// stoodIn: a recovery code stands in for a code that cannot be sent now.
func stoodIn(step Step) bool { return step.Kind == ChannelDown }

// Apply returns the proofs after event at step, ErrOutOfOrder when the step did not ask for it.
func Apply(p sallyport.Proofs, step Step, event Event) (sallyport.Proofs, error) {
	if !Accepts(step, event) {
		return p, ErrOutOfOrder
	}
	switch event {
	case PasswordRight:
		p.Password = true
	case RecoveryRight:
		p.Recovery = true
	case EnrolmentCodeRight:
		p.Enrolment = true
	case CodeRight:
		p = applyCode(p, step)
	}
	return p, nil
}

func applyCode(p sallyport.Proofs, step Step) sallyport.Proofs {
	switch step.Kind {
	case Opener:
		p.Opener = true
	case Factor:
		p.Factor = true
	case Enrol:
		p.Factor, p.Enrolled = true, true
	}
	return p
}
