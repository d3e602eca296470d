// Package syslog hands audit records to a syslog server by RFC 5424.
//
// It owns the form of the messages and the ways they go: a local socket, UDP, TCP and TLS. It must not know what a record
// says. Begin with Send.
package syslog

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"time"

	"sallyport"
)

// Options are how a server is reached.
type Options struct {
	Host      string // this machine's name in the messages
	Roots     *x509.CertPool
	DialTLS   Dial // a connection on which TLS will be spoken
	DialPlain Dial // one without, in allowed networks only
	DialUDP   Dial // the same for datagrams
}

// Dial opens a connection under the rule of allowed networks.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Sink is one syslog server.
type Sink struct {
	to   *url.URL
	host string
	pid  int
	o    Options
}

// New makes a sink for an address like unix:///dev/log, udp://10.0.0.7:514, tcp://10.0.0.7:601 or tls://logs.example:6514.
func New(address string, o Options) (*Sink, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("syslog: %q is not an address", address)
	}
	return &Sink{to: u, host: o.Host, pid: os.Getpid(), o: o}, nil
}

// Name implements the ledger's Sink.
func (s *Sink) Name() string { return "syslog:" + s.to.String() }

// Send hands the batch over. Over TCP and TLS each batch has a connection of its own, and counts as handed over when that
// was closed in order after its end: syslog knows no other answer. It tells of a server that died, and nothing of somebody
// on the way who keeps the batch and closes; over TLS neither, see stream. A local socket takes it or does not; datagrams
// may be lost without a word.
func (s *Sink) Send(ctx context.Context, batch []sallyport.SinkRecord) error {
	messages := make([][]byte, len(batch))
	for i, r := range batch {
		messages[i] = s.message(r)
	}
	switch s.to.Scheme {
	case "unix":
		return s.local(ctx, messages)
	case "udp":
		conn, err := s.o.DialUDP(ctx, "udp", s.to.Host)
		return datagrams(ctx, conn, err, messages)
	case "tcp":
		conn, err := s.o.DialPlain(ctx, "tcp", s.to.Host)
		return stream(ctx, conn, err, messages)
	case "tls":
		conn, err := s.secured(ctx)
		return stream(ctx, conn, err, messages)
	}
	return fmt.Errorf("syslog: %q is no way to a syslog server", s.to.Scheme)
}

// local tries a datagram socket, as /dev/log is one, then a stream socket.
func (s *Sink) local(ctx context.Context, messages [][]byte) error {
	conn, err := new(net.Dialer).DialContext(ctx, "unixgram", s.to.Path)
	if err == nil {
		return datagrams(ctx, conn, nil, messages)
	}
	conn, streamErr := new(net.Dialer).DialContext(ctx, "unix", s.to.Path)
	if streamErr != nil {
		return errors.Join(err, streamErr)
	}
	return stream(ctx, conn, nil, messages)
}

func (s *Sink) secured(ctx context.Context) (net.Conn, error) {
	conn, err := s.o.DialTLS(ctx, "tcp", s.to.Host)
	if err != nil {
		return nil, err
	}
	secured := tls.Client(conn, &tls.Config{ServerName: s.to.Hostname(), RootCAs: s.o.Roots, MinVersion: tls.VersionTLS12})
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("syslog over TLS: %w", err), conn.Close())
	}
	return secured, nil
}

func datagrams(ctx context.Context, conn net.Conn, err error, messages [][]byte) error {
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(deadline(ctx)); err != nil {
		return err
	}
	for _, m := range messages {
		if _, err := conn.Write(m); err != nil {
			return fmt.Errorf("syslog: %w", err)
		}
	}
	return nil
}

// halfCloser is a connection that can say that nothing more will come.
type halfCloser interface{ CloseWrite() error }

// stream writes the batch, says that this was all, and waits until the server has read it and closes too. Over TLS a close
// without close_notify counts as well, for rsyslog with gtls sends none. Nothing in it shows that it came from the server.
func stream(ctx context.Context, conn net.Conn, err error, messages [][]byte) error {
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(deadline(ctx)); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })() // a server that stops waits for nobody
	if _, err := conn.Write(counted(messages)); err != nil {
		return fmt.Errorf("syslog: %w", err)
	}
	if h, ok := conn.(halfCloser); ok {
		if err := h.CloseWrite(); err != nil {
			return fmt.Errorf("syslog: %w", err)
		}
	}
	n, err := io.Copy(io.Discard, io.LimitReader(conn, answerMost+1))
	if err != nil { // also one that ends within a record of TLS
		return fmt.Errorf("syslog: the server did not read to the end: %w", err)
	}
	if n > answerMost {
		return errors.New("syslog: the server talks and does not close, which no syslog server does")
	}
	return nil
}

func deadline(ctx context.Context) time.Time {
	at := time.Now().Add(answerTime)
	if d, ok := ctx.Deadline(); ok && d.Before(at) {
		return d
	}
	return at
}
