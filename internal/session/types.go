package session

import (
	"time"

	"sallyport"
	"sallyport/internal/login"
)

// Attempt is a user name and password, as typed.
type Attempt struct {
	UserName string
	Password string
	Return   string          // local path to go on to afterwards, judged by the face
	Device   sallyport.Token // cookie of a browser that signed in before; may be empty
	Client   sallyport.Client

	Begun     sallyport.Token // cookie that the page of the form gave to the browser: a challenge belongs to it
	Challenge string          // of the page, as it came back; may be empty
	Proof     string          // what the browser worked out for it; may be empty
}

// Challenge is the proof of work that a sign-in page carries after failed sign-ins.
type Challenge struct {
	Text       string
	Difficulty int       // of each of puzzle.Parts parts, in zero bits
	From       time.Time // a try with the proof is looked at from then on; without it the whole wait applies
	Now        time.Time // the database's clock
}

// AnswerKind says which question an answer is for.
type AnswerKind string

const (
	AnswerCode      AnswerKind = "code"      // from the app, or sent
	AnswerRecovery  AnswerKind = "recovery"  // a recovery code
	AnswerEnrolment AnswerKind = "enrolment" // the enrolment code that an administrator reads out
	AnswerPassword  AnswerKind = "password"  // step-up where the method is Off
)

// Answer is what was typed at a step.
type Answer struct {
	Kind  AnswerKind
	Typed string
	Whose string // user name of the sign-in that the form was shown in; empty where it did not say
}

// Page is what the page of a sign-in shows: the step it waits for and the facts around it. It holds a secret only
// while that secret is being set up.
type Page struct {
	Step         login.Step
	Purpose      sallyport.Purpose
	UserName     string
	Name         string
	Organisation string
	Why          string // why this step appears now, in words

	Masked     string // where a code went or will go
	Sent       bool   // a code of this sign-in exists
	State      sallyport.CodeState
	Detail     string // why sending failed and what to do
	ValidUntil time.Time
	Live       bool // the newest code can still be used
	ResendAt   time.Time
	TriesLeft  int

	Secret       string    // grouped base32, at Enrol of the app only
	URI          string    // otpauth:, likewise
	FreshAt      time.Time // from when on the app shows a code that was not used; zero: now
	RecoveryLeft int
	Return       string
	Now          time.Time // the database's clock
	ExpiresAt    time.Time // of the sign-in
}

// Outcome is what a step led to. Tokens that are not empty are to be set as cookies; a finished sign-in has ended.
type Outcome struct {
	SignIn        sallyport.Token
	Session       sallyport.Token
	Device        sallyport.Token
	Finished      bool
	RecoveryCodes []string         // shown once
	OlderCodes    bool             // they take the place of others, which no longer work
	UserName      string           // whose they are
	Role          sallyport.RoleID // his
	RecoveryLeft  int
	FewRecovery   bool // fewer than three are left
	OfferPhone    bool // a recovery code stood in for the app
	Return        string
}

// OwnPage is what a technician sees of himself.
type OwnPage struct {
	Technician   sallyport.Technician
	Role         sallyport.Role
	SetUp        bool
	FactorAt     time.Time
	FactorUsed   time.Time
	RecoveryLeft int
	Current      sallyport.Session   // the one that reads this page
	Others       []sallyport.Session // one page of the others, the one used last first
	Page         int                 // its number, from 1
	Size         int                 // how many others a page holds
	Total        int                 // others on all pages
	MayNewPhone  bool
	PhoneProved  bool // a recovery code was given just now: a new phone needs no further proof
	MayRecovery  bool
	Settings     sallyport.Settings
	Now          time.Time
}

// LinkPage is what the page of a one-use link shows. Looking at it consumes nothing.
type LinkPage struct {
	Kind         sallyport.LinkKind
	UserName     string
	Name         string
	Organisation string
	PasswordMin  int
	ExpiresAt    time.Time
	Method       sallyport.Method
}

// LinkForm is what completes a link. The names are used by the set-up link only.
type LinkForm struct {
	Password  string
	FirstName string
	LastName  string
	UserName  string
	Email     string
}
