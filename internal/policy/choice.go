package policy

import (
	"sallyport"
)

// ChoiceInput is what the choice of a method depends on. Phone and Email are the technician's, as they would be saved.
type ChoiceInput struct {
	Settings               sallyport.Settings
	EmailProved, SMSProved bool // a test message of the settings in use was confirmed
	Phone                  string
	Email                  string
}

// Choice is one method as Edit Technician shows it. Reason says why it is not permitted, or what it still needs; Worth
// is the one honest sentence about it.
type Choice struct {
	Method      sallyport.Method
	Permitted   bool
	Reason      string
	Worth       string
	Recommended bool
}

const (
	worthApp = "The app shows a new code every 30 seconds on the phone itself, so moving the phone number to another SIM card (SIM swapping) gains nothing; " +
		"a fake sign-in page can still ask for a typed code."
	worthEmail = "Better than a password alone, but whoever reads the mailbox has the code, no typed code stops a fake sign-in page, " +
		"and NIST SP 800-63B-4 counts an email code as no second factor."
	worthText = "Text messages can be read or redirected by SIM swapping, no typed code stops a fake sign-in page, " +
		"and NIST SP 800-63B-4 counts a text message as a restricted method: offer an app as well."
	worthOff = "The password is then all that protects this account: whoever learns it is in."

	reasonEmail   = "Email Settings have not been proved yet: confirm a test message there first."
	reasonSMS     = "SMS Settings have not been proved yet: confirm a test message there first."
	reasonOff     = "The policy does not permit technicians without a second factor."
	needsPhone    = "Text Message needs a phone number. Please add one."
	needsEmail    = "Email needs a business email address. Please add one."
	unknownMethod = "Please choose one of the methods."
)

// Choices lists every method in the order in which pages show them, the ones that are not permitted with the reason. A
// missing phone number or address forbids nothing, for it can be typed into the same form; CheckMethod judges the Save.
func Choices(in ChoiceInput) []Choice {
	var all []Choice
	for _, m := range sallyport.Methods {
		all = append(all, choice(in, m))
	}
	return all
}

func choice(in ChoiceInput, m sallyport.Method) Choice {
	c := Choice{Method: m, Permitted: true}
	forbid := func(unless bool, reason string) {
		if !unless {
			c.Permitted, c.Reason = false, reason
		}
	}
	need := func(value, reason string) {
		if c.Permitted && value == "" {
			c.Reason = reason
		}
	}
	switch m {
	case sallyport.MethodApp:
		c.Worth, c.Recommended = worthApp, true
	case sallyport.MethodEmail:
		c.Worth = worthEmail
		forbid(in.EmailProved, reasonEmail)
		need(in.Email, needsEmail)
	case sallyport.MethodText:
		c.Worth = worthText
		forbid(in.SMSProved, reasonSMS)
		need(in.Phone, needsPhone)
	case sallyport.MethodOff:
		c.Worth = worthOff
		forbid(in.Settings.PermitOff, reasonOff)
	default:
		forbid(false, unknownMethod)
	}
	return c
}

// CheckMethod says whether m may be saved: nil, or a *sallyport.Error at the field "method", "email" or "phone".
func CheckMethod(in ChoiceInput, m sallyport.Method) error {
	c := choice(in, m)
	switch {
	case !c.Permitted:
		return sallyport.InvalidField("method", c.Reason)
	case m == sallyport.MethodEmail && in.Email == "":
		return sallyport.InvalidField("email", c.Reason)
	case m == sallyport.MethodText && in.Phone == "":
		return sallyport.InvalidField("phone", c.Reason)
	}
	return nil
}
