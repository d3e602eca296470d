package account

import (
	"io"
	"time"

	"sallyport"
	"sallyport/internal/policy"
)

// Page is one page of the technicians list.
type Page struct {
	Rows   []sallyport.Row
	Total  int // that the filter selects, on all pages
	Counts sallyport.TeamCounts
	Roles  []sallyport.Role // that the actor may give
	MayAdd bool
	MayOff bool // the policy permits the method Off
	Now    time.Time
}

// FactorSummary is what anybody learns of a second factor. Never its secret.
type FactorSummary struct {
	Kind     sallyport.Method
	Serves   bool   // it is what the method asks for
	Opens    bool   // it only opens the door to the new one
	Address  string // the mailbox or number that was proved
	ProvedAt time.Time
	UsedAt   time.Time
	Disabled bool // switched off by too many wrong answers
}

// Rights are what the actor may do to one technician now. They shape a page; each act judges anew.
type Rights struct {
	Edit, Reset, OpenSetup, SignOut, Resend, Deactivate, Activate, Delete bool
}

// Detail is what a technician's page shows.
type Detail struct {
	Technician   sallyport.Technician // without the password
	Role         sallyport.Role
	Factor       *FactorSummary // nil when he holds none
	SetUp        bool           // the factor that the method asks for is held
	SetupOpen    bool           // a set-up may begin now
	AsksCode     bool           // of him who lost the factor by a reset, an enrolment code is asked for before the set-up
	CodeUntil    time.Time      // until when the enrolment code that was read out works; zero: none does
	Sessions     []sallyport.Session
	RecoveryLeft int
	RecoveryOff  bool             // too many wrong ones: none of them is taken
	Invitation   *sallyport.Link  // nil when none lives
	Choices      []policy.Choice  // the radio buttons of Two Factor Authentication
	Roles        []sallyport.Role // that the actor may give him
	May          Rights
	Self         bool   // the actor looks at himself
	WhyNot       string // why he may not edit, in one sentence; empty when he may
	MayOff       bool   // the policy permits the method Off: who has it gets in
	LastChange   *sallyport.Event
	Now          time.Time
}

// Invited is an invitation that was made.
type Invited struct {
	Link      string // to hand over, shown once; empty when it was sent by email
	Sent      bool   // it waits in the outbox, on its way to the email address
	ExpiresAt time.Time
}

// Added is the answer to Add.
type Added struct {
	ID             sallyport.TechnicianID
	InvitationLink string // only while Email Settings are not proved: shown once, to hand over
	Sent           bool
	ExpiresAt      time.Time
}

// Preview is what a Save would do.
type Preview struct {
	Technician sallyport.Technician // as it stands now
	Changes    []Change
	Security   bool                // it signs him out
	SignsOut   []sallyport.Session // live ones that end
	MustSetUp  string              // what he must do at the next sign-in; empty: nothing
	Stranded   string              // why he could not sign in after it; empty: he can
	Warnings   []string
	Refusals   []sallyport.Field // Save would refuse these; a name that is empty means the whole page
	Invitation bool              // a fresh invitation goes out
	NeedsProof bool              // the actor's last proof is too old: Save would ask again
	Self       bool              // the actor would sign himself out
	Nothing    bool              // there is nothing to save
}

// Saved is the answer to Save.
type Saved struct {
	ID             sallyport.TechnicianID
	Version        int64    // after it
	What           []string // what changed, one line each
	SessionsEnded  []sallyport.Session
	SignedOut      bool // the generation rose: nothing older lets anybody in
	Refusal        Refusal
	SelfSignedOut  bool   // the actor's own sessions are among them
	MustSetUp      string // as in Preview
	Invitation     string // link to hand over, shown once; empty when it was sent or none was needed
	InvitationSent bool
	InvitedUntil   time.Time // how long a fresh invitation works; zero where there is none
	Nothing        bool      // there was nothing to save
}

// FactorReset is the answer to ResetFactor, and to OpenSetup, which ends no session.
type FactorReset struct {
	EnrolmentCode string    // to be read out, shown once, like ABCD-EFGH; empty when the policy asks for none
	ExpiresAt     time.Time // of the code
	SetupUntil    time.Time // a set-up must have begun by then
	SessionsEnded []sallyport.Session
}

// SignedOut is the answer to SignOut, and a row of SignOutMany.
type SignedOut struct {
	ID            sallyport.TechnicianID
	Name          string
	SessionsEnded []sallyport.Session
	SelfSignedOut bool
	CodeEnded     bool  // of SignOut: an enrolment code that was read out worked until now
	Err           error // of this row, in SignOutMany
}

// Outcome says what a roll-out does to one technician.
type Outcome string

const (
	WillChange Outcome = "changes"   // preview: Save changes him
	Changed    Outcome = "changed"   // saved
	Unchanged  Outcome = "unchanged" // he has the method already
	LeftOut    Outcome = "left-out"  // the actor himself among others
	Refused    Outcome = "refused"   // Err says why
)

// TeamRow is the result for one technician of a roll-out.
type TeamRow struct {
	ID            sallyport.TechnicianID
	Name          string
	UserName      string
	Was           sallyport.Method
	Outcome       Outcome
	Why           string // in words, for LeftOut and Refused
	MustSetUp     string
	Warnings      []string
	SessionsEnded []sallyport.Session // in a preview: that would end
	Invites       bool                // preview: a fresh invitation takes the place of the one before
	Invitation    string              // link to hand over, shown once
	Self          bool
	Gone          bool // he was deleted meanwhile: there is no page of his
	Err           error
	among         bool             // he is not the only one ticked
	next          sallyport.Method // what he shall have
	needsProof    bool             // foreseen: Save would ask for a fresh proof
}

// Team is the preview or the result of a roll-out.
type Team struct {
	Method        sallyport.Method
	Rows          []TeamRow
	Changes       int // rows that change or changed
	Sessions      int // that end or ended
	Refused       int
	NeedsProof    bool // preview: Save would ask for a fresh proof
	SelfSignedOut bool
}

// LineProblem is what is wrong in one line of an imported file.
type LineProblem struct {
	Line    int // from 1, the heading's line
	Field   string
	Message string
}

// ImportRow is one technician of an imported file.
type ImportRow struct {
	Line       int
	Technician sallyport.Technician   // as he will be added
	ID         sallyport.TechnicianID // after Import
	Invitation string                 // link to hand over, shown once; empty in a preview, or when it was sent
}

// Batch is the preview or the result of an import: all rows, or none and the problems.
type Batch struct {
	Rows     []ImportRow
	Problems []LineProblem // at most 100
	More     int           // problems beyond those
	Lines    int           // that have a problem
	WillSend bool          // the invitations go by email; otherwise their links are shown once
	Done     bool          // they were added
	said     map[cell]bool // where something is wrong
}

// cell is one of an imported file.
type cell struct {
	line  int
	field string
}

// WaitingReset is a password reset that waits for an approval: the newest that a technician asked for.
type WaitingReset struct {
	sallyport.PasswordReset
	Earlier    []sallyport.PasswordReset // others of his, the newest first: they are decided with it
	UserName   string
	Name       string
	Email      string
	MayApprove bool
	WhyNot     string // in one sentence, where he may not
	MayDeny    bool   // also where he may not approve: his own, or after he changed the address
	Own        bool   // of whoever looks
}

// HelpItem is an open request for help.
type HelpItem struct {
	sallyport.HelpRequest
	UserName string
	Name     string
	MayEdit  bool
	MayReset bool // the second factor, which is what a lost phone asks for
}

// SessionPage is one page of everybody's sessions.
type SessionPage struct {
	Rows  []sallyport.SessionRow
	Total int
	Now   time.Time
}

// Export is an audit log on its way out. Write streams it; nothing is held in memory.
type Export struct {
	ContentType string
	FileName    string
	Write       func(w io.Writer) error
}

// Formats of ExportEvents.
const (
	FormatCSV   = "csv"
	FormatLines = "jsonl" // one JSON object a line
)
