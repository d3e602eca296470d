package view

// Confirm asks before an act: what will happen, the reason where one is asked for, one button.
type Confirm struct {
	Desk
	Subject string // whom it is about, in bold
	Lines   []PreviewLine
	Post    string // where the form goes
	Version string // of what it is about; empty where the form has none
	Reason  *Field
	Button  string
	Danger  bool
	Other   *Link  // a second button of the same form, which goes elsewhere
	Cancel  string // beside Other it is called so that nobody takes it for one of the answers
}

// Template names the page's file.
func (Confirm) Template() string { return "desk/confirm" }

// Once shows something that is shown once: an enrolment code or a link to hand over.
type Once struct {
	Desk
	Lines   []string
	Label   string
	Secret  string
	Large   bool // a code to be read out, in groups
	Spelled []string
	Until   Moment
	Note    string
	Done    Link
}

// Template names the page's file.
func (Once) Template() string { return "desk/once" }

// Ended is the answer to a Save that signed its own author out.
type Ended struct {
	Desk
	Lines []string
}

// Template names the page's file.
func (Ended) Template() string { return "desk/ended" }

// Resume gives a typed form back after the administrator has confirmed that it is he, or has left that page without.
type Resume struct {
	Desk
	Confirmed bool
	Act       string // what the form does
	Subject   string // to whom; empty where it is about nobody alone
	Danger    bool
	Post      string
	Fields    []ResumeField
	Lost      []string // labels of secrets that must be typed again
	Button    string
	Cancel    string
}

// Template names the page's file.
func (Resume) Template() string { return "desk/resume" }

// ResumeField is one value of the form, shown where it is worth reading and sent along either way.
type ResumeField struct {
	Name  string
	Label string // empty: not shown
	Value string
	Shown string // the value in words
}
