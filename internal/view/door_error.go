package view

// ErrorPage is what a request gets that cannot be answered otherwise.
type ErrorPage struct {
	Door
	Heading string // what happened, in few words
	Text    string // what to do
	Back    string // where the way on leads; "/" when empty
	Again   bool   // the way on is to try the same again
	Above   bool   // the way on is the page that this address belongs to
}

// Template names the file.
func (ErrorPage) Template() string { return "door/error" }

// Title is the heading.
func (e ErrorPage) Title() string { return e.Heading }

// Lead is the text.
func (e ErrorPage) Lead() string { return e.Text }

// Label is what the button says.
func (e ErrorPage) Label() string {
	switch {
	case e.Again:
		return "Try again"
	case e.Above:
		return "Open its page"
	}
	return "Go on from the start"
}

// Way is where the button leads.
func (e ErrorPage) Way() string {
	if e.Back == "" {
		return "/"
	}
	return e.Back
}
