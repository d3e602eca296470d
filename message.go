package sallyport

import (
	"fmt"
	"time"
)

// Email is one message to one mailbox: plain text, and nothing that a template could smuggle in.
type Email struct {
	ID      string // Message-ID without angle brackets and host; set by the use case, never empty
	To      string
	Subject string
	Text    string
}

// Text is one text message.
type Text struct {
	To   string // E.164
	Text string
	GSM  bool // it is written in the GSM 7 bit default alphabet (3GPP TS 23.038), and so takes 160 characters to a message
}

// SendOutcome says how sure it is that nothing was sent.
type SendOutcome string

const (
	NotSent   SendOutcome = "not-sent"   // surely refused or never reached: costs nothing, may be tried again
	MaybeSent SendOutcome = "maybe-sent" // the line broke after the message was handed over: do not send twice
)

// SendError is what a gateway returns when a message did not surely go out. Hint is for the page: what happened and
// what to do, without secrets and without the gateway's whole answer.
type SendError struct {
	Outcome   SendOutcome
	Permanent bool   // trying again with the same settings cannot help
	Code      string // stable: refused, auth, tls, timeout, unreachable, bad_number, bad_address, balance, not_allowed, protocol, sealed
	Hint      string
	Cause     error // for the log, redacted by the gateway
}

// Error is the text for the log.
func (e *SendError) Error() string {
	return fmt.Sprintf("send %s (%s): %v", e.Outcome, e.Code, e.Cause)
}

// Unwrap gives the cause.
func (e *SendError) Unwrap() error { return e.Cause }

// Channel is a way out for messages.
type Channel string

const (
	ChannelEmail Channel = "email"
	ChannelSMS   Channel = "sms"
)

// GatewayKind is a kind of gateway.
type GatewayKind string

const (
	GatewaySMTP   GatewayKind = "smtp"
	GatewayTwilio GatewayKind = "twilio"
	GatewayVonage GatewayKind = "vonage"
	GatewayHTTP   GatewayKind = "http"
	GatewayKannel GatewayKind = "kannel"
	GatewaySMPP   GatewayKind = "smpp"
)

// Gateway holds the settings of one way out. Slot is "live" (in use) or "draft" (being proved). Secret settings are
// write-only: they are sealed together as one JSON object, and pages learn only whether each is set.
type Gateway struct {
	Channel    Channel
	Slot       string
	Kind       GatewayKind
	Settings   map[string]string // what pages may show: host, port, tls, user, sender, url, …
	Sealed     []byte            // the secret settings (password, auth_token, header values) as one sealed JSON object
	SecretsSet []string          // which secret settings are there, by name; pages show only this
	Version    int64
	ProvedAt   time.Time // zero: not proved
	ChangedAt  time.Time
	ChangedBy  TechnicianID
}

// OutboxMessage is a notice or a link on its way. Its payload is sealed and erased when it was sent. Codes never wait here.
type OutboxMessage struct {
	ID        string
	Channel   Channel
	To        string
	Sealed    []byte
	Attempts  int
	NextAt    time.Time
	ExpiresAt time.Time
	CreatedAt time.Time
	SentAt    time.Time
	LastError string
	Event     string // why it is sent: audit type
	Link      Hash   // of the one-use link that it carries, with which it is withdrawn; zero for none
}
