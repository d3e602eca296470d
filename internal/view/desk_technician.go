package view

// Technician is Add Technician and Edit Technician.
type Technician struct {
	Desk
	ID        string // empty: a new one
	Version   string
	FirstName Field
	LastName  Field
	UserName  Field
	Email     Field
	Phone     Field
	Role      Select
	Methods   Methods
	Preview   Preview
	Stale     *Stale
	Facts     *Facts
	Dangers   []Danger
	Button    string
	Frozen    string // why nothing can be saved by this reader; empty when it can
}

// Template names the page's file.
func (Technician) Template() string { return "desk/technician" }

// Methods are the radio buttons of Two Factor Authentication.
type Methods struct {
	Options []MethodOption
	Wrong   string
	Frozen  bool // it can be read, not changed
}

// MethodOption is one method: what it is worth in one honest sentence, and why it cannot be chosen where it cannot.
type MethodOption struct {
	Value       string
	Label       string
	Worth       string
	Recommended bool
	Checked     bool
	Barred      bool
	Reason      string // why it is barred, or what it still needs
	Fix         *Link
}

// Preview says what Save will do before it does it.
type Preview struct {
	Lines []PreviewLine
}

// PreviewLine is one sentence: Kind is empty, warn or bad; bad ones keep Save from happening.
type PreviewLine struct{ Kind, Text string }

// Stale shows what somebody else saved meanwhile, beside what was typed.
type Stale struct {
	By   string // empty: nobody knows
	Did  string // like "saved this technician"
	When Moment
	Rows []StaleRow
}

// StaleRow is one field in both versions.
type StaleRow struct{ Field, Theirs, Yours string }

// Facts stand beside the form: what the technician holds and where he is signed in.
type Facts struct {
	Status         Mark
	SetUp          Mark
	Held           string // the factor really held, in words
	SetupUntil     Moment // zero: no set-up is open
	Invited        bool
	Invitation     Moment // until when the link works
	InvitationOver bool
	RecoveryLeft   int
	RecoveryOff    bool // none of them is taken
	HasFactor      bool
	LastSignIn     Moment
	Created        Moment
	Sessions       []SessionLine // at most some of them
	More           int           // others
	SessionsHref   string
	AuditHref      string // empty where the reader may not read it
}

// Live is how many sessions there are.
func (f Facts) Live() int { return len(f.Sessions) + f.More }

// SessionLine is one live session in short.
type SessionLine struct {
	Browser string
	Address string
	Method  string
	Used    Moment
}

// Danger is one act of the danger zone: what it does, and the page that asks.
type Danger struct {
	Link
	Text string
}
