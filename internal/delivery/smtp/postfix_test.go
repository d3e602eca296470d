package smtp_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/delivery/dial"
	"sallyport/internal/delivery/smtp"
	"sallyport/internal/testkit/mailserver"
)

func settings(server *mailserver.Server, mode string) sallyport.Gateway {
	port := server.Submission
	if mode == smtp.Implicit {
		port = server.SMTPS
	}
	return sallyport.Gateway{Channel: sallyport.ChannelEmail, Kind: sallyport.GatewaySMTP, Settings: map[string]string{
		"host": server.Host, "port": port, "tls": mode, "user": server.User, "sender": "door@northwind.example", "sender_name": "Northwind IT – Tür"}}
}

func newSender(t *testing.T, server *mailserver.Server, mode, password string) *smtp.Sender {
	t.Helper()
	s, err := smtp.New(settings(server, mode), map[string]string{"password": password}, options(server))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func options(server *mailserver.Server) smtp.Options {
	d := loopback()
	o := smtp.Options{Dial: d.DialContext, DialPlain: d.DialPlain, Hello: "login.northwind.example"}
	if server != nil {
		o.Roots = server.Roots
	}
	return o
}

func loopback() *dial.Dialer { return dial.New(dial.Options{Allowed: loopbackNets}) }

func short(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestPostfixTakesAndDovecotShows(t *testing.T) {
	server := mailserver.Start(t)
	for i, mode := range []string{smtp.StartTLS, smtp.Implicit} {
		id := sallyport.NewID()
		m := sallyport.Email{ID: id, To: "dana@northwind.example", Subject: "Your Northwind IT sign-in code",
			Text: "Grüße,\n\n004217\n\n.\nA line after a lonely dot.\n"}
		if err := newSender(t, server, mode, server.Password).SendEmail(short(t), m); err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
		got := server.Inbox(t, i+1)[i]
		if got.Subject != m.Subject || got.Text != m.Text {
			t.Errorf("%s: the mailbox shows %q and %q", mode, got.Subject, got.Text)
		}
		from, err := got.Header.AddressList("From")
		if err != nil || from[0].Name != "Northwind IT – Tür" || from[0].Address != "door@northwind.example" {
			t.Errorf("%s: From is %v, %v", mode, from, err)
		}
		if want := "<" + id + "@northwind.example>"; got.Header.Get("Message-Id") != want {
			t.Errorf("%s: Message-ID is %s", mode, got.Header.Get("Message-Id"))
		}
		if got.Header.Get("Auto-Submitted") != "auto-generated" || got.Header.Get("User-Agent") != "" || got.Header.Get("X-Mailer") != "" {
			t.Errorf("%s: headers are %v", mode, got.Header)
		}
		if !strings.Contains(got.Header.Get("Received"), "TLS") || !strings.Contains(got.Raw, "login.northwind.example") {
			t.Errorf("%s: it came without TLS or under another name: %s", mode, got.Header.Get("Received"))
		}
	}
}

func TestPostfixRefuses(t *testing.T) {
	server := mailserver.Start(t)
	wrongRoots := options(server)
	wrongRoots.Roots = nil
	stranger, err := smtp.New(settings(server, smtp.StartTLS), map[string]string{"password": server.Password}, wrongRoots)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		sender *smtp.Sender
		to     string
		want   string
	}{
		"wrong password":          {newSender(t, server, smtp.StartTLS, "wrong"), "dana@northwind.example", "auth"},
		"certificate of a nobody": {stranger, "dana@northwind.example", "tls"},
		"mailbox of nowhere":      {newSender(t, server, smtp.Implicit, server.Password), "dana@no-such-domain.invalid", "bad_address"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.sender.SendEmail(short(t), sallyport.Email{ID: "x1", To: c.to, Subject: "s", Text: "t"})
			var e *sallyport.SendError
			if !errors.As(err, &e) || e.Outcome != sallyport.NotSent || e.Code != c.want || e.Hint == "" {
				t.Fatalf("got %+v", err)
			}
			if strings.Contains(err.Error(), server.Password) || strings.Contains(err.Error(), "wrong") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}
