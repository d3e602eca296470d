package view

import "html/template"

// Rollout chooses one method for many technicians: preview, Save, progress and a result per row.
type Rollout struct {
	Desk
	ID      string
	Chosen  int
	Methods Methods
	Method  string         // the one that the preview belongs to
	Groups  []RolloutGroup // the preview; empty until a method was chosen
	Ready   bool           // the preview belongs to the chosen method and Save may be pressed
	Save    string
	Proof   string // that a fresh proof is asked for before anything is saved; empty where none is
}

// Template names the page's file.
func (Rollout) Template() string { return "desk/rollout" }

// RolloutGroup gathers technicians with whom Save does the same.
type RolloutGroup struct {
	Kind  string // good, warn, bad, quiet
	Title string
	Names []string
	More  int
}

// Progress is a long act under way, or done: its address survives a reload.
type Progress struct {
	Desk
	ID      string
	Done    int
	Total   int
	Running bool
	Summary string
	Rows    []ProgressRow
	Pager   *Pager
	Return  Link
}

// Template names the page's file.
func (Progress) Template() string { return "desk/progress" }

// ProgressRow is the result for one technician.
type ProgressRow struct {
	ID     string // empty: there is no page of his
	Name   string
	State  Mark
	Detail string
	Link   string // invitation to hand over, shown once
}

// Import is the page that takes a CSV and shows what it would do.
type Import struct {
	Desk
	Text    Field
	Wrong   []ImportWrong
	Rows    []ImportRow
	More    int
	Total   int
	Ready   bool // every line is right: it can be imported
	Columns []ImportColumn
	Example string
	Invites bool // invitations go out by email; otherwise links are shown
}

// Template names the page's file.
func (Import) Template() string { return "desk/import" }

// ImportWrong is what is wrong at one line.
type ImportWrong struct {
	Line    int
	Field   string
	Message string
}

// ImportRow is one technician as read.
type ImportRow struct {
	Line                                       int
	Name, UserName, Email, Phone, Role, Method string
}

// ImportColumn explains one column.
type ImportColumn struct{ Name, Help string }

// Imported is the answer to an import whose links must be handed over.
type Imported struct {
	Desk
	Total int
	Links []ImportedLink // only while Email Settings are not proved
	CSV   string         // the same as a file, for whoever hands many over
}

// File is that file as an address, so that it can be kept without asking for it again.
func (i Imported) File() template.URL {
	return template.URL("data:text/csv;charset=utf-8," + percent(i.CSV))
}

// Template names the page's file.
func (Imported) Template() string { return "desk/imported" }

// ImportedLink is one invitation, shown once.
type ImportedLink struct{ Name, UserName, Link string }
