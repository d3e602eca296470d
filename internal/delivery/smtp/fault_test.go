package smtp_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sallyport"
	"sallyport/internal/delivery/smtp"
)

// server speaks SMTP by a script: for each line of the client it is asked what to answer.
type server struct {
	port string
	mu   sync.Mutex
	said []string // what clients said, in plain text
	open sync.WaitGroup
}

// serve answers every connection with talk until the test ends.
func serve(t *testing.T, talk func(s *server, conn net.Conn)) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{}
	_, s.port, _ = net.SplitHostPort(l.Addr().String())
	s.open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.open.Go(func() { defer conn.Close(); talk(s, conn) })
		}
	})
	t.Cleanup(func() { l.Close(); s.open.Wait() })
	return s
}

func (s *server) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.said, "\n")
}

// script greets and answers commands by their first word; an empty answer hangs up. Unknown commands get 250.
func script(greeting string, answers map[string]string) func(*server, net.Conn) {
	return func(s *server, conn net.Conn) {
		fmt.Fprint(conn, greeting)
		in := bufio.NewScanner(conn)
		data := false
		for in.Scan() {
			line := in.Text()
			s.mu.Lock()
			s.said = append(s.said, line)
			s.mu.Unlock()
			word, _, _ := strings.Cut(strings.ToUpper(strings.ReplaceAll(line, ":", " ")), " ")
			if data {
				if line != "." {
					continue
				}
				word, data = ".", false
			}
			answer, known := answers[word]
			if !known {
				answer = "250 ok"
			}
			if answer == "" {
				return
			}
			fmt.Fprintf(conn, "%s\r\n", answer)
			data = word == "DATA" && strings.HasPrefix(answer, "354")
		}
	}
}

const ehlo = "250-mail.test\r\n250 8BITMIME"

func accepting(change map[string]string) map[string]string {
	out := map[string]string{"EHLO": ehlo, "DATA": "354 go on", "QUIT": "221 bye"}
	for k, v := range change {
		out[k] = v
	}
	return out
}

func plain(t *testing.T, port string) *smtp.Sender {
	t.Helper()
	return with(t, map[string]string{"host": "127.0.0.1", "port": port, "tls": "none", "sender": "door@northwind.example"})
}

func with(t *testing.T, settings map[string]string) *smtp.Sender {
	t.Helper()
	s, err := smtp.New(sallyport.Gateway{Settings: settings}, map[string]string{"password": "hunter2hunter2"}, options(nil))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var message = sallyport.Email{ID: "id1", To: "dana@northwind.example", Subject: "Your code", Text: "004217\n"}

func failure(t *testing.T, err error) *sallyport.SendError {
	t.Helper()
	var e *sallyport.SendError
	if !errors.As(err, &e) {
		t.Fatalf("not a send error: %v", err)
	}
	if strings.Contains(err.Error(), "004217") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error tells a secret: %v", err)
	}
	if e.Hint == "" {
		t.Errorf("no words for people: %v", err)
	}
	return e
}

// What is not a name is an address literal (RFC 5321 section 4.1.3): servers may refuse a bare address.
func TestHello(t *testing.T) {
	for host, want := range map[string]string{"": "localhost", "door.northwind.example": "door.northwind.example", "192.0.2.7": "[192.0.2.7]",
		"2001:db8::1": "[IPv6:2001:db8::1]", "::1": "[IPv6:::1]"} {
		server := serve(t, script("220 mail.test\r\n", accepting(nil)))
		o := options(nil)
		o.Hello = host
		g := sallyport.Gateway{Settings: map[string]string{"host": "127.0.0.1", "port": server.port, "tls": "none", "sender": "door@northwind.example"}}
		s, err := smtp.New(g, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SendEmail(short(t), message); err != nil || !strings.HasPrefix(server.heard(), "EHLO "+want+"\n") {
			t.Errorf("%s: %v after %q", host, err, server.heard())
		}
	}
}

// D8.7: every way in which a mail server can misbehave has its outcome and its words.
func TestD8_7_Answers(t *testing.T) {
	for name, c := range map[string]struct {
		greeting  string
		change    map[string]string
		outcome   sallyport.SendOutcome
		code      string
		permanent bool
	}{
		"421 at the door":             {"421 too busy\r\n", nil, sallyport.NotSent, "refused", false},
		"554 at the door":             {"554 go away\r\n", nil, sallyport.NotSent, "refused", true},
		"not SMTP":                    {"HTTP/1.1 400 Bad Request\r\n\r\n", nil, sallyport.NotSent, "unreachable", false},
		"450 for the mailbox":         {"220 hi\r\n", map[string]string{"RCPT": "450 4.2.0 greylisted"}, sallyport.NotSent, "refused", false},
		"550 for the mailbox":         {"220 hi\r\n", map[string]string{"RCPT": "550 5.1.1 no such user"}, sallyport.NotSent, "bad_address", true},
		"relay denied":                {"220 hi\r\n", map[string]string{"RCPT": "554 5.7.1 relay denied"}, sallyport.NotSent, "refused", true},
		"sender refused":              {"220 hi\r\n", map[string]string{"MAIL": "550 5.1.8 bad sender"}, sallyport.NotSent, "refused", true},
		"sender refused at RCPT":      {"220 hi\r\n", map[string]string{"RCPT": "550 5.1.8 <door@northwind.example>: Sender address rejected: Domain not found"}, sallyport.NotSent, "refused", true},
		"either side refused at RCPT": {"220 hi\r\n", map[string]string{"RCPT": "550 5.1.0 <door@northwind.example>: Sender address rejected: User unknown"}, sallyport.NotSent, "refused", true},
		"greeting refused at RCPT":    {"220 hi\r\n", map[string]string{"RCPT": "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname"}, sallyport.NotSent, "refused", true},
		"login asked for at RCPT":     {"220 hi\r\n", map[string]string{"RCPT": "530 Authentication required"}, sallyport.NotSent, "auth", true},
		"login asked for at MAIL":     {"220 hi\r\n", map[string]string{"MAIL": "530 5.7.57 Client not authenticated to send mail"}, sallyport.NotSent, "auth", true},
		"550 and no status":           {"220 hi\r\n", map[string]string{"RCPT": "550 relay not permitted"}, sallyport.NotSent, "refused", true},
		"553 and no status":           {"220 hi\r\n", map[string]string{"RCPT": "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"}, sallyport.NotSent, "refused", true},
		"full and no status":          {"220 hi\r\n", map[string]string{"RCPT": "552 mailbox full"}, sallyport.NotSent, "bad_address", true},
		"domain without mail":         {"220 hi\r\n", map[string]string{"RCPT": "556 no mail here"}, sallyport.NotSent, "bad_address", true},
		"mailbox full":                {"220 hi\r\n", map[string]string{"RCPT": "552-5.2.2 full\r\n552 5.2.2 really"}, sallyport.NotSent, "bad_address", true},
		"no yes and no no":            {"220 hi\r\n", map[string]string{".": "252 perhaps"}, sallyport.MaybeSent, "protocol", false},
		"a question for an answer":    {"220 hi\r\n", map[string]string{".": "354 go on"}, sallyport.MaybeSent, "protocol", false},
		"DATA refused":                {"220 hi\r\n", map[string]string{"DATA": "451 later"}, sallyport.NotSent, "refused", false},
		"refused after the dot":       {"220 hi\r\n", map[string]string{".": "550 5.7.1 spam: 004217"}, sallyport.NotSent, "refused", true},
		"421 after the dot":           {"220 hi\r\n", map[string]string{".": "421 4.3.0 later"}, sallyport.NotSent, "refused", false},
		"hangs up after the dot":      {"220 hi\r\n", map[string]string{".": ""}, sallyport.MaybeSent, "protocol", false},
		"hangs up at RCPT":            {"220 hi\r\n", map[string]string{"RCPT": ""}, sallyport.NotSent, "unreachable", false},
		"hangs up at DATA":            {"220 hi\r\n", map[string]string{"DATA": ""}, sallyport.NotSent, "unreachable", false},
		"says goodbye too early":      {"220 hi\r\n", map[string]string{"EHLO": "", "HELO": ""}, sallyport.NotSent, "unreachable", false},
		"talks without end":           {"220-" + strings.Repeat("x", 300<<10) + "\r\n220 hi\r\n", nil, sallyport.NotSent, "unreachable", false},
		"hangs up instead of goodbye": {"220 hi\r\n", map[string]string{"QUIT": ""}, "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, script(c.greeting, accepting(c.change)))
			err := plain(t, s.port).SendEmail(short(t), message)
			if c.outcome == "" {
				if err != nil || !strings.Contains(s.heard(), "004217") {
					t.Fatalf("not sent: %v", err)
				}
				return
			}
			if e := failure(t, err); e.Outcome != c.outcome || e.Code != c.code || e.Permanent != c.permanent {
				t.Errorf("got %s, %s, permanent %v: %v", e.Outcome, e.Code, e.Permanent, err)
			}
		})
	}
}

// hasty is a connection to a server that has said yes to everything before it was asked, and takes nothing after DATA.
type hasty struct {
	net.Conn
	answers io.Reader
	content bool
}

func (h *hasty) Read(p []byte) (int, error) { return h.answers.Read(p) }

func (h *hasty) Write(p []byte) (int, error) {
	if h.content {
		return 0, net.ErrClosed
	}
	h.content = strings.HasPrefix(string(p), "DATA")
	return len(p), nil
}

// What reads like the answer to a message that did not go out is none.
func TestAnswerBeforeTheMessage(t *testing.T) {
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	o := options(nil)
	o.DialPlain = func(context.Context, string, string) (net.Conn, error) {
		return &hasty{Conn: near, answers: strings.NewReader("220 hi\r\n250 mail.test\r\n250 ok\r\n250 ok\r\n354 go on\r\n250 taken\r\n221 bye\r\n")}, nil
	}
	s, err := smtp.New(sallyport.Gateway{Settings: map[string]string{"host": "127.0.0.1", "port": "25", "tls": "none", "sender": "door@northwind.example"}}, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	if e := failure(t, s.SendEmail(short(t), message)); e.Outcome != sallyport.MaybeSent {
		t.Errorf("%+v", e)
	}
}

// D8.7: a server that takes its time is left at the time limit, wherever it stalls.
func TestD8_7_Stalls(t *testing.T) {
	for name, c := range map[string]struct {
		talk    func(*server, net.Conn)
		outcome sallyport.SendOutcome
	}{
		"no banner": {func(_ *server, conn net.Conn) { conn.Read(make([]byte, 1)) }, sallyport.NotSent},
		"tarpit": {func(_ *server, conn net.Conn) {
			fmt.Fprint(conn, "2")
			conn.Read(make([]byte, 1))
		}, sallyport.NotSent},
		"silent after the dot": {func(s *server, conn net.Conn) {
			script("220 hi\r\n", accepting(map[string]string{".": "250-wait"}))(s, conn)
		}, sallyport.MaybeSent},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.talk)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if e := failure(t, plain(t, s.port).SendEmail(ctx, message)); e.Code != "timeout" || e.Outcome != c.outcome {
				t.Errorf("got %v", e)
			}
		})
	}
}

// drip is a line on which what begins with from leaves one byte at a time, the next one ten seconds later.
type drip struct {
	net.Conn
	from string
}

func (d drip) Write(p []byte) (int, error) {
	if !strings.HasPrefix(string(p), d.from) {
		return d.Conn.Write(p)
	}
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for i := range p {
		if n, err := d.Conn.Write(p[i : i+1]); err != nil {
			return i + n, err
		}
		<-tick.C
	}
	return len(p), nil
}

// D8.7: a server that says one byte every ten seconds gets not a moment more for each, wherever it begins with that. The
// clock and the line are the test's.
func TestD8_7_Drips(t *testing.T) {
	const slow = "slow"
	long := strings.Repeat("w", 1000)
	for name, c := range map[string]struct {
		mode     string
		greeting string
		change   map[string]string
		from     string
		outcome  sallyport.SendOutcome
	}{
		"banner":             {smtp.None, "220-" + slow + long + "\r\n220 hi\r\n", nil, "220-" + slow, sallyport.NotSent},
		"TLS":                {smtp.Implicit, "\x16\x03\x03\x03\xe8\x02" + long, nil, "\x16", sallyport.NotSent},
		"EHLO":               {smtp.None, "220 hi\r\n", map[string]string{"EHLO": "250-" + slow + long + "\r\n" + ehlo}, "250-" + slow, sallyport.NotSent},
		"sender":             {smtp.None, "220 hi\r\n", map[string]string{"MAIL": "250-" + slow + long + "\r\n250 ok"}, "250-" + slow, sallyport.NotSent},
		"recipient":          {smtp.None, "220 hi\r\n", map[string]string{"RCPT": "250-" + slow + long + "\r\n250 ok"}, "250-" + slow, sallyport.NotSent},
		"before the message": {smtp.None, "220 hi\r\n", map[string]string{"DATA": "354-" + slow + long + "\r\n354 go on"}, "354-" + slow, sallyport.NotSent},
		"after the dot":      {smtp.None, "220 hi\r\n", map[string]string{".": "250-" + slow + long + "\r\n250 ok"}, "250-" + slow, sallyport.MaybeSent},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				far, near := net.Pipe()
				var talk sync.WaitGroup
				talk.Go(func() { script(c.greeting, accepting(c.change))(&server{}, drip{far, c.from}) })
				defer func() { near.Close(); talk.Wait() }()
				line := func(context.Context, string, string) (net.Conn, error) { return near, nil }
				s, err := smtp.New(sallyport.Gateway{Settings: map[string]string{"host": "mail.test", "port": "25", "tls": c.mode, "sender": "door@northwind.example"}},
					nil, smtp.Options{Dial: line, DialPlain: line})
				if err != nil {
					t.Fatal(err)
				}
				const limit = 15 * time.Second
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				begin := time.Now()
				e := failure(t, s.SendEmail(ctx, message))
				if took := time.Since(begin); e.Code != "timeout" || e.Outcome != c.outcome || took != limit {
					t.Errorf("after %s: %v", took, e)
				}
			})
		})
	}
}

// Who gives up before there is a time limit to wait for cuts the line as well.
func TestSendIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far, near := net.Pipe() // nobody says anything at the other end
		defer far.Close()
		s, err := smtp.New(sallyport.Gateway{Settings: map[string]string{"host": "mail.test", "port": "25", "tls": "none", "sender": "door@northwind.example"}},
			nil, smtp.Options{DialPlain: func(context.Context, string, string) (net.Conn, error) { return near, nil }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { synctest.Wait(); cancel() }()
		if e := failure(t, s.SendEmail(ctx, message)); e.Outcome != sallyport.NotSent {
			t.Errorf("%+v", e)
		}
	})
}

// D8.7: without the TLS that was asked for nothing is said, the password least of all.
func TestD8_7_NoFallback(t *testing.T) {
	settings := func(port, mode string) map[string]string {
		return map[string]string{"host": "127.0.0.1", "port": port, "tls": mode, "user": "door", "sender": "door@northwind.example"}
	}
	certificate := httptest.NewTLSServer(nil)
	defer certificate.Close()
	wrong := &tls.Config{Certificates: certificate.TLS.Certificates}
	login := accepting(map[string]string{"EHLO": "250-mail.test\r\n250-AUTH PLAIN\r\n250 STARTTLS", "STARTTLS": ""})
	for name, c := range map[string]struct {
		mode string
		talk func(*server, net.Conn)
	}{
		"STARTTLS stripped":          {"starttls", script("220 hi\r\n", accepting(map[string]string{"EHLO": "250-mail.test\r\n250 AUTH PLAIN LOGIN"}))},
		"STARTTLS refused":           {"starttls", script("220 hi\r\n", accepting(map[string]string{"EHLO": "250-mail.test\r\n250-AUTH PLAIN\r\n250 STARTTLS", "STARTTLS": "454 no"}))},
		"only HELO":                  {"starttls", script("220 hi\r\n", accepting(map[string]string{"EHLO": "500 what"}))},
		"plain text at the TLS port": {"implicit", script("220 hi\r\n", accepting(nil))},
		"wrong certificate":          {"implicit", func(_ *server, conn net.Conn) { tls.Server(conn, wrong).Handshake() }},
		"wrong certificate after STARTTLS": {"starttls", func(s *server, conn net.Conn) {
			script("220 hi\r\n", login)(s, conn)
			fmt.Fprint(conn, "220 go on\r\n")
			script("", login)(s, tls.Server(conn, wrong))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.talk)
			if e := failure(t, with(t, settings(s.port, c.mode)).SendEmail(short(t), message)); e.Code != "tls" || e.Outcome != sallyport.NotSent {
				t.Errorf("got %v", e)
			}
			for _, word := range []string{"AUTH", "MAIL", "DATA", "004217"} {
				if strings.Contains(s.heard(), word) {
					t.Errorf("said in plain text: %s", s.heard())
				}
			}
		})
	}
}

// A server that asks for no password, or takes one only in ways of its own, is not one whose line broke.
func TestNoLogin(t *testing.T) {
	certificate := httptest.NewTLSServer(nil)
	defer certificate.Close()
	for _, offers := range []string{"250-mail.test\r\n250 8BITMIME", "250-mail.test\r\n250 AUTH XOAUTH2"} {
		s := serve(t, func(s *server, conn net.Conn) {
			script("220 hi\r\n", accepting(map[string]string{"EHLO": offers}))(s, tls.Server(conn, &tls.Config{Certificates: certificate.TLS.Certificates}))
		})
		o := options(nil)
		o.Roots = x509.NewCertPool()
		o.Roots.AddCert(certificate.Certificate())
		sender, err := smtp.New(sallyport.Gateway{Settings: map[string]string{"host": "127.0.0.1", "port": s.port, "tls": "implicit", "user": "door", "sender": "door@northwind.example"}},
			map[string]string{"password": "hunter2hunter2"}, o)
		if err != nil {
			t.Fatal(err)
		}
		if e := failure(t, sender.SendEmail(short(t), message)); e.Code != "auth" || !e.Permanent || e.Outcome != sallyport.NotSent || strings.Contains(s.heard(), "MAIL") {
			t.Errorf("%q: got %v, %s", offers, e, e.Hint)
		}
	}
}

// D8.6: nothing in an address, a subject or an ID begins a header or a command of its own.
func TestD8_6_AtSend(t *testing.T) {
	s := serve(t, script("220 hi\r\n", accepting(nil)))
	to := func(address string) sallyport.Email { m := message; m.To = address; return m }
	for _, m := range []sallyport.Email{
		to("a@x>\r\nDATA\r\nhello"), to("\"a\r\nBcc: b\"@x.example"), to("a@x.example\nBcc: b@x.example"), to("a@x.example, b@x.example"),
		to("Dana <a@x.example>"), to("=?utf-8?q?a=0D=0ABcc:_b?=@x.example"), to("dána@x.example"), to(strings.Repeat("a", 65) + "@x.example"),
		to("a@" + strings.Repeat("x", 250) + ".example"), to(""), to("a"), to("@x.example"), to("a@x.example\x00"), to("a b@x.example"), to("\"a\"@x.example"), to("a@[127.0.0.1]"),
		{ID: "id\r\nBcc: b", To: "a@x.example", Subject: "s"}, {ID: "", To: "a@x.example"}, {ID: "a", To: "a@x.example", Subject: "s\r\nBcc: b@x.example"},
		{ID: "a", To: "a@x.example", Subject: "s\u2028Bcc: b"},
	} {
		if e := failure(t, plain(t, s.port).SendEmail(short(t), m)); e.Outcome != sallyport.NotSent || !e.Permanent {
			t.Errorf("%q: %v", m.To, e)
		}
	}
	if s.heard() != "" {
		t.Errorf("the server was spoken to: %s", s.heard())
	}
	m := message
	m.Subject, m.Text = "=?utf-8?q?x=0D=0ABcc:_b@x.example?=", "Subject: y\r\n.\r\nMAIL FROM:<x>\r\n"
	if err := plain(t, s.port).SendEmail(short(t), m); err != nil {
		t.Fatal(err)
	}
	if strings.Count(s.heard(), "\nMAIL FROM:<d") != 1 || strings.Contains(s.heard(), "\nBcc") || strings.Count(s.heard(), "\nRCPT") != 1 {
		t.Errorf("the text spoke for itself:\n%s", s.heard())
	}
}

func TestSettingsThatWouldTellThePassword(t *testing.T) {
	for name, settings := range map[string]map[string]string{
		"password in plain text": {"host": "mail.test", "port": "25", "tls": "none", "user": "u", "sender": "a@x.example"},
		"unknown mode":           {"host": "mail.test", "port": "25", "tls": "opportunistic", "sender": "a@x.example"},
		"no mode":                {"host": "mail.test", "port": "25", "sender": "a@x.example"},
		"sender with a header":   {"host": "mail.test", "port": "25", "tls": "starttls", "sender": "a@x.example", "sender_name": "a\r\nBcc: b"},
		"sender is a list":       {"host": "mail.test", "port": "25", "tls": "starttls", "sender": "a@x.example,b@x.example"},
	} {
		if _, err := smtp.New(sallyport.Gateway{Settings: settings}, nil, options(nil)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
