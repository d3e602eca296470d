package view

// Sessions is Admin > Sessions.
type Sessions struct {
	Desk
	Search  string
	Of      string // one technician's, by id
	SignOut string // the page that signs him out everywhere; empty where it is not permitted
	Counts  string
	Rows    []SessionRow
	Pager   *Pager
	Empty   *Empty
	Visited string // the address to come back to
}

// Template names the page's file.
func (Sessions) Template() string { return "desk/sessions" }

// SessionRow is one live session. Key names it in forms; it opens nothing.
type SessionRow struct {
	Key          string
	TechnicianID string
	Name         string
	UserName     string
	Role         string
	Browser      string
	Address      string
	Method       string
	Started      Moment
	Used         Moment
	Ends         Moment
	Own          bool // the session that is reading this page
	MayEnd       bool
}
