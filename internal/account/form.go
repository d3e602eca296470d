package account

import (
	"time"

	"sallyport"
)

// Names of the fields of Form, as errors and changes name them.
const (
	FieldFirstName = "first_name"
	FieldLastName  = "last_name"
	FieldUserName  = "user_name"
	FieldEmail     = "email"
	FieldPhone     = "phone"
	FieldRole      = "role"
	FieldMethod    = "method"
)

// Form is what an administrator types about a technician. Nothing else of a technician can be set by a form.
type Form struct {
	FirstName string
	LastName  string
	UserName  string // empty when adding: the email address
	Email     string
	Phone     string // as typed; read with the country of the settings
	Role      sallyport.RoleID
	Method    sallyport.Method // empty when adding: Authenticator App
}

// FormOf is the form as it stands for t, to begin an edit with.
func FormOf(t sallyport.Technician) Form {
	return Form{FirstName: t.FirstName, LastName: t.LastName, UserName: t.UserName, Email: t.Email, Phone: t.Phone,
		Role: t.Role, Method: t.Method}
}

// Change is one field that a Save changes, in words for people.
type Change struct {
	Field    string // name of the field
	Was      string
	Becomes  string
	Security bool // it signs the technician out
}

// StaleError refuses a Save that began from an older version. It is sallyport.ErrStale, and holds both versions.
type StaleError struct {
	Yours  Form
	Theirs sallyport.Technician // as it stands now, with the version that the next Save must name
	Differ []Change             // Was: as it stands now; Becomes: what you typed
	By     string               // who saved last, empty when nobody knows
	At     time.Time            // when
}

// Error is the text for logs.
func (e *StaleError) Error() string { return sallyport.ErrStale.Error() }

// Unwrap makes errors.Is find sallyport.ErrStale.
func (e *StaleError) Unwrap() error { return sallyport.ErrStale }
