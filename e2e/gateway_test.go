package e2e

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/internal/testkit/browser"
	"sallyport/internal/testkit/kannel"
	"sallyport/internal/testkit/mailserver"
	"sallyport/internal/testkit/server"
)

// TestRealGateways: the program as it is shipped, with a mail server and a text-message gateway that nobody here wrote.
// A Super Admin sets up Postfix and proves it with the code that a mail client reads from Dovecot, then Kannel with the
// code that the phone shows; then a technician with each of the two methods gets in with the codes that arrive there.
func TestRealGateways(t *testing.T) {
	p := browser.New(t).Page()
	d := newDepot(t)
	d.start() // knows nothing of who signed the mail server's certificate
	d.firstSuperAdmin(p)
	d.proveMail(p)
	d.proveTexts(p)
	for _, g := range []guest{
		{first: "Dana", email: "dana@northwind.example", method: "Send Verification Code via Email", code: func(d *depot) string { return d.mailedCode("dana@northwind.example") },
			setUp: "Set up codes by email", page: "Check your email", field: "6-digit code from the email"},
		{first: "Ilya", email: "ilya@northwind.example", method: "Send Verification Code via Text Message", code: func(d *depot) string { return d.textedCode("+12125550107") },
			setUp: "Set up codes by text message", page: "Check your text messages", field: "6-digit code from the text message"},
	} {
		d.signInFirst(p, g)
	}
}

// depot is the program as a process of its own, between a real mail server and a real text-message gateway.
type depot struct {
	*server.Server
	t      *testing.T
	binary string
	data   string
	port   int
	log    *os.File
	mail   *mailserver.Server
	phone  *kannel.Gateway
	read   map[int]bool // messages of the mailbox that were looked for and found
}

func newDepot(t *testing.T) *depot {
	t.Helper()
	d := &depot{t: t, mail: mailserver.Start(t), phone: kannel.Start(t), data: filepath.Join(t.TempDir(), "data"), read: map[int]bool{}}
	var err error
	d.binary, err = server.Build(t.Context(), t.TempDir())
	d.check(err)
	d.port, err = server.FreePort()
	d.check(err)
	d.log, err = os.Create(filepath.Join(t.TempDir(), "log"))
	d.check(err)
	t.Cleanup(func() {
		if text, _ := os.ReadFile(d.log.Name()); t.Failed() {
			t.Logf("the server said:\n%s", text)
		}
		d.log.Close()
	})
	return d
}

func (d *depot) check(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// start runs the server until the test ends, or until stop.
func (d *depot) start(env ...string) {
	d.t.Helper()
	var err error
	d.Server, err = server.Start(d.binary, d.data, d.port, d.log, append(env, "SALLYPORT_ALLOWED_NETWORKS=127.0.0.0/8, ::1")...)
	d.check(err)
	d.t.Cleanup(d.Kill)
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	d.check(d.Ready(ctx))
}

// stop asks the server to end, and does not wait for ever.
func (d *depot) stop() {
	d.t.Helper()
	late := time.AfterFunc(patience, d.Kill)
	defer late.Stop()
	d.check(d.Stop())
}

func (d *depot) firstSuperAdmin(p *browser.Page) {
	d.t.Helper()
	link, err := os.ReadFile(filepath.Join(d.data, "set-up-link"))
	d.check(err)
	p.Open(strings.TrimSpace(string(link)))
	p.Fill("First name", "Mara")
	p.Fill("Last name", "Voss")
	p.Fill("User name", "mara@northwind.example")
	p.Fill("Business email", "mara@northwind.example")
	p.Fill("Password", "harbour kettle violin 9")
	p.Click("Continue")
	p.WaitText("Set up your authenticator app")
	key := browser.Eval[string](p, `document.querySelector("a[href^='otpauth:']").href.match(/secret=([A-Z2-7]+)/)[1]`)
	p.Fill("Type the 6 digits it shows", phone{d.t, key}.now())
	p.Click("Finish and sign in")
	p.WaitText("Save your recovery codes")
	p.Click("I have saved them, continue")
	p.WaitText("There is only one Super Admin")
}

// proveMail enters the mail server with STARTTLS. Its certificate is refused until the operator lets the program trust
// who signed it, its password is refused while it is wrong, and then the code of the mailbox puts it in use.
func (d *depot) proveMail(p *browser.Page) {
	d.t.Helper()
	p.Open(d.URL + "/admin/email")
	p.Fill("Host", d.mail.Host)
	p.Fill("Port", d.mail.Submission)
	p.Fill("#tls", "starttls")
	p.Fill("#user", d.mail.User)
	p.Fill("#password", "not the password")
	p.Fill("Sender address", "door@northwind.example")
	p.Click("Save as draft")
	p.WaitText("Saved as a draft")
	p.Fill("#to", "mara@northwind.example")
	p.Click("Send test message")
	p.WaitText("The mail server's TLS or certificate is not in order, so nothing was sent.")

	d.stop()
	d.start("SSL_CERT_FILE=" + d.mail.Certificate)
	p.Open(d.URL + "/admin/email") // still signed in
	p.Click("Send test message")
	p.WaitText("refused Sallyport's user name or password.")

	p.Click("Change the draft")
	p.Fill("#password", d.mail.Password)
	p.Click("Save as draft")
	p.WaitText("Saved as a draft")
	p.Fill("#to", "mara@northwind.example")
	p.Click("Send test message")
	p.WaitText("Type the code that arrived")
	code := d.mailedCode("mara@northwind.example")
	p.Fill("Code", other(code))
	p.Click("Use these settings")
	p.WaitText("That code is not right. 2 tries left.")
	p.Fill("Code", code)
	p.Click("Use these settings")
	p.WaitText("Proved, and in use from now on. The method Email can be chosen.")
}

func (d *depot) proveTexts(p *browser.Page) {
	d.t.Helper()
	p.Open(d.URL + "/admin/sms?kind=kannel")
	p.Fill("Address", d.phone.URL)
	p.Fill("#user", d.phone.User)
	p.Fill("#password", d.phone.Password)
	p.Fill("Sender", "Northwind")
	p.Click("Save as draft")
	p.WaitText("Saved as a draft")
	p.Fill("#to", "+12125550100")
	p.Click("Send test message")
	p.WaitText("Type the code that arrived")
	p.Fill("Code", d.textedCode("+12125550100"))
	p.Click("Use these settings")
	p.WaitText("Proved, and in use from now on. The method Text Message can be chosen.")
}

// guest is a technician whom Mara adds, and the words of the pages that his method leads him through.
type guest struct {
	first, email, method string
	code                 func(*depot) string
	setUp, page, field   string
}

// signInFirst adds a technician at Mara's desk, and he follows the mail in a browser of his own: in with the first code,
// out, and in again with a fresh one.
func (d *depot) signInFirst(desk *browser.Page, g guest) {
	d.t.Helper()
	desk.Open(d.URL + "/admin/technicians/new")
	desk.Fill("First name", g.first)
	desk.Fill("Business email", g.email)
	desk.Fill("Phone", "+1 212 555 0107")
	desk.Fill("Role", "Read-only Technician")
	desk.Check(g.method)
	desk.Click("[data-save]")
	desk.WaitText("The invitation is on its way to " + g.email)

	p := browser.New(d.t).Page()
	p.Open(d.mailed(g.email, regexp.MustCompile(`(?m)^(http://localhost:\d+/invitation/[A-Za-z0-9_-]{43})$`)))
	p.Fill("Password", danasPassword)
	p.Click("Continue")
	p.WaitText(g.setUp)
	first := g.code(d)
	p.Fill(g.field, first)
	p.Click("Finish and sign in")
	p.WaitText("Save your recovery codes")
	p.Click("I have saved them, continue")
	p.WaitText("Your account")
	p.Click("Sign out")
	p.Click("Sign in again")
	p.Fill("User name", g.email)
	p.Fill("Password", danasPassword)
	p.Click("Continue")
	p.WaitText(g.page)
	code := g.code(d)
	if first != code { // one in a million
		p.Fill(g.field, first)
		p.Click("Sign in")
		p.WaitText("That code is not right. 2 tries left.")
	}
	p.Fill(g.field, code)
	p.Click("Sign in")
	p.WaitText("Your account")
}

// mailed is what a mail client finds, in the first message to a mailbox that holds it and was not used here before.
func (d *depot) mailed(to string, what *regexp.Regexp) string {
	d.t.Helper()
	for n := 0; ; {
		all := d.mail.Inbox(d.t, n)
		for i, m := range all {
			found := what.FindStringSubmatch(m.Text)
			if !d.read[i] && m.Header.Get("To") == "<"+to+">" && found != nil {
				d.read[i] = true
				if way := m.Header.Get("Received"); !strings.Contains(way, "with ESMTPSA") { // RFC 3848: over TLS, authenticated
					d.t.Errorf("the mail server took it %q", way)
				}
				return found[1]
			}
		}
		n = len(all) + 1
	}
}

func (d *depot) mailedCode(to string) string {
	d.t.Helper()
	return d.mailed(to, regexp.MustCompile(`(?m)^(\d{6})$`))
}

// textedCode is what the phone fills in by itself: the last line, which is bound to the server's name.
func (d *depot) textedCode(to string) string {
	d.t.Helper()
	text := d.phone.Phone(d.t, "@localhost #")
	found := regexp.MustCompile(`@localhost #(\d{6})`).FindStringSubmatch(text)
	if found == nil || !strings.Contains(text, to) {
		d.t.Fatalf("the phone of %s shows %q", to, text)
	}
	return found[1]
}

// other is a code that is surely not this one.
func other(code string) string {
	if code == "000000" {
		return "111111"
	}
	return "000000"
}
