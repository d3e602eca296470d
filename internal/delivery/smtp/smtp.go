package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"strings"
	"time"

	client "github.com/wneessen/go-mail/smtp"

	"sallyport"
)

// TLS modes.
const (
	Implicit = "implicit" // TLS from the first byte (RFC 8314)
	StartTLS = "starttls" // STARTTLS (RFC 3207) before anything else, or no message
	None     = "none"     // plain text; only where DialPlain permits it
)

// Dial opens one TCP connection.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Options are what a Sender is made of.
type Options struct {
	Dial      Dial           // for connections on which TLS is spoken
	DialPlain Dial           // for TLS mode "none"
	Roots     *x509.CertPool // nil: the system's
	Hello     string         // the name or address that Sallyport gives itself; empty: localhost
	Now       func() time.Time
}

// Sender sends through one server.
type Sender struct {
	o                      Options
	host, port, mode       string
	user, password         string
	senderName, senderAddr string
}

// answerLimit bounds what a server may say in one connection, in bytes.
const answerLimit = 256 << 10

// New makes a Sender from a gateway's settings (host, port, tls, user, sender, sender_name) and its secret password. It
// dials nothing, and refuses settings that would send a password without TLS.
func New(g sallyport.Gateway, secrets map[string]string, o Options) (*Sender, error) {
	s := &Sender{o: o, host: strings.Trim(g.Settings["host"], "[]"), port: g.Settings["port"], mode: g.Settings["tls"],
		user: g.Settings["user"], password: secrets["password"],
		senderName: g.Settings["sender_name"], senderAddr: g.Settings["sender"]}
	if s.o.Now == nil {
		s.o.Now = time.Now
	}
	s.o.Hello = hello(s.o.Hello)
	switch {
	case s.host == "" || s.port == "":
		return nil, errors.New("smtp: no host or port")
	case s.mode != Implicit && s.mode != StartTLS && s.mode != None:
		return nil, fmt.Errorf("smtp: unknown TLS mode %q", s.mode)
	case s.mode == None && s.user != "":
		return nil, errors.New("smtp: a password is not sent without TLS")
	case !mailbox(s.senderAddr) || strings.ContainsFunc(s.senderName, control):
		return nil, errors.New("smtp: the sender is not a mailbox")
	}
	return s, nil
}

// hello is what follows EHLO: a name, or an address in its literal form (RFC 5321 section 4.1.3).
func hello(host string) string {
	addr, err := netip.ParseAddr(host)
	switch {
	case host == "":
		return "localhost"
	case err != nil:
		return host
	case addr.Is4():
		return "[" + host + "]"
	}
	return "[IPv6:" + addr.WithZone("").String() + "]"
}

// SendEmail hands m to the server and comes back when the server took it. The context's end cuts the connection. Any
// error is a *sallyport.SendError.
func (s *Sender) SendEmail(ctx context.Context, m sallyport.Email) error {
	message, err := s.message(m)
	if err != nil {
		return err
	}
	conn, line, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if end, ok := ctx.Deadline(); ok {
		conn.SetDeadline(end)
	}
	c, err := s.greet(conn)
	if err == nil {
		err = s.hand(c, m.To, message)
	}
	if err == nil && line.broken != nil { // what reads like an answer came before the message was on its way
		err = stageError(stageContent, line.broken)
	}
	if err != nil {
		return inTime(ctx, err)
	}
	// It is sent. A server that is slow to say goodbye does not keep us.
	conn.SetDeadline(time.Now().Add(time.Second))
	c.Quit()
	return nil
}

// connect opens the connection, with TLS where it comes first, and returns the line below it as well.
func (s *Sender) connect(ctx context.Context) (net.Conn, *limited, error) {
	dial := s.o.Dial
	if s.mode == None {
		dial = s.o.DialPlain
	}
	conn, err := dial(ctx, "tcp", net.JoinHostPort(s.host, s.port))
	if err != nil {
		return nil, nil, stageError(stageDial, err)
	}
	bounded := &limited{Conn: conn, left: answerLimit}
	if s.mode != Implicit {
		return bounded, bounded, nil
	}
	secured := tls.Client(bounded, s.tls())
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, nil, stageError(stageTLS, err)
	}
	return secured, bounded, nil
}

func (s *Sender) tls() *tls.Config {
	return &tls.Config{ServerName: s.host, RootCAs: s.o.Roots, MinVersion: tls.VersionTLS12}
}

// greet goes as far as the server's readiness to take a message: banner, EHLO, STARTTLS, AUTH.
func (s *Sender) greet(conn net.Conn) (*client.Client, error) {
	c, err := client.NewClient(conn, s.host)
	if err != nil {
		return nil, stageError(stageGreeting, err)
	}
	c.SkipSMTPUTF8(true)
	if err := c.Hello(s.o.Hello); err != nil {
		return nil, stageError(stageGreeting, err)
	}
	if s.mode == StartTLS {
		if offered, _ := c.Extension("STARTTLS"); !offered {
			return nil, stageError(stageTLS, errors.New("the server offers no STARTTLS"))
		}
		if err := c.StartTLS(s.tls()); err != nil {
			return nil, stageError(stageTLS, err)
		}
	}
	if s.user == "" {
		return c, nil
	}
	return c, s.authenticate(c)
}

// noLogin is for a server that takes no password, or not in these ways: nothing broke.
var noLogin = &sallyport.SendError{Outcome: sallyport.NotSent, Permanent: true, Code: "auth", Cause: errors.New("auth: the server offers neither PLAIN nor LOGIN"),
	Hint: "The mail server takes no user name and password here. An administrator must look at the port, or leave the user name in Email Settings empty."}

func (s *Sender) authenticate(c *client.Client) error {
	if _, secured := c.TLSConnectionState(); !secured {
		return stageError(stageTLS, errors.New("a password is not sent without TLS"))
	}
	_, offered := c.Extension("AUTH")
	var auth client.Auth
	switch mechanisms := strings.Fields(strings.ToUpper(offered)); {
	case has(mechanisms, "PLAIN"):
		auth = client.PlainAuth("", s.user, s.password, s.host, false)
	case has(mechanisms, "LOGIN"):
		auth = client.LoginAuth(s.user, s.password, s.host, false)
	default:
		return noLogin
	}
	if err := c.Auth(auth); err != nil {
		return stageError(stageAuth, err)
	}
	return nil
}

// hand gives the message over. Until the final dot no server may keep it (RFC 5321 section 4.1.1.4); after that only
// its answer tells.
func (s *Sender) hand(c *client.Client, to string, message io.WriterTo) error {
	if err := c.Mail("<" + s.senderAddr + ">"); err != nil {
		return stageError(stageMail, err)
	}
	if err := c.Rcpt("<" + to + ">"); err != nil {
		return stageError(stageRecipient, err)
	}
	w, err := c.Data()
	if err != nil {
		return stageError(stageData, err)
	}
	if _, err := message.WriteTo(w); err != nil {
		return stageError(stageContent, err)
	}
	if err := w.Close(); err != nil {
		return stageError(stageContent, err)
	}
	return nil
}

func has(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// limited bounds what is read from a server that never stops talking, and remembers that something could not be written:
// the library passes over that at the end of a message.
type limited struct {
	net.Conn
	left   int
	broken error // of the first Write that failed
}

// Write implements net.Conn.
func (l *limited) Write(p []byte) (int, error) {
	n, err := l.Conn.Write(p)
	if err != nil && l.broken == nil {
		l.broken = err
	}
	return n, err
}

// Read implements net.Conn.
func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, textproto.ProtocolError("the server says too much")
	}
	n, err := l.Conn.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
