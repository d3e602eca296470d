package view

import (
	"time"

	"sallyport"
)

// NewPassword is the page of a one-use link: it sets a password and, for the first Super Admin, the names.
type NewPassword struct {
	Door
	Kind        sallyport.LinkKind
	Action      string // the form's address: the only place on the page that holds the link's token
	UserName    string
	FirstName   string
	LastName    string
	Email       string
	PasswordMin int
	Method      sallyport.Method
	ExpiresAt   time.Time
}

// Template names the file.
func (NewPassword) Template() string { return "door/new-password" }

// Title is the heading.
func (n NewPassword) Title() string {
	switch n.Kind {
	case sallyport.LinkInvitation:
		return "Welcome, choose your password"
	case sallyport.LinkSetup:
		return "Set up the first Super Admin"
	}
	return "Choose a new password"
}

// Lead says what comes next.
func (n NewPassword) Lead() string {
	switch n.Kind {
	case sallyport.LinkInvitation:
		return "You were invited to " + n.Organisation + ". " + n.after()
	case sallyport.LinkSetup:
		return "This account owns the installation. After the password comes the authenticator app; the account is saved once its first code is right."
	case sallyport.LinkRescue:
		return "This link was made on the host. After the password you set up the authenticator app, whatever your method was before."
	}
	return "It works at once, and signs you out everywhere."
}

func (n NewPassword) after() string {
	switch n.Method {
	case sallyport.MethodApp:
		return "After the password you set up the authenticator app: have your phone ready."
	case sallyport.MethodEmail:
		return "After the password a code by email proves your mailbox."
	case sallyport.MethodText:
		return "After the password a code by text message proves your number."
	}
	return "The password is all you need."
}

// First reports whether the page makes the first Super Admin.
func (n NewPassword) First() bool { return n.Kind == sallyport.LinkSetup }

// Button is what the main button says.
func (n NewPassword) Button() string {
	if n.Kind == sallyport.LinkReset {
		return "Save the password"
	}
	return "Continue"
}

// LinkSpent says that a link was used, is too old, or was replaced.
type LinkSpent struct {
	Door
	Kind sallyport.LinkKind
}

// Template names the file.
func (LinkSpent) Template() string { return "door/link-spent" }

// Title is the heading.
func (LinkSpent) Title() string { return "This link no longer works" }

// Lead says what to do.
func (l LinkSpent) Lead() string {
	switch l.Kind {
	case sallyport.LinkInvitation:
		return "It was used already, ran out, or was replaced by a newer one. If you have chosen your password with it, please sign in with that. Otherwise look for a newer invitation, or ask your administrator to send one."
	case sallyport.LinkReset:
		return "It was used already, ran out, or your account changed meanwhile. If you have just saved a new password with it, please sign in with that. Otherwise you can ask for a new link."
	case sallyport.LinkSetup:
		return "The first Super Admin was made already, or the address is not complete. Set-up never opens again."
	case sallyport.LinkRescue:
		return "It was used already or ran out after 15 minutes. If the app is set up, please sign in with it. Otherwise make a new one on the host with sallyport rescue."
	}
	return "It was used already or ran out."
}

// MayAskAgain reports whether the holder can ask for a new link himself.
func (l LinkSpent) MayAskAgain() bool { return l.Kind == sallyport.LinkReset }

// Forgotten asks for the user name whose password is forgotten.
type Forgotten struct {
	Door
	UserName string
}

// Template names the file.
func (Forgotten) Template() string { return "door/forgotten" }

// Title is the heading.
func (Forgotten) Title() string { return "Forgotten password" }

// Lead says what happens.
func (Forgotten) Lead() string {
	return "Type your user name. If it belongs to an account, a link goes to the email address of that account."
}

// ForgottenSent answers every user name alike.
type ForgottenSent struct{ Door }

// Template names the file.
func (ForgottenSent) Template() string { return "door/forgotten-sent" }

// Title is the heading.
func (ForgottenSent) Title() string { return "Check your email" }

// Lead says the same whether or not there is such an account.
func (ForgottenSent) Lead() string {
	return "If the user name belongs to an account, a link is on its way. It works once, for 24 hours."
}

// PasswordLabel is the label of the password field.
func (n NewPassword) PasswordLabel() string {
	if n.Kind == sallyport.LinkReset || n.Kind == sallyport.LinkRescue {
		return "New password"
	}
	return "Password"
}

// FocusPassword reports whether the password is the first thing to type.
func (n NewPassword) FocusPassword() bool { return !n.First() && n.Problem == nil }
