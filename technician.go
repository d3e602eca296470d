package sallyport

import "time"

// TechnicianID names a technician: 16 random lower-case base32 letters and digits (80 bits).
type TechnicianID string

// Generation counts the security changes of one technician. A sign-in, session, token or link that stores an older
// generation than its technician's is dead.
type Generation int64

// Status of an account.
type Status string

const (
	Invited     Status = "invited"
	Active      Status = "active"
	Deactivated Status = "deactivated"
)

// Method is the second factor that an administrator chose for a technician.
type Method string

const (
	MethodApp   Method = "app"   // Authenticator App
	MethodEmail Method = "email" // Send Verification Code via Email
	MethodText  Method = "text"  // Send Verification Code via Text Message
	MethodOff   Method = "off"
)

// Methods lists the methods in the order in which pages show them.
var Methods = []Method{MethodApp, MethodEmail, MethodText, MethodOff}

// Valid reports whether m is one of Methods.
func (m Method) Valid() bool {
	return m == MethodApp || m == MethodEmail || m == MethodText || m == MethodOff
}

// String is the name that people read.
func (m Method) String() string {
	switch m {
	case MethodApp:
		return "Authenticator App"
	case MethodEmail:
		return "Email"
	case MethodText:
		return "Text Message"
	case MethodOff:
		return "Off"
	}
	return "unknown"
}

// Technician is a person who administers something through a portal.
type Technician struct {
	ID          TechnicianID
	FirstName   string
	LastName    string
	UserName    string // as typed; compared by UserNameKey
	UserNameKey string // UsernameCaseMapped (RFC 8265), unique
	Skeleton    string // UTS 39 skeleton of UserName; a look-alike with the same one is refused
	Email       string
	Phone       string // E.164 or empty
	Role        RoleID
	Status      Status
	Method      Method
	Generation  Generation
	Version     int64 // rises with every change an administrator makes; the edit form's ETag

	Password   []byte    // sealed PHC string; empty while there is none
	PasswordAt time.Time // when it was set

	SetupUntil      time.Time // a set-up must have begun by then; zero: no set-up was opened
	EnrolmentNeeded bool      // a reset asks for an enrolment code before the next set-up; set by PutEnrolmentCode, cleared by PutFactor
	FactorDisabled  bool      // switched off by too many wrong answers, until an administrator resets it
	WrongRun        int       // wrong second-factor answers in a row
	RecoveryRun     int       // wrong recovery codes in a row
	WaitUntil       time.Time // no second-factor answer is looked at before
	EmailChangedAt  time.Time // last change of the email address by somebody else
	EmailChangedBy  TechnicianID

	CreatedAt    time.Time
	LastSignInAt time.Time // zero: never
}

// Name is first and last name, or the user name where both are empty.
func (t Technician) Name() string {
	switch {
	case t.FirstName == "" && t.LastName == "":
		return t.UserName
	case t.FirstName == "":
		return t.LastName
	case t.LastName == "":
		return t.FirstName
	}
	return t.FirstName + " " + t.LastName
}

// Factor is what a technician really holds: at most one, proved by a code. It serves the technician's method only
// while it matches it; one that does not match only opens the door to setting up the new one.
type Factor struct {
	Technician TechnicianID
	Kind       Method // MethodApp, MethodEmail or MethodText
	Secret     []byte // sealed TOTP secret, for MethodApp
	LastStep   int64  // the newest TOTP step that was used; only ever grows
	Offset     int    // TOTP steps that the phone's clock is ahead (negative: behind), confirmed at enrolment
	Address    string // the mailbox or number that was proved
	ProvedAt   time.Time
	UsedAt     time.Time
}

// Serves reports whether f is the factor that t's method asks for now.
func (f *Factor) Serves(t Technician) bool {
	if f == nil || f.Kind != t.Method {
		return false
	}
	switch f.Kind {
	case MethodApp:
		return len(f.Secret) > 0
	case MethodEmail:
		return f.Address != "" && f.Address == t.Email
	case MethodText:
		return f.Address != "" && f.Address == t.Phone
	}
	return false
}

// RecoveryCode is one of ten; Hash is keyed, the code itself is shown once and never stored.
type RecoveryCode struct {
	Technician TechnicianID
	Hash       []byte
	UsedAt     time.Time
}

// EnrolmentCode stands in the place of a lost factor after a reset: 8 letters and digits, one use.
type EnrolmentCode struct {
	Technician TechnicianID
	Generation Generation
	Hash       []byte
	ExpiresAt  time.Time
	IssuedBy   TechnicianID
}

// Row is one line of the technicians list: the account with what the list shows beside it.
type Row struct {
	Technician
	SetUp         bool // a factor that serves the method is held
	FactorKind    Method
	LiveSessions  int
	RecoveryLeft  int
	HelpRequested bool
}

// Filter selects technicians for the list. Empty fields select all.
type Filter struct {
	Search string // literal text in name, user name or email
	Role   RoleID
	Status Status
	Method Method
	SetUp  string // "yes", "no" or empty; "no" is who has to set one up still: not with Off, nor deactivated unless Status says so
	Sort   string // name, username, role, status, method, setup, last, sessions; a leading "-" turns it round
	Page   int    // from 1
	Size   int    // rows a page, 1 to 200
}
