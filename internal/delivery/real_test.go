package delivery_test

import (
	"context"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/delivery"
	"sallyport/internal/delivery/dial"
	gateway "sallyport/internal/delivery/kannel"
	"sallyport/internal/delivery/smtp"
	"sallyport/internal/keyring"
	"sallyport/internal/store"
	"sallyport/internal/testkit/kannel"
	"sallyport/internal/testkit/mailserver"
)

var loopbackOnly = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// overRealParts gives the world real gateways: what it sends goes out through Postfix or Kannel.
func (w *world) overRealParts(mail *mailserver.Server) {
	d := dial.New(dial.Options{Allowed: loopbackOnly})
	o := smtp.Options{Dial: d.DialContext, DialPlain: d.DialPlain, Hello: "login.northwind.example"}
	if mail != nil {
		o.Roots = mail.Roots
	}
	w.Service = delivery.New(delivery.Options{Store: store.For[delivery.Tx](w.db), Keys: keyring.Generate(), Now: w.clock.Now, PublicHost: "login.northwind.example", Network: d,
		BuildEmail: func(g sallyport.Gateway, secrets map[string]string) (delivery.EmailSender, error) {
			return smtp.New(g, secrets, o)
		},
		BuildText: func(g sallyport.Gateway, secrets map[string]string) (delivery.TextSender, error) {
			return gateway.New(g, secrets, d.Client(nil))
		}})
}

// sent waits until the test message is no longer on its way.
func (w *world) sent(t *testing.T, channel sallyport.Channel) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		v, err := w.Settings(ctx, w.boss, channel)
		if err != nil {
			t.Fatal(err)
		}
		if v.Test != nil && v.Test.State != sallyport.Sending {
			return
		}
	}
	t.Fatal("the test message is on its way for ever")
}

// From the form to the phone: Kannel is saved, tested, proved by the code that the phone shows, and sends a code.
func TestSMSSettingsOverKannel(t *testing.T) {
	k := kannel.Start(t)
	w := newWorld(t)
	w.overRealParts(nil)
	form := delivery.Form{Channel: sallyport.ChannelSMS, Kind: sallyport.GatewayKannel,
		Values: map[string]string{"url": k.URL, "user": k.User, "password": k.Password, "from": "Northwind"}}
	if _, err := w.SaveDraft(t.Context(), w.boss, form); err != nil {
		t.Fatal(err)
	}
	if err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelSMS}, "+12025550100"); err != nil {
		t.Fatal(err)
	}
	w.sent(t, sallyport.ChannelSMS)
	host, code, ok := bound(k.Phone(t, "@login"))
	if !ok || host != "login.northwind.example" {
		t.Fatalf("bound to %q, %v", host, ok)
	}
	if err := w.ConfirmTest(t.Context(), w.boss, sallyport.ChannelSMS, code); err != nil {
		t.Fatal(err)
	}
	err := w.SendCode(t.Context(), delivery.CodeMessage{Channel: sallyport.MethodText, To: "+12025550103", Code: "004217", Life: 3 * time.Minute, Organisation: "Northwind IT"})
	if err != nil {
		t.Fatal(err)
	}
	if got := k.Phone(t, "@login"); !strings.Contains(got, "+12025550103") || !strings.Contains(got, "004217 is your Northwind IT sign-in code.") {
		t.Errorf("the phone shows %q", got)
	}
}

// From the form to the mailbox: Postfix with STARTTLS is saved, tested, proved by the code in the mailbox, and carries
// a code at once and an invitation through the outbox.
func TestEmailSettingsOverPostfix(t *testing.T) {
	mail := mailserver.Start(t)
	w := newWorld(t)
	w.overRealParts(mail)
	form := emailForm(map[string]string{"host": mail.Host, "port": mail.Submission, "tls": "starttls", "user": mail.User, "password": mail.Password, "sender": "door@northwind.example"})
	if _, err := w.SaveDraft(t.Context(), w.boss, form); err != nil {
		t.Fatal(err)
	}
	if err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, "mara@northwind.example"); err != nil {
		t.Fatal(err)
	}
	w.sent(t, sallyport.ChannelEmail)
	code := regexp.MustCompile(`(?m)^[0-9]{6}$`).FindString(mail.Inbox(t, 1)[0].Text)
	if err := w.ConfirmTest(t.Context(), w.boss, sallyport.ChannelEmail, code); err != nil {
		t.Fatal(err)
	}
	m, err := w.Compose(delivery.NoticeInvitation, "dana@northwind.example", invitation)
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, func(tx *store.Tx) error { return tx.InsertOutbox(t.Context(), m) })
	stop := w.run(t)
	defer stop()
	got := mail.Inbox(t, 2)[1]
	if got.Header.Get("To") != "<dana@northwind.example>" || got.Subject != "Your Northwind IT account" || !strings.Contains(got.Text, "\n"+invitation.Link+"\n") {
		t.Errorf("the mailbox shows %q to %q:\n%s", got.Subject, got.Header.Get("To"), got.Text)
	}
	if err := w.SendCode(t.Context(), delivery.CodeMessage{Channel: sallyport.MethodEmail, To: "dana@northwind.example", Code: "004217", Life: 3 * time.Minute, Organisation: "Northwind IT"}); err != nil {
		t.Fatal(err)
	}
	if got := mail.Inbox(t, 3)[2]; !strings.Contains(got.Text, "\n004217\n") || strings.Contains(got.Subject, "004217") {
		t.Errorf("the mailbox shows %q:\n%s", got.Subject, got.Text)
	}
}
