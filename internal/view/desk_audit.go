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
}

// Template names the page's file.
func (Audit) Template() string { return "desk/audit" }

// AuditRow is one event.
type AuditRow struct {
	ID        string
	At        Moment
	Type      string
	Words     string
	Actor     string
	Target    string
	TargetID  string
	Outcome   Mark
	Address   string
	Browser   string
	RequestID string
	Reason    string
	Changes   []AuditChange
}

// AuditChange is one thing before and after.
type AuditChange struct{ Name, Before, After string }
