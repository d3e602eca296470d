package sallyport

import "time"

// Change is what one committed transaction did to those who are signed in. The store hands it to whoever answers
// session checks from memory, after the commit and before the transaction's caller learns of it.
type Change struct {
	Raised  map[TechnicianID]Generation // new generations; everything older is dead
	Gone    []TechnicianID              // deleted or deactivated: nothing of theirs is usable
	Created []Session
	Ended   []Hash
	Policy  *Settings // new settings, where they changed
}

// Empty reports whether the transaction changed nothing that a session check could notice.
func (c Change) Empty() bool {
	return len(c.Raised) == 0 && len(c.Gone) == 0 && len(c.Created) == 0 && len(c.Ended) == 0 && c.Policy == nil
}

// Seen is a session as a look-up of many at once finds it: usable, but for idleness.
type Seen struct {
	Hash  Hash
	Since time.Duration // its last use that is stored, before now
}

// Raised is what a rise of the generation ended.
type Raised struct {
	Generation Generation
	Sessions   []Session // that were live
	SignIns    int       // unfinished sign-ins
	Links      int       // invitations and reset links
	Withdrawn  int       // those whose message had not left: nobody has them
}

// SendCounts are the recent sends that the limits of contract section 5 look at. Sends that surely failed do not count.
type SendCounts struct {
	Hour     int       // to the technician in the last hour
	HourFull time.Time // that of them which has to be an hour old before another may go; zero where there is room
	Day      int       // to the address in the last 24 hours, all technicians together, since its last success
	DayFull  time.Time // likewise, a day old
	Last     time.Time // the newest to the technician
}

// Guess is the count of wrong passwords under one key (an account with a network, an account, a browser).
type Guess struct {
	Wrong     int
	WaitUntil time.Time
	LastAt    time.Time
}

// Counted is a key under which a try was counted, and the end of the wait that this try began; zero where it began none.
type Counted struct {
	Key   string
	Until time.Time
}

// SessionRow is one line of Admin > Sessions.
type SessionRow struct {
	Session
	UserName string
	Name     string
	Role     RoleID
}

// SessionFilter selects sessions for the list.
type SessionFilter struct {
	Search     string // literal text in name, user name, address or browser
	Technician TechnicianID
	Except     Hash // one session that is left out, zero for none
	Page       int
	Size       int
}

// TeamCounts are the numbers on tabs and in the head of the technicians list.
type TeamCounts struct {
	Total, SetUp, Invited, Active, Deactivated int
	WaitingResets, HelpRequests                int
	ByMethod                                   map[Method]int
	Shares                                     map[Method]Share // without the deactivated
	LiveSessions                               int
}

// Share is how many of All are Ready.
type Share struct{ All, Ready int }

// SignInCount is how many sign-ins one method finished on one day.
type SignInCount struct {
	Day    time.Time // its first moment, UTC
	Method string    // what proved it: a Method, or "recovery"
	Count  int
}

// Notice is something every Super Admin must acknowledge, such as a rescue.
type Notice struct {
	ID        string
	Type      string // audit type
	Text      string
	CreatedAt time.Time
}
