package sallyport

import "time"

// Hash is the SHA-256 of a random 256-bit token. Only the hash is stored; the token lives in one cookie or link.
type Hash [32]byte

// Purpose says what a sign-in is for. It never changes while the sign-in lives.
type Purpose string

const (
	PurposeSignIn Purpose = "sign-in" // from user name to session
	PurposeStepUp Purpose = "step-up" // a live session proves its factor again
	PurposePhone  Purpose = "phone"   // own app on a new phone, from the own page or after a recovery code
	PurposeSetup  Purpose = "set-up"  // the first Super Admin, and rescue: password and app, stored together
)

// Proofs are the facts that a sign-in has established so far. They only ever become true.
type Proofs struct {
	Password  bool // the password was right, or a link has just set it
	Opener    bool // the held factor was given, so that another may be set up
	Enrolment bool // the enrolment code was given
	Recovery  bool // a recovery code was given, in the place of any code
	Factor    bool // the factor that the method asks for was proved
	Enrolled  bool // that factor was set up in this very sign-in
}

// SignIn is one attempt to get in, bound to the browser that began it by a cookie whose hash is its key.
type SignIn struct {
	Hash       Hash
	Technician TechnicianID
	Generation Generation
	Purpose    Purpose
	Proofs     Proofs
	Session    Hash      // the session that a step-up or a new phone belongs to; zero otherwise
	Pending    []byte    // sealed TOTP secret that is being set up
	PendingAt  time.Time // when it was made
	OffsetStep int64     // clock hint: step of the first code seen at a common offset; 0 when none
	Offset     int       // clock hint: that offset in steps
	Wrong      int       // wrong answers given in this sign-in
	Return     string    // local path to go on to, from our own pages only
	Address    string    // client address
	Browser    string    // a short name of the browser, made from User-Agent
	CreatedAt  time.Time
	ExpiresAt  time.Time
}

// Asked is a sign-in with what says what it waits for.
type Asked struct {
	SignIn       SignIn
	Technician   Technician // the zero one for the first Super Admin's set-up
	Factor       *Factor    // that he holds; nil: none
	WrongYear    int        // wrong answers with a factor that were counted in the last 365 days, today included
	RecoveryLeft int        // unused recovery codes
}

// CodeState says what became of the sending of a code.
type CodeState string

const (
	Sending CodeState = "sending"
	Sent    CodeState = "sent"
	Failed  CodeState = "failed"  // surely not delivered to the gateway: costs nothing
	Unclear CodeState = "unclear" // may have been sent: the code stays valid
)

// CodeID names a sent code.
type CodeID string

// Code is a 6-digit number sent by email or text message for one sign-in. Only its keyed hash is stored.
type Code struct {
	ID         CodeID
	SignIn     Hash
	Technician TechnicianID
	Channel    Method // MethodEmail or MethodText
	Address    string // where it went
	Hash       []byte
	Attempts   int // counted before compared; at most CodeTries
	State      CodeState
	Detail     string // for Failed: what to do, safe to show
	Dead       bool   // used, or replaced by a newer one
	CreatedAt  time.Time
	ExpiresAt  time.Time
}

// CodeTries is how often one code is compared (contract section 5; fixed).
const CodeTries = 3

// KnownBrowsers is how many of the browsers that signed a technician in are still known as that after a change that ends
// everything older: each has a count of wrong passwords of its own, and of very many that would be none.
const KnownBrowsers = 20

// Session is what a finished sign-in leaves behind.
type Session struct {
	Hash       Hash
	Technician TechnicianID
	Generation Generation
	Method     string // what proved it: app, email, text, off, recovery
	Address    string
	Browser    string
	CreatedAt  time.Time
	UsedAt     time.Time
	ProvedAt   time.Time // the last proof of the factor, for sensitive changes
	ExpiresAt  time.Time // absolute end
}

// TouchEvery is how long the last use of a session may wait to be written.
const TouchEvery = time.Minute

// AnyIdle is longer than a session can live. Whether one was idle for too long is for the check of the request alone: it knows of
// uses that are not written yet, however long nothing could be written.
const AnyIdle = 100 * 365 * 24 * time.Hour

// EndReason says why a session ended, for the page that its holder sees next.
type EndReason string

const (
	EndedBySave         EndReason = "save"     // an administrator changed how he signs in
	EndedByOwnSave      EndReason = "own-save" // he did it himself, in Admin
	EndedByAdmin        EndReason = "admin"    // an administrator signed him out
	EndedByOwner        EndReason = "owner"    // ended by himself: from his own page, in Admin, or by signing out
	EndedByPassword     EndReason = "password" // the password changed
	EndedByLimit        EndReason = "limit"    // a newer session took its place
	EndedByIdle         EndReason = "idle"
	EndedByAge          EndReason = "age"
	EndedByDeletion     EndReason = "deleted"     // the account was deleted, by himself or by another administrator
	EndedByDeactivation EndReason = "deactivated" // it was deactivated, likewise
	EndedByGuessing     EndReason = "guessing"    // three wrong answers when asked again
)

// LinkKind says what a one-use link is for.
type LinkKind string

const (
	LinkInvitation LinkKind = "invitation"
	LinkReset      LinkKind = "reset"
	LinkSetup      LinkKind = "set-up" // the first Super Admin
	LinkRescue     LinkKind = "rescue"
)

// Link is a one-use address sent to somebody. Only the hash of its 256-bit token is stored; the POST that completes
// it consumes it, a GET never does.
type Link struct {
	Hash       Hash
	Kind       LinkKind
	Technician TechnicianID // empty for LinkSetup
	Generation Generation
	CreatedAt  time.Time
	ExpiresAt  time.Time
	CreatedBy  TechnicianID
}

// PasswordReset is a reset that was asked for. Waiting ones need an administrator's approval before a link goes out.
type PasswordReset struct {
	ID         string
	Technician TechnicianID
	Generation Generation
	Waiting    bool
	Address    string // client address that asked
	CreatedAt  time.Time
	ExpiresAt  time.Time
}

// HelpRequest is "I need help" on the code page: a number that the technician reads out.
type HelpRequest struct {
	ID         string
	Number     string // 4 digits, to be read out
	Technician TechnicianID
	Note       string
	Address    string
	Browser    string
	CreatedAt  time.Time
	DoneAt     time.Time
	DoneBy     TechnicianID
}

// Facts are what every decision about a sign-in looks at beside the account.
type Facts struct {
	Now      time.Time // the database's clock
	Settings Settings
	Proved   []Channel // whose live gateway was proved
}
