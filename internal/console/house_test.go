package console_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/console"
	"sallyport/internal/delivery"
	"sallyport/internal/identity"
	"sallyport/internal/keyring"
	"sallyport/internal/ledger"
	"sallyport/internal/store"
	"sallyport/internal/testkit/clock"
	"sallyport/internal/testkit/database"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

type notices struct{ d *delivery.Service }

func (n notices) Notice(kind account.NoticeKind, to string, data account.NoticeData) (sallyport.OutboxMessage, error) {
	return n.d.Compose(delivery.NoticeKind(kind), to, delivery.NoticeData(data))
}

// post is the mail server and the telephone network: it takes every message, or refuses all.
type post struct {
	mu    sync.Mutex
	texts []string
	fail  error
}

func (p *post) take(text string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return p.fail
	}
	p.texts = append(p.texts, text)
	return nil
}

func (p *post) SendEmail(_ context.Context, m sallyport.Email) error { return p.take(m.Text) }
func (p *post) SendText(_ context.Context, m sallyport.Text) error   { return p.take(m.Text) }

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// code is the newest code that was sent.
func (p *post) code(t *testing.T) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.texts) == 0 {
		t.Fatal("nothing was sent")
	}
	return sixDigits.FindString(p.texts[len(p.texts)-1])
}

// sink is a sink that is down while it is told so.
type sink struct{ down error }

func (s *sink) Name() string { return "syslog:tls://logs.northwind.example:6514" }

func (s *sink) Send(context.Context, []sallyport.SinkRecord) error { return s.down }

type openNetwork struct{}

func (openNetwork) Permits(netip.Addr) bool      { return true }
func (openNetwork) PermitsPlain(netip.Addr) bool { return false }
func (openNetwork) AnyPlain() bool               { return false }

const public = "https://id.northwind.example"

// The pages are tried on each engine; see package database.
func TestMain(m *testing.M) { database.Main(m) }

// house is the Admin pages over the real use cases and a real database.
type house struct {
	t        *testing.T
	db       *store.DB
	clock    *clock.Clock
	post     *post
	console  *console.Console
	consoles []*console.Console
	ledger   *ledger.Service
	sink     *sink
	sites    []*web.Site // each with a console of its own, as nodes have; one on SQLite
	asked    int
	n        int
}

// site is one node after the other: no page may count on the one that came before.
func (h *house) site() *web.Site {
	h.asked++
	return h.sites[h.asked%len(h.sites)]
}

// keeper keeps things in the test's database.
type keeper struct{ db *store.DB }

func (k keeper) Keep(ctx context.Context, owner sallyport.TechnicianID, id string, value []byte, life time.Duration) error {
	return k.db.Write(ctx, func(tx *store.Tx) error { return tx.PutKept(ctx, owner, id, value, life) })
}

func (k keeper) Kept(ctx context.Context, owner sallyport.TechnicianID, id string) (value []byte, found bool, err error) {
	err = k.db.Read(ctx, func(tx *store.Tx) (err error) {
		value, err = tx.Kept(ctx, owner, id)
		return err
	})
	return value, len(value) > 0, err
}

func (k keeper) Claim(ctx context.Context, owner sallyport.TechnicianID, id string, value []byte, life time.Duration) (ok bool, err error) {
	err = k.db.Write(ctx, func(tx *store.Tx) (err error) {
		if ok, err = tx.ClaimKept(ctx, owner, id); err != nil || !ok {
			return err
		}
		return tx.PutKept(ctx, owner, id, value, life)
	})
	return ok, err
}

func (k keeper) Release(ctx context.Context, owner sallyport.TechnicianID, id string, value []byte, life time.Duration) error {
	return k.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.ReleaseKept(ctx, owner, id); err != nil {
			return err
		}
		return tx.PutKept(ctx, owner, id, value, life)
	})
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, clock: clock.New(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)), post: &post{}, sink: &sink{}}
	db := database.Open(t, h.clock)
	h.db = db
	ring, log := keyring.Generate(), slog.New(slog.NewTextHandler(io.Discard, nil))
	ways := delivery.New(delivery.Options{Store: store.For[delivery.Tx](db), Keys: ring, Network: openNetwork{}, PublicHost: "id.northwind.example", Now: h.clock.Now, Log: log,
		BuildEmail: func(sallyport.Gateway, map[string]string) (delivery.EmailSender, error) { return h.post, nil },
		BuildText:  func(sallyport.Gateway, map[string]string) (delivery.TextSender, error) { return h.post, nil }})
	pages, err := view.New()
	if err != nil {
		t.Fatal(err)
	}
	if h.ledger, err = ledger.New(ledger.Options{Store: store.For[ledger.Tx](db), Key: ring.SigningKey("audit head"), Origin: "sallyport-audit", Sinks: []ledger.Sink{h.sink}, Log: log}); err != nil {
		t.Fatal(err)
	}
	nodes := 1
	if db.Shared() {
		nodes = 2
	}
	for range nodes {
		accounts := account.New(account.Options{Store: store.For[account.Tx](db), Keys: ring, Notices: notices{ways}, PublicURL: public, Shared: db.Shared()})
		o := console.Options{Accounts: accounts, Gateways: ways, Ledger: h.ledger, Pages: pages, StepUp: "/confirm", Now: h.clock.Now}
		if db.Shared() {
			o.Keeper = keeper{db}
		}
		h.console = console.New(o)
		h.consoles = append(h.consoles, h.console)
		t.Cleanup(h.console.Close)
		site, err := web.New(web.Options{Public: public, Log: log, Identify: h.identify})
		if err != nil {
			t.Fatal(err)
		}
		site.Add(h.console.Routes()...)
		h.sites = append(h.sites, site)
	}
	return h
}

func (h *house) identify(ctx context.Context, token sallyport.Token) (v web.Visitor, err error) {
	hash, _ := token.Hash()
	err = h.db.Read(ctx, func(tx *store.Tx) error {
		v.Session, v.Technician, err = tx.Session(ctx, hash, time.Hour)
		return err
	})
	v.Role, _ = sallyport.RoleByID(v.Technician.Role)
	return v, err
}

func (h *house) write(f func(ctx context.Context, tx *store.Tx) error) {
	h.t.Helper()
	if err := h.db.Write(h.t.Context(), func(tx *store.Tx) error { return f(h.t.Context(), tx) }); err != nil {
		h.t.Fatal(err)
	}
}

// prove puts proved gateways in place.
func (h *house) prove(channels ...sallyport.Channel) {
	h.t.Helper()
	h.write(func(ctx context.Context, tx *store.Tx) error {
		for _, c := range channels {
			kind := map[sallyport.Channel]sallyport.GatewayKind{sallyport.ChannelEmail: sallyport.GatewaySMTP, sallyport.ChannelSMS: sallyport.GatewayHTTP}[c]
			g := sallyport.Gateway{Channel: c, Slot: "live", Kind: kind, Version: 1, Settings: map[string]string{"host": "mail.example", "sender": "a@mail.example"}, ProvedAt: h.clock.Now(), ChangedAt: h.clock.Now()}
			if err := tx.PutGateway(ctx, g); err != nil {
				return err
			}
		}
		return nil
	})
}

// add stores an active technician with a password and an app.
func (h *house) add(role sallyport.RoleID, edits ...func(*sallyport.Technician)) sallyport.Technician {
	h.t.Helper()
	h.n++
	name := fmt.Sprintf("person%d@northwind.example", h.n)
	display, key, skeleton, err := identity.UserName(name)
	if err != nil {
		h.t.Fatal(err)
	}
	p := sallyport.Technician{ID: sallyport.TechnicianID(sallyport.NewID()), FirstName: "Person", LastName: fmt.Sprint(h.n), UserName: display,
		UserNameKey: key, Skeleton: skeleton, Email: name, Role: role, Status: sallyport.Active, Method: sallyport.MethodApp, Generation: 1,
		Version: 1, Password: []byte("sealed"), PasswordAt: h.clock.Now(), CreatedAt: h.clock.Now()}
	for _, edit := range edits {
		edit(&p)
	}
	h.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertTechnician(ctx, p); err != nil || p.Status != sallyport.Active || p.Method != sallyport.MethodApp {
			return err
		}
		return tx.PutFactor(ctx, sallyport.Factor{Technician: p.ID, Kind: sallyport.MethodApp, Secret: []byte("sealed"), ProvedAt: h.clock.Now()})
	})
	return p
}

func (h *house) technician(id sallyport.TechnicianID) (t sallyport.Technician) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *store.Tx) (err error) {
		t, err = tx.Technician(h.t.Context(), id)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return t
}

func (h *house) sessions(id sallyport.TechnicianID) (n int) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *store.Tx) error {
		all, err := tx.SessionsOf(h.t.Context(), id)
		n = len(all)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// browser is somebody's browser: it keeps its cookie, and follows where it is sent.
type browser struct {
	*house
	token sallyport.Token
}

// signIn gives somebody a browser with a session whose proof is of this moment.
func (h *house) signIn(t sallyport.Technician) *browser {
	h.t.Helper()
	token := sallyport.NewToken()
	hash, _ := token.Hash()
	now := h.technician(t.ID)
	h.write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.CreateSession(ctx, sallyport.Session{Hash: hash, Technician: t.ID, Generation: now.Generation, Method: string(now.Method), Address: "192.0.2.7",
			Browser: "Firefox on Windows", CreatedAt: h.clock.Now(), UsedAt: h.clock.Now(), ProvedAt: h.clock.Now(), ExpiresAt: h.clock.Now().Add(12 * time.Hour)}, 0)
		return err
	})
	return &browser{h, token}
}

// page is an answer.
type page struct {
	t      *testing.T
	status int
	body   string
	at     string // where it was sent to, or where it is
	header http.Header
}

func (b *browser) do(r *http.Request) page {
	b.t.Helper()
	r.Host = "id.northwind.example"
	r.Header.Set("Accept", "text/html")
	r.Header.Set("User-Agent", "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0")
	if b.token != "" {
		r.AddCookie(&http.Cookie{Name: b.site().Cookies().Session.Name, Value: b.token.Reveal()})
	}
	if r.Method == http.MethodPost {
		r.Header.Set("Origin", public)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	w := httptest.NewRecorder()
	b.site().ServeHTTP(w, r)
	return page{b.t, w.Code, w.Body.String(), w.Header().Get("Location"), w.Header()}
}

func (b *browser) get(path string) page {
	b.t.Helper()
	path, _, _ = strings.Cut(path, "#") // which a browser keeps to itself
	p := b.do(httptest.NewRequest(http.MethodGet, path, http.NoBody))
	if p.status == http.StatusSeeOther {
		return p
	}
	p.at = path
	return p
}

// send posts fields, name and value in turn, and stays where the answer is.
func (b *browser) send(path string, fields ...string) page {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", web.FormType)
	return b.do(r)
}

// follow goes where a page sends, once.
func (b *browser) follow(p page) page {
	b.t.Helper()
	if p.status != http.StatusSeeOther {
		b.t.Fatalf("status %d, want a redirect:\n%s", p.status, p.words())
	}
	return b.get(p.at)
}

var tags = regexp.MustCompile(`(?s)<(script|style|head)\b.*?</(script|style|head)>|<[^>]*>`)

// words are what the page says, tags left out.
func (p page) words() string {
	text := tags.ReplaceAllString(strings.ReplaceAll(p.body, "<wbr>", ""), " ")
	text = strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&amp;", "&", "&#43;", "+").Replace(text)
	return strings.Join(strings.Fields(text), " ")
}

func (p page) wants(status int, texts ...string) page {
	p.t.Helper()
	if p.status != status {
		p.t.Fatalf("status %d, want %d:\n%s", p.status, status, p.words())
	}
	for _, text := range texts {
		if !strings.Contains(p.words(), text) {
			p.t.Fatalf("the page does not say %q:\n%s", text, p.words())
		}
	}
	return p
}

func (p page) lacks(texts ...string) page {
	p.t.Helper()
	for _, text := range texts {
		if strings.Contains(p.body, text) {
			p.t.Fatalf("the page holds %q", text)
		}
	}
	return p
}

// field is the value of an input of the page.
func (p page) field(name string) string {
	p.t.Helper()
	m := regexp.MustCompile(`<input[^>]* name="` + name + `"[^>]*>`).FindString(p.body)
	if m == "" {
		p.t.Fatalf("no field %q:\n%s", name, p.body)
	}
	v := regexp.MustCompile(` value="([^"]*)"`).FindStringSubmatch(m)
	if v == nil {
		return ""
	}
	return v[1]
}

// link is the first address on the page that ends so.
func (p page) link(end string) string {
	p.t.Helper()
	m := regexp.MustCompile(`href="([^"]*` + regexp.QuoteMeta(end) + `)"`).FindStringSubmatch(p.body)
	if m == nil {
		p.t.Fatalf("no link to …%s", end)
	}
	return m[1]
}
