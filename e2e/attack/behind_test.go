package attack

import (
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// post keeps messages in the order in which they came.
type post struct {
	mu   sync.Mutex
	list []string
}

func (p *post) keep(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, text)
}

func (p *post) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.list...)
}

// matching are the messages that hold the pattern, each as its last group.
func (p *post) matching(pattern *regexp.Regexp) []string {
	var out []string
	for _, text := range p.all() {
		if found := pattern.FindStringSubmatch(text); found != nil {
			out = append(out, found[len(found)-1])
		}
	}
	return out
}

// next waits for one message more than the seen ones that holds the pattern.
func (p *post) next(h *house, pattern *regexp.Regexp, seen int) string {
	h.t.Helper()
	h.eventually(fmt.Sprintf("message %d like %s", seen+1, pattern), func() bool { return len(p.matching(pattern)) > seen })
	return p.matching(pattern)[seen]
}

// code is a message's code: a line of its own in an email, behind "#" in a text message.
var code = regexp.MustCompile(`(?:(?m:^)|#)(\d{6})(?:(?m:$)|")`)

// mailbox is a mail server that takes everything, or does to a message what the test says.
type mailbox struct {
	post
	address string

	mu   sync.Mutex
	deal func(l net.Conn) bool // what is done to a new connection; true: go on as a mail server
	data func() error          // what is answered after a message
}

func newMailbox(t testing.TB) *mailbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mailbox{address: l.Addr().String()}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return letter{m}, nil }))
	s.Domain = "localhost"
	go func() { _ = s.Serve(dealing{l, m}) }() // ends with Close
	t.Cleanup(func() { _ = s.Close() })
	return m
}

// meet sets what is done to new connections, and taken what is answered to a message that was taken.
func (m *mailbox) meet(deal func(net.Conn) bool) { m.mu.Lock(); m.deal = deal; m.mu.Unlock() }
func (m *mailbox) taken(data func() error)       { m.mu.Lock(); m.data = data; m.mu.Unlock() }

type dealing struct {
	net.Listener
	m *mailbox
}

func (d dealing) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		d.m.mu.Lock()
		deal := d.m.deal
		d.m.mu.Unlock()
		if deal == nil || deal(c) {
			return c, nil
		}
	}
}

type letter struct{ m *mailbox }

func (letter) Mail(string, *smtp.MailOptions) error { return nil }
func (letter) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (letter) Reset()                               {}
func (letter) Logout() error                        { return nil }
func (l letter) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(quotedprintable.NewReader(message.Body))
	l.m.keep("To: " + message.Header.Get("To") + "\nSubject: " + message.Header.Get("Subject") + "\n\n" + strings.ReplaceAll(string(text), "\r\n", "\n"))
	l.m.mu.Lock()
	data := l.m.data
	l.m.mu.Unlock()
	if data != nil {
		err = errors.Join(err, data())
	}
	return err
}

// tarpit holds every connection that comes, saying nothing, until it is opened.
type tarpit struct {
	mu   sync.Mutex
	held []net.Conn
	open bool
}

func (p *tarpit) deal(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.open {
		p.held = append(p.held, c)
	}
	return p.open
}

// holds is how many connections are stuck.
func (p *tarpit) holds() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.held)
}

// let breaks off what is stuck, and lets new connections through.
func (p *tarpit) let() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = true
	for _, c := range p.held {
		_ = c.Close()
	}
	p.held = nil
}

// phoneNetwork is a text-message gateway that takes everything, or answers as the test says.
type phoneNetwork struct {
	post
	URL string

	mu     sync.Mutex
	answer http.HandlerFunc // nil: taken
}

func newPhoneNetwork(t testing.TB) *phoneNetwork {
	p := &phoneNetwork{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		p.keep(string(text))
		p.mu.Lock()
		answer := p.answer
		p.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(s.Close)
	p.URL = s.URL
	return p
}

func (p *phoneNetwork) answers(h http.HandlerFunc) { p.mu.Lock(); p.answer = h; p.mu.Unlock() }

// app is the digits of m's authenticator app in steps of half a minute from now.
func half(steps int) time.Time { return time.Now().Add(time.Duration(steps) * 30 * time.Second) }
