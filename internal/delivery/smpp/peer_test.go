package smpp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/delivery/dial"
	"sallyport/internal/delivery/smpp"
)

// Commands (SMPP 3.4 section 5.1.2.1), written down here once more: the library's own are not asked about themselves.
const (
	bindTransmitter = 0x00000002
	submitSM        = 0x00000004
	deliverSM       = 0x00000005
	unbind          = 0x00000006
	enquireLink     = 0x00000015
	outbind         = 0x0000000b
	genericNack     = 0x80000000
	response        = 0x80000000
)

// message is one PDU.
type message struct {
	command, status, sequence uint32
	body                      []byte
}

func (m message) bytes() []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(16+len(m.body)))
	b = binary.BigEndian.AppendUint32(b, m.command)
	b = binary.BigEndian.AppendUint32(b, m.status)
	b = binary.BigEndian.AppendUint32(b, m.sequence)
	return append(b, m.body...)
}

// peer is the server's end of one connection.
type peer struct {
	net.Conn
	heard *[]message
}

// hear reads one PDU, and gives false when there is none.
func (p *peer) hear() (message, bool) {
	var head [16]byte
	if _, err := io.ReadFull(p, head[:]); err != nil {
		return message{}, false
	}
	field := func(i int) uint32 { return binary.BigEndian.Uint32(head[4*i:]) }
	m := message{command: field(1), status: field(2), sequence: field(3), body: make([]byte, field(0)-16)}
	if _, err := io.ReadFull(p, m.body); err != nil {
		return message{}, false
	}
	*p.heard = append(*p.heard, m)
	return m, true
}

// answer says status to m, with the body that the standard has for the answer.
func (p *peer) answer(m message, status uint32) {
	var body []byte
	if status == 0 && m.command != unbind {
		body = []byte("smsc\x00") // bind's system_id, submit's message_id
	}
	p.say(message{m.command | response, status, m.sequence, body})
}

func (p *peer) say(m message) { p.Write(m.bytes()) }

// bound answers bind and hears what comes next.
func (p *peer) bound() message {
	if m, ok := p.hear(); ok {
		p.answer(m, 0)
	}
	m, _ := p.hear()
	return m
}

// obliging says yes to everything.
func obliging(p *peer) {
	for {
		m, ok := p.hear()
		if !ok {
			return
		}
		p.answer(m, 0)
	}
}

// smsc is a server on loopback whose every connection goes as a test says.
type smsc struct {
	port string
	open sync.WaitGroup
	all  []message // what came, over all connections; complete when they have ended
	stop func()
}

func serve(t *testing.T, talk func(*peer)) *smsc {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &smsc{}
	_, s.port, _ = net.SplitHostPort(l.Addr().String())
	s.open.Go(func() {
		for { // one after the other
			conn, err := l.Accept()
			if err != nil {
				return
			}
			talk(&peer{conn, &s.all})
			conn.Close()
		}
	})
	s.stop = func() { l.Close(); s.open.Wait() }
	t.Cleanup(s.stop)
	return s
}

// heard ends the server and gives what it was told.
func (s *smsc) heard() []message {
	s.stop()
	return s.all
}

func settings(port string, change ...string) sallyport.Gateway {
	g := sallyport.Gateway{Settings: map[string]string{"host": "127.0.0.1", "port": port, "tls": "none", "system_id": "door",
		"system_type": "VMA", "sender": "Northwind"}}
	for i := 0; i < len(change); i += 2 {
		g.Settings[change[i]] = change[i+1]
	}
	return g
}

const password = "hunter2hunter2" // longer than the 8 octets of the standard

func sender(t *testing.T, g sallyport.Gateway) *smpp.Sender {
	t.Helper()
	s, err := smpp.New(g, map[string]string{"password": password}, dial.New(dial.Options{Allowed: loopback}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

var code = sallyport.Text{To: "+15551230001", Text: "004217 is your sign-in code.\n\n@login.northwind.example #004217", GSM: true}

func limit(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// failure wants a send error with words and without secrets.
func failure(t *testing.T, err error) *sallyport.SendError {
	t.Helper()
	var e *sallyport.SendError
	if !errors.As(err, &e) {
		t.Fatalf("not a send error: %v", err)
	}
	if strings.Contains(err.Error(), "004217") || strings.Contains(err.Error(), password) || e.Hint == "" || e.Code == "" {
		t.Errorf("the error tells a secret or has no words: %#v", e)
	}
	return e
}

// submission is a submit_sm taken apart (SMPP 3.4 section 4.4.1).
type submission struct {
	sourceTON, sourceNPI, destTON, destNPI byte
	source, dest                           string
	esmClass, coding                       byte
	header, text                           []byte
}

func takeApart(t *testing.T, m message) (s submission) {
	t.Helper()
	if m.command != submitSM {
		t.Fatalf("command 0x%08x is no submit_sm", m.command)
	}
	rest := bytes.NewBuffer(m.body)
	word := func() string { w, _ := rest.ReadString(0); return strings.TrimSuffix(w, "\x00") }
	octet := func() byte { b, _ := rest.ReadByte(); return b }
	if w := word(); w != "" {
		t.Errorf("service_type %q", w)
	}
	s.sourceTON, s.sourceNPI, s.source = octet(), octet(), word()
	s.destTON, s.destNPI, s.dest = octet(), octet(), word()
	s.esmClass = octet()
	if protocol, priority, when, until := octet(), octet(), word(), word(); protocol != 0 || priority != 0 || when != "" || until != "" {
		t.Errorf("protocol %d, priority %d, %q, %q", protocol, priority, when, until)
	}
	if receipt, replace := octet(), octet(); receipt != 0 || replace != 0 {
		t.Errorf("a delivery report is asked for (%d), or an older message replaced (%d)", receipt, replace)
	}
	s.coding = octet()
	if predefined := octet(); predefined != 0 {
		t.Errorf("sm_default_msg_id %d", predefined)
	}
	if length := octet(); int(length) != rest.Len() {
		t.Fatalf("sm_length is %d, and %d octets follow", length, rest.Len())
	}
	s.text = rest.Bytes()
	if s.esmClass&0x40 != 0 { // a header of a part
		n := 1 + int(s.text[0])
		s.header, s.text = s.text[:n], s.text[n:]
	}
	return s
}
