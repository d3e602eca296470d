package sallyport

import "time"

// Client is where a request came from, as the audit log and the session list show it.
type Client struct {
	Address   string // the true peer, or what a listed proxy says of it
	Browser   string // short name made from User-Agent, like "Firefox on Windows"
	RequestID string
}

// ActorKind says what kind of actor does something.
type ActorKind string

const (
	ActorTechnician ActorKind = "technician" // signed in
	ActorHost       ActorKind = "host"       // somebody with a shell on the host, through the socket or the folder's lock
	ActorNobody     ActorKind = "nobody"     // not signed in (yet)
	ActorSystem     ActorKind = "system"     // Sallyport itself
)

// Actor is who does something: the parameter of every use case. Permissions are judged anew inside each transaction
// from the technician's row, never from this value.
type Actor struct {
	Kind     ActorKind
	ID       TechnicianID // for ActorTechnician
	Session  Hash         // the session he acts through
	ProvedAt time.Time    // its last proof
	EndsAt   time.Time    // when it ends at the latest
	Name     string       // for the event: user name, or "uid 0 (root)"
	Client   Client
}

// Event is one line of the audit log.
type Event struct {
	ID         int64
	At         time.Time
	Type       string // one of audit.Types
	ActorKind  ActorKind
	Actor      TechnicianID
	ActorName  string
	Target     TechnicianID
	TargetName string
	Before     map[string]string // only what changed, never a secret
	After      map[string]string
	Address    string
	Browser    string
	RequestID  string
	Reason     string
	Outcome    string // ok, wrong, refused, failed
}

// EventFilter selects events. Empty fields select all.
type EventFilter struct {
	Search string
	Type   string // exact, or a prefix that ends in "."
	Actor  TechnicianID
	Target TechnicianID
	From   time.Time
	Until  time.Time
	Before int64 // keyset: only events with a smaller id
	Limit  int
}
