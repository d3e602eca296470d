package view

import "slices"

// Technicians is Admin > Technicians and Roles: the list.
type Technicians struct {
	Desk
	Filter   TechnicianFilter
	Columns  []Column
	Rows     []TechnicianRow
	Pager    *Pager
	Empty    *Empty
	MayWrite bool
	MayLook  bool   // into everybody's sessions
	Matching int    // how many the filter selects
	All      string // the filter as a query, for "choose all that match"
}

// Template names the page's file.
func (Technicians) Template() string { return "desk/technicians" }

// TechnicianFilter is the search line above the list.
type TechnicianFilter struct {
	Search  string
	Selects []Select
	Sort    string
	On      bool // something is filtered
	Counts  string
}

// Narrowed reports whether a filter is set that a phone otherwise folds away.
func (f TechnicianFilter) Narrowed() bool { return slices.ContainsFunc(f.Selects, Select.chosen) }

// Column is a head that sorts.
type Column struct {
	Label string
	Href  string // empty: not sortable
	Sort  string // ascending, descending or empty
}

// TechnicianRow is one line of the list.
type TechnicianRow struct {
	ID         string
	Name       string
	UserName   string
	Email      string // where it differs from the user name
	Role       string
	Status     Mark
	Method     string
	SetUp      Mark
	LastSignIn Moment
	Sessions   int
	Self       bool
	Help       bool
	Menu       []Link
}

// Mark is a state in one word with its colour: good, warn, bad or quiet.
type Mark struct{ Kind, Word string }

// Roles is the tab with the roles.
type Roles struct {
	Desk
	Roles []RoleCard
}

// Template names the page's file.
func (Roles) Template() string { return "desk/roles" }

// RoleCard is one role: who holds it and what it may do.
type RoleCard struct {
	Name        string
	Description string
	Held        int
	Href        string // the list of those who hold it
	May         []string
	MayNot      []string
}

// Invitations is the tab with those who did not come in yet.
type Invitations struct {
	Desk
	Rows  []InvitationRow
	Pager *Pager
	Empty *Empty
}

// Template names the page's file.
func (Invitations) Template() string { return "desk/invitations" }

// InvitationRow is one invited technician.
type InvitationRow struct {
	ID      string
	Name    string
	Email   string
	Role    string
	Method  string
	Added   Moment
	Expires Moment // zero: no live link
	Over    bool
	MaySend bool // a fresh one
}

// Resets is the tab with the password resets that wait for an approval.
type Resets struct {
	Desk
	Rows  []ResetRow
	Empty *Empty
}

// Template names the page's file.
func (Resets) Template() string { return "desk/resets" }

// ResetRow is one waiting reset. Barred says why the reader may not approve it; he may be able to deny it all the same.
type ResetRow struct {
	ID           string
	TechnicianID string
	Name         string
	UserName     string
	Email        string
	Asked        Moment
	From         string
	Earlier      []ResetAsked // others of his, the newest first, which are decided with it
	Expires      Moment
	Barred       string
	MayDeny      bool
}

// ResetAsked is one time that a reset was asked for.
type ResetAsked struct {
	Asked Moment
	From  string
}

// Help is the tab with the open requests for help.
type Help struct {
	Desk
	Rows  []HelpRow
	Empty *Empty
}

// Template names the page's file.
func (Help) Template() string { return "desk/help" }

// HelpRow is one request: the number is what the technician reads out.
type HelpRow struct {
	ID           string
	Number       string
	TechnicianID string
	Name         string
	UserName     string
	Note         string
	From         string
	Browser      string
	Asked        Moment
	MayEdit      bool
	MayReset     bool
}
