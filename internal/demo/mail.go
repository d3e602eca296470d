package demo

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// newMail starts a mail server on a free port of loopback that keeps what it gets in inbox.
func newMail(inbox *box) (*smtp.Server, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{inbox: inbox}, nil }))
	s.Domain = "mail.northwind.example"
	s.MaxMessageBytes = 1 << 20
	s.MaxRecipients = 1
	s.ReadTimeout, s.WriteTimeout = 10*time.Second, 10*time.Second
	s.ErrorLog = quiet{}
	go s.Serve(l)
	_, port, err := net.SplitHostPort(l.Addr().String())
	return s, port, err
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// mailSession is one delivery.
type mailSession struct {
	inbox *box
	to    string
}

// Reset implements smtp.Session.
func (s *mailSession) Reset() { s.to = "" }

// Logout implements smtp.Session.
func (s *mailSession) Logout() error { return nil }

// Mail implements smtp.Session.
func (s *mailSession) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt takes mail for the organisation only.
func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if !strings.HasSuffix(strings.ToLower(to), "@northwind.example") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "the demo's mail stays in northwind.example"}
	}
	s.to = to
	return nil
}

// Data implements smtp.Session.
func (s *mailSession) Data(r io.Reader) error {
	m, err := readMail(r)
	if err != nil {
		return err
	}
	m.To, m.At = s.to, time.Now()
	s.inbox.add(m)
	return nil
}

func readMail(r io.Reader) (message, error) {
	parsed, err := mail.ReadMessage(r)
	if err != nil {
		return message{}, fmt.Errorf("mail: %w", err)
	}
	var words mime.WordDecoder
	subject, err := words.DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil {
		return message{}, fmt.Errorf("mail: %w", err)
	}
	body := io.Reader(parsed.Body)
	switch encoding := strings.ToLower(parsed.Header.Get("Content-Transfer-Encoding")); encoding {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "", "7bit", "8bit":
	default:
		return message{}, errors.New("mail: this inbox reads plain text only")
	}
	text, err := io.ReadAll(io.LimitReader(body, 1<<20))
	return message{Subject: subject, Text: strings.ReplaceAll(string(text), "\r\n", "\n")}, err
}
