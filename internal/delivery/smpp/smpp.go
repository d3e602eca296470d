package smpp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"sallyport"
)

// TLS modes.
const (
	Implicit = "implicit" // TLS from the first byte
	None     = "none"     // plain text, the password with it; only where DialPlain permits it
)

// Dialer opens TCP connections under the rule of who may be dialled: DialContext for what TLS is spoken on, DialPlain for
// what has none. Its errors hold a *sallyport.SendError.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
	DialPlain(ctx context.Context, network, address string) (net.Conn, error)
}

// Sender sends through one server.
type Sender struct {
	dial                           Dialer
	roots                          *x509.CertPool // nil: the system's
	host, port, mode               string
	systemID, password, systemType string
	from                           pdu.Address
}

// goodbye is how long a server may take to answer unbind: the message has its answer by then.
const goodbye = time.Second

// New makes a Sender from a gateway's settings (host, port, tls, system_id, system_type, sender) and its secret password.
// It dials nothing, and refuses an unknown TLS mode and what cannot stand in a C-Octet String (SMPP 3.4 section 3.1).
// The lengths that SMPP 3.4 has for system ID and password (15 and 8, sections 5.2.1 and 5.2.2) are not held, for
// providers give longer ones: they are sent whole.
func New(g sallyport.Gateway, secrets map[string]string, d Dialer) (*Sender, error) {
	s := &Sender{dial: d, host: strings.Trim(g.Settings["host"], "[]"), port: g.Settings["port"], mode: g.Settings["tls"],
		systemID: g.Settings["system_id"], password: secrets["password"], systemType: g.Settings["system_type"]}
	switch {
	case s.host == "" || s.port == "":
		return nil, errors.New("smpp: no host or port")
	case s.mode != Implicit && s.mode != None:
		return nil, fmt.Errorf("smpp: unknown TLS mode %q", s.mode)
	case s.systemID == "" || s.password == "":
		return nil, errors.New("smpp: system ID and password are needed")
	case !printable(s.systemID) || !printable(s.password) || !printable(s.systemType):
		return nil, errors.New("smpp: system ID, password and system type are printable ASCII")
	}
	var err error
	s.from, err = source(g.Settings["sender"])
	return s, err
}

// SendText hands m to the server, in as many short messages as it takes, and comes back when the server took all of them.
// The context's end cuts the connection. Any error is a *sallyport.SendError: surely not sent until the first submit_sm
// is written, maybe sent from then on unless the server refuses it.
func (s *Sender) SendText(ctx context.Context, m sallyport.Text) error {
	parts, err := s.parts(m)
	if err != nil {
		return err
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if end, ok := ctx.Deadline(); ok {
		conn.SetDeadline(end)
	}
	l := newLine(conn)
	if err := s.bind(ctx, l); err != nil {
		return err
	}
	err = submit(ctx, l, parts)
	if !l.broken {
		conn.SetDeadline(time.Now().Add(goodbye)) // a server that is slow to say goodbye does not keep us
		l.ask(pdu.NewUnbind())
	}
	return err
}

// connect opens the connection, with TLS unless the mode says none.
func (s *Sender) connect(ctx context.Context) (net.Conn, error) {
	dial := s.dial.DialContext
	if s.mode == None {
		dial = s.dial.DialPlain
	}
	conn, err := dial(ctx, "tcp", net.JoinHostPort(s.host, s.port))
	if err != nil {
		return nil, notConnected(ctx, err)
	}
	if s.mode == None {
		return conn, nil
	}
	secured := tls.Client(conn, &tls.Config{ServerName: s.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12})
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, notSecured(ctx, err)
	}
	return secured, nil
}

// bind says who we are (SMPP 3.4 section 4.1.1): a transmitter, so that the server hands nothing to us that somebody else
// waits for.
func (s *Sender) bind(ctx context.Context, l *line) error {
	request := pdu.NewBindRequest(pdu.Transmitter)
	request.SystemID, request.Password, request.SystemType = s.systemID, s.password, s.systemType
	a, err := l.ask(request)
	switch {
	case err != nil:
		return broken(ctx, err, false)
	case a.status != data.ESME_ROK || a.nack:
		return notBound(a.status)
	}
	return nil
}

// submit hands the parts over one after the other (SMPP 3.4 section 4.4.1), each when the one before was taken.
func submit(ctx context.Context, l *line, parts []*pdu.SubmitSM) error {
	for i, part := range parts {
		a, err := l.ask(part)
		switch {
		case err != nil:
			return broken(ctx, err, true)
		case a.nack && a.status == data.ESME_ROK:
			return broken(ctx, errUnclear, true)
		case a.status != data.ESME_ROK && i > 0:
			return inPart(notTaken(a.status))
		case a.status != data.ESME_ROK:
			return notTaken(a.status)
		}
	}
	return nil
}

// printable reports whether s is printable ASCII, which no C-Octet String cuts short.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e })
}
