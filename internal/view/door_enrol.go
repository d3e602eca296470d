package view

import (
	"html/template"
	"strings"
	"time"
)

// EnrolApp sets up the authenticator app: the QR code, the same key as text, and the field that proves it.
type EnrolApp struct {
	Door
	Why      string // why this appears now; replaces the usual lead
	QR       QR
	Secret   string // base32 in groups, separated by spaces
	URI      string // otpauth: address that the QR code holds
	Account  string // user name in the app's list
	NewPhone bool   // a phone takes the place of another
}

// Template names the file.
func (EnrolApp) Template() string { return "door/enrol-app" }

// Title is the heading.
func (e EnrolApp) Title() string {
	if e.NewPhone {
		return "Set up the app on your new phone"
	}
	return "Set up your authenticator app"
}

// Lead says why.
func (e EnrolApp) Lead() string {
	switch {
	case e.Why != "":
		return e.Why
	case e.NewPhone:
		return "When the new phone's code is right, the old phone's codes stop working."
	}
	return "Your administrator chose this for your account. It takes a minute."
}

// Link opens the app on the phone that shows this page; empty unless the address is one that we made.
func (e EnrolApp) Link() template.URL {
	if !strings.HasPrefix(e.URI, "otpauth://totp/") {
		return ""
	}
	return template.URL(e.URI)
}

// PlainSecret is the key without its spaces, for the copy button.
func (e EnrolApp) PlainSecret() string { return strings.ReplaceAll(e.Secret, " ", "") }

// RecoveryCodes shows the ten codes, once.
type RecoveryCodes struct {
	Door
	UserName string
	Codes    []string
	MadeAt   time.Time
	Next     string // where it goes on
	Fresh    bool   // they take the place of older ones
}

// Template names the file.
func (RecoveryCodes) Template() string { return "door/recovery-codes" }

// Title is the heading.
func (RecoveryCodes) Title() string { return "Save your recovery codes" }

// Lead says what they are for.
func (r RecoveryCodes) Lead() string {
	if r.Fresh {
		return "These take the place of your older codes, which no longer work. They are shown only now."
	}
	return "You are signed in. If you ever lose your phone or mailbox, one of these codes lets you in. They are shown only now."
}

// Continue says where it goes on, as far as the address tells.
func (r RecoveryCodes) Continue() string {
	page, _, _ := strings.Cut(r.Next, "?")
	switch {
	case page == "/me":
		return "continue to your account"
	case page == "/admin" || strings.HasPrefix(page, "/admin/"):
		return "continue to Admin"
	}
	return "continue"
}

// All is the codes one below the other, for copying.
func (r RecoveryCodes) All() string { return strings.Join(r.Codes, "\n") }

// File is the codes as a text file in an address, so that they can be saved without a script and without leaving the
// browser again.
func (r RecoveryCodes) File() template.URL {
	var b strings.Builder
	b.WriteString("Recovery codes for " + r.Organisation + "\r\n")
	if r.UserName != "" {
		b.WriteString("User name: " + r.UserName + "\r\n")
	}
	b.WriteString("Made " + moment(r.MadeAt) + ". Each works once, in the place of a sign-in code.\r\n\r\n")
	for _, c := range r.Codes {
		b.WriteString(c + "\r\n")
	}
	return template.URL("data:text/plain;charset=utf-8," + percent(b.String()))
}

// percent encodes everything but letters and digits, so that the result is safe anywhere in an address.
func percent(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}
