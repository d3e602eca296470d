package e2e

import (
	"context"
	"io"
	"log/slog"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/app"
	"sallyport/internal/config"
	"sallyport/internal/control"
	"sallyport/internal/store"
	"sallyport/internal/testkit/browser"
	"sallyport/internal/testkit/hashing"
	"sallyport/internal/testkit/qr"
	"sallyport/internal/testkit/team"
	"sallyport/internal/testkit/totp"
	"sallyport/internal/testkit/wait"
)

// patience bounds every wait, so that a hang ends as a failure.
const patience = 30 * time.Second

// northwind is the assembled server of one organisation, with a mail server and a text-message gateway that keep what
// they are given.
type northwind struct {
	t     testing.TB
	URL   string
	app   *app.App
	host  *control.Client // commands on the host
	mails *post
	texts *post
	ahead atomic.Int64 // nanoseconds that the server's clock is ahead of the machine's
	leaps leaps
}

// leaps is a log that counts how often the server noticed that its clock was set.
type leaps struct{ seen atomic.Int64 }

func (l *leaps) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "the clock was set") {
		l.seen.Add(1)
	}
	return len(line), nil
}

// forward sets the server's clock ahead and waits until that was noticed: what was unfinished is over then.
func (n *northwind) forward(d time.Duration) {
	n.t.Helper()
	seen := n.leaps.seen.Load()
	n.ahead.Add(int64(d))
	wait.Until(n.t, func() bool { return n.leaps.seen.Load() != seen }, "the server does not notice that its clock was set")
}

// newNorthwind starts the server on a folder in which prepare has put people.
func newNorthwind(t testing.TB, prepare func(context.Context, *team.Folder)) *northwind {
	t.Helper()
	n := &northwind{t: t, mails: newPost(t), texts: newPost(t)}
	data := filepath.Join(t.TempDir(), "data")
	folder, err := team.Make(t.Context(), data)
	n.check(err)
	n.check(folder.Set(t.Context(), func(s *sallyport.Settings) { s.Organisation = "Northwind IT" }))
	n.check(n.gateways(folder))
	if prepare != nil {
		prepare(t.Context(), folder)
	}
	n.check(folder.Close())
	n.serve(data)
	return n
}

func (n *northwind) serve(data string) {
	n.t.Helper()
	loaded, err := config.Load(config.Sources{Lookup: func(string) (string, bool) { return "", false }, Flags: map[string]string{
		"data": data, "listen": "127.0.0.1:0", "operations": "off", "allowed_networks": "127.0.0.0/8", "requests_per_second": "0"}})
	n.check(err)
	a, err := app.New(n.t.Context(), loaded.Config, app.Options{Log: slog.New(slog.NewTextHandler(&n.leaps, nil)), Derive: hashing.Derive,
		Now: func() time.Time { return time.Now().Add(time.Duration(n.ahead.Load())) }})
	n.check(err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	n.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			n.t.Errorf("the server ended with %v", err)
		}
	})
	n.app, n.URL, n.host = a, a.URL(), control.Remote(data)
}

// gateways puts both ways out into the folder, as proved.
func (n *northwind) gateways(folder *team.Folder) error {
	ctx := n.t.Context()
	host, port, _ := net.SplitHostPort(n.mailServer())
	return folder.DB.Write(ctx, func(tx *store.Tx) error {
		err := tx.PutGateway(ctx, sallyport.Gateway{Channel: sallyport.ChannelEmail, Slot: "live", Kind: sallyport.GatewaySMTP, Version: 1, ProvedAt: time.Now(),
			ChangedAt: time.Now(), Settings: map[string]string{"host": host, "port": port, "tls": "none", "sender": "door@northwind.example"}})
		if err != nil {
			return err
		}
		return tx.PutGateway(ctx, sallyport.Gateway{Channel: sallyport.ChannelSMS, Slot: "live", Kind: sallyport.GatewayHTTP, Version: 1, ProvedAt: time.Now(),
			ChangedAt: time.Now(), Settings: map[string]string{"url": n.phoneNetwork(), "method": "POST", "format": "json", "body": `{"to":"{to}","text":"{text}"}`}})
	})
}

// mailServer takes every message, and gives its address.
func (n *northwind) mailServer() string {
	s := smtp.NewServer(n.mails)
	s.Domain = "localhost"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	n.check(err)
	go func() { _ = s.Serve(l) }() // ends with Close
	n.t.Cleanup(func() { _ = s.Close() })
	return l.Addr().String()
}

// phoneNetwork takes every text message, and gives its address.
func (n *northwind) phoneNetwork() string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		if err := n.texts.ready(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		n.texts.keep(string(text))
	}))
	n.t.Cleanup(s.Close)
	return s.URL
}

func (n *northwind) check(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// invite adds a technician on the host and returns the link that the invitation's email holds.
func (n *northwind) invite(form account.Form) string {
	n.t.Helper()
	var added account.Added
	n.check(n.host.Call(n.t.Context(), "technician/add", form, &added))
	if !added.Sent {
		n.t.Fatal("the invitation was not sent")
	}
	return n.mails.next(n.t, regexp.MustCompile(`http://localhost:\d+/invitation/[A-Za-z0-9_-]{43}`))
}

// firstLink is the address that serve would write to the terminal.
func (n *northwind) firstLink() string {
	n.t.Helper()
	link, made, err := n.app.FirstLink(n.t.Context())
	n.check(err)
	if !made || link == "" {
		n.t.Fatal("there is no first set-up address")
	}
	return link
}

// post keeps messages in the order in which they came, and gives each part that somebody looks for once.
type post struct {
	mu     sync.Mutex
	list   []string
	came   chan struct{}               // holds a token when something came since the last look
	before func(context.Context) error // what happens before a message is taken; nil: nothing
}

// meanwhile lets do happen before each message is taken: a wait, a refusal. nil takes messages at once again.
func (p *post) meanwhile(do func(context.Context) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before = do
}

// ready does what is to happen before a message is taken.
func (p *post) ready(ctx context.Context) error {
	p.mu.Lock()
	do := p.before
	p.mu.Unlock()
	if do == nil {
		return nil
	}
	return do(ctx)
}

func newPost(testing.TB) *post { return &post{came: make(chan struct{}, 1)} }

func (p *post) keep(text string) {
	p.mu.Lock()
	p.list = append(p.list, text)
	p.mu.Unlock()
	select {
	case p.came <- struct{}{}:
	default:
	}
}

// next waits for a message in which pattern is found, takes it out, and returns its first group, or all of the find.
func (p *post) next(t testing.TB, pattern *regexp.Regexp) string {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		if found := p.take(pattern); found != nil {
			return found[len(found)-1]
		}
		select {
		case <-p.came:
		case <-late.C:
			t.Fatalf("nothing came that holds %s; there is: %q", pattern, p.list)
		}
	}
}

func (p *post) take(pattern *regexp.Regexp) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, text := range p.list {
		if found := pattern.FindStringSubmatch(text); found != nil {
			p.list = append(p.list[:i], p.list[i+1:]...)
			return found
		}
	}
	return nil
}

// NewSession, Mail, Rcpt, Data, Reset and Logout are what go-smtp asks of a mail server.
func (p *post) NewSession(*smtp.Conn) (smtp.Session, error) { return p, nil }
func (p *post) Mail(string, *smtp.MailOptions) error        { return nil }
func (p *post) Rcpt(string, *smtp.RcptOptions) error        { return nil }
func (p *post) Reset()                                      {}
func (p *post) Logout() error                               { return nil }
func (p *post) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	if err := p.ready(context.Background()); err != nil {
		return err
	}
	text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	p.keep(strings.ReplaceAll(string(text), "\r\n", "\n"))
	return err
}

// code waits for the next code that was sent to the post.
func (p *post) code(t testing.TB) string {
	t.Helper()
	found := p.next(t, regexp.MustCompile(`(?:(?m:^)|#)(\d{6})(?:(?m:$)|")`))
	return found
}

// phone is somebody's authenticator app: the key that it took from a picture of the page.
type phone struct {
	t   testing.TB
	key string
}

// scan takes a picture of the page and reads the QR code on it as a phone would.
func scan(t testing.TB, p *browser.Page, width int, dark bool) phone {
	t.Helper()
	picture := filepath.Join(t.TempDir(), "page.png")
	p.Screenshot(picture, width, dark)
	uri := qr.ReadPicture(t, picture)
	key := regexp.MustCompile(`[?&]secret=([A-Z2-7]{32,})(&|$)`).FindStringSubmatch(uri)
	if !strings.HasPrefix(uri, "otpauth://totp/Northwind%20IT:") || key == nil {
		t.Fatalf("the QR code holds %q", uri)
	}
	return phone{t, key[1]}
}

// now are the digits that the app shows.
func (f phone) now() string { return totp.Digits(f.t, f.key, time.Now()) }

// later are the digits of half a minute later, which are taken already and, unlike the ones before, were not used yet.
func (f phone) later() string { return totp.Digits(f.t, f.key, time.Now().Add(30*time.Second)) }
