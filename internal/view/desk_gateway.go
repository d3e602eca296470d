package view

// Gateway is Admin > Email Settings and Admin > SMS Settings.
type Gateway struct {
	Desk
	Path       string // /admin/email or /admin/sms
	None       string // what stands in the place of settings while there are none
	State      Mark
	Waiting    string // what could not be sent yet, and why; empty when there is nothing of the kind
	Live       *GatewayCard
	Draft      *GatewayCard
	Test       *GatewayTest
	Form       bool // the form is open
	Version    string
	Stale      *Stale
	FormTitle  string
	Kinds      []Link // which form is open
	Kind       string
	Note       string // what is worth knowing of this kind
	Fields     []GatewayField
	RemoveText string
}

// Template names the page's file.
func (Gateway) Template() string { return "desk/gateway" }

// Testing reports whether a test has begun, so that it is not folded away.
func (g Gateway) Testing() bool {
	return g.Test != nil && (g.Test.Sent || g.Test.Detail != "" || g.Test.To.Wrong != "")
}

// GatewayField is one line of the form: a Field, or a Select where there are Options.
type GatewayField struct {
	Field
	Options []Option
}

// Select is the field as a list of choices.
func (f GatewayField) Select() Select {
	return Select{Name: f.Name, Label: f.Label, Options: f.Options, Hint: f.Hint, Wrong: f.Wrong}
}

// GatewayCard shows one set of settings: the live one, or the draft.
type GatewayCard struct {
	Kind    string
	Rows    []GatewayLine
	Changed Moment
	By      string
	Proved  Moment
}

// GatewayLine is one setting. Secrets say only whether they are set.
type GatewayLine struct{ Label, Value string }

// GatewayTest is the test of a draft, or of the settings in use where there is none: first where to, then the code.
type GatewayTest struct {
	To         Field
	Sent       bool
	SentTo     string
	Code       Field
	Detail     string // how the sending stands: what went wrong, and what to do
	DetailKind string // good, warn or bad
	Waiting    bool   // nobody knows yet how the sending went
	Until      Moment
}
