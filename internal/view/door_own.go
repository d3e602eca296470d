package view

import (
	"time"

	"sallyport"
)

// Own is what a technician sees of himself and may change himself.
type Own struct {
	Door
	Name         string
	UserName     string
	Email        string
	Role         string
	Method       sallyport.Method
	SetUp        bool
	FactorAt     time.Time
	FactorUsed   time.Time
	RecoveryLeft int
	MayNewPhone  bool
	MayRecovery  bool
	MayAdmin     bool
	PasswordMin  int
	Current      OwnSession   // this browser
	Others       []OwnSession // one page of the others
	OthersTotal  int
	Page         int
	Pager        *Pager
}

// OwnSession is one line of the own sessions.
type OwnSession struct {
	ID        string // for the address that ends it; no token can be made from it
	Browser   string
	Address   string
	Method    string // what proved it, in words
	CreatedAt time.Time
	UsedAt    time.Time
}

// Template names the file.
func (Own) Template() string { return "door/own" }

// Title is the heading.
func (Own) Title() string { return "Your account" }

// Lead says nothing: the sections speak.
func (Own) Lead() string { return "" }

// HasFactor reports whether the method asks for a second factor at all.
func (o Own) HasFactor() bool { return o.Method != sallyport.MethodOff }

// ProofWords is a session's method in words.
func ProofWords(method string) string {
	switch method {
	case "app":
		return "Authenticator App"
	case "email":
		return "email code"
	case "text":
		return "text message code"
	case "off":
		return "password only"
	case "recovery":
		return "recovery code"
	}
	return method
}

// FewCodes says that the recovery codes run low, after a sign-in and on demand.
type FewCodes struct {
	Door
	Left   int
	Return string
}

// Template names the file.
func (FewCodes) Template() string { return "door/few-codes" }

// Title is the heading.
func (f FewCodes) Title() string {
	if f.Left < 3 {
		return "Few recovery codes left"
	}
	return "New recovery codes"
}

// Lead says how many and what to do.
func (f FewCodes) Lead() string {
	return "You have " + plural(f.Left, "unused recovery code", "unused recovery codes") +
		". Ten new ones take the place of all older ones."
}

// OfferPhone offers the set-up of a new phone, after a recovery code or from the own page.
type OfferPhone struct {
	Door
	Left          int
	AfterRecovery bool // a recovery code has just stood in for the app: it is the proof
	Return        string
}

// Template names the file.
func (OfferPhone) Template() string { return "door/offer-phone" }

// Title is the heading.
func (o OfferPhone) Title() string {
	if o.AfterRecovery {
		return "You used a recovery code"
	}
	return "Use the app on a new phone"
}

// Lead says what it means.
func (o OfferPhone) Lead() string {
	if o.AfterRecovery {
		return "You are signed in, and have " + plural(o.Left, "recovery code", "recovery codes") +
			" left. Is the phone with your authenticator app gone? Then set up a new one now."
	}
	return "You confirm with the old phone or a recovery code, and scan a new QR code. The old phone's codes then stop working, and you get ten new recovery codes."
}

// PasswordLabel is the label of the field for the new password.
func (o Own) PasswordLabel() string { return "New password" }

// FocusPassword leaves the focus at the top of the page.
func (o Own) FocusPassword() bool { return false }
