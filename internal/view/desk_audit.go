package view

// Audit is Admin > Audit.
type Audit struct {
	Desk
	Search string
	Types  Select
	From   string
	Until  string
	Target string // only what was done to this technician
	On     bool
	Rows   []AuditRow
	Older  string // address of the next page; empty at the end
	Newest string // address of the first page; empty when this is it
	Empty  *Empty
	CSV    string // addresses of the downloads; empty where they are not permitted
	Lines  string
	Log    *AuditTree // nil where nothing is known of it
}

// AuditTree is the state of the tree that the log stands in, and of the sinks that get it.
type AuditTree struct {
	Size     string
	Signed   Moment // zero while no head was signed
	Verifier string
	Trouble  string // why it does not grow; empty when it does
	Sinks    []AuditSink
	Failing  int // sinks that did not take the last delivery
}

// AuditSink is one place outside that the log is handed to.
type AuditSink struct {
	Name  string
	State Mark
	Words string
	Sent  Moment
}

// Template names the page's file.
func (Audit) Template() string { return "desk/audit" }

// Narrowed reports whether a filter is set that a phone otherwise folds away.
func (a Audit) Narrowed() bool {
	return a.From != "" || a.Until != "" || a.Types.chosen()
}

// AuditRow is one event.
type AuditRow struct {
	ID        string
	At        Moment
	Type      string
	Words     string
	Actor     string
	Target    string
	TargetID  string // of the page that the target's name leads to; empty where there is none, or none for this reader
	Outcome   Mark
	Address   string
	Browser   string
	RequestID string
	Reason    string
	Changes   []AuditChange
	Proof     string // address of its proof; empty where it is not permitted
}

// AuditChange is one thing before and after.
type AuditChange struct{ Name, Before, After string }
