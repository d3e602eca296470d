package attack

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/app"
	"sallyport/internal/config"
	"sallyport/internal/control"
	"sallyport/internal/store"
	"sallyport/internal/testkit/database"
	"sallyport/internal/testkit/hashing"
	"sallyport/internal/testkit/logs"
	"sallyport/internal/testkit/postgres"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
	"sallyport/internal/testkit/wait"
)

// patience bounds every wait, so that a hang ends as a failure.
const patience = time.Minute

// The cases are tried on each engine; see package database. On PostgreSQL a house has two nodes, which browsers are led to
// in turn, as by a load balancer without sticky sessions.
func TestMain(m *testing.M) { database.Main(m) }

// house is the assembled server of one organisation with the servers behind it.
type house struct {
	t     testing.TB
	app   *app.App   // the first node
	nodes []*app.App // all of them
	URL   string     // what browsers are told
	bases []string   // where the nodes really listen
	turn  atomic.Uint64
	data  string          // of the first node
	host  *control.Client // commands on the host
	log   *logs.Buffer
	mail  *mailbox
	texts *phoneNetwork
	ahead *atomic.Int64 // nanoseconds that the server's clock is ahead of the machine's
	stop  func()
	ends  []func() // of the nodes

	database      string // address; empty for SQLite
	databaseAhead func(time.Duration)

	kept   *canaries // nil: nothing is kept
	public *url.URL
}

// plan says how a house differs from the usual one.
type plan struct {
	flags    map[string]string
	empty    bool // no gateway, no people: the very first start
	settings func(*sallyport.Settings)
	people   func(*team.Folder)
}

func build(t testing.TB, p plan) *house {
	t.Helper()
	h := newHouse(t)
	if !p.empty {
		folder, err := team.MakeOn(t.Context(), h.data, h.database)
		h.check(err)
		h.check(folder.Set(t.Context(), func(s *sallyport.Settings) {
			s.Organisation = "Northwind IT"
			if p.settings != nil {
				p.settings(s)
			}
		}))
		h.gateways(folder)
		if p.people != nil {
			p.people(folder)
		}
		h.check(folder.Close())
	}
	h.serve(p.flags)
	return h
}

// aboutRequests are the groups of cases that are decided before any database is asked.
var aboutRequests = regexp.MustCompile(`^Test(D4|D5|D9)_`)

func newHouse(t testing.TB) *house {
	if aboutRequests.MatchString(t.Name()) {
		database.OnlySQLite(t, "about requests, whatever the database")
	}
	h := &house{t: t, data: filepath.Join(t.TempDir(), "data"), log: &logs.Buffer{}, mail: newMailbox(t), texts: newPhoneNetwork(t), ahead: &atomic.Int64{}}
	if database.OnPostgres() {
		h.on(postgres.Database(t))
	}
	return h
}

// serve opens the folder and answers until stop, or until the test ends.
func (h *house) serve(flags map[string]string) {
	h.t.Helper()
	all := map[string]string{"data": h.data, "listen": "127.0.0.1:0", "operations": "127.0.0.1:0", "allowed_networks": "127.0.0.0/8", "requests_per_second": "0"}
	maps.Copy(all, flags)
	h.nodes, h.bases = nil, nil
	if flags["public_url"] != "" || h.database != "" { // then only this says where it listens
		all["listen"] = h.free()
	}
	if h.database != "" {
		all["database"] = h.database
		if flags["public_url"] == "" {
			_, port, _ := net.SplitHostPort(all["listen"])
			all["public_url"] = "http://localhost:" + port
		}
	}
	h.node(all)
	h.app, h.URL, h.host, h.stop = h.nodes[0], h.nodes[0].URL(), control.Remote(h.data), sync.OnceFunc(h.stopped)
	h.t.Cleanup(h.stop)
	var err error
	h.public, err = url.Parse(h.URL)
	h.check(err)
	if h.database != "" {
		h.second(all)
	}
}

// node starts one node.
func (h *house) node(flags map[string]string) {
	h.t.Helper()
	loaded, err := config.Load(config.Sources{Lookup: func(string) (string, bool) { return "", false }, Flags: flags})
	h.check(err)
	now := func() time.Time { return time.Now().Add(time.Duration(h.ahead.Load())) }
	a, err := app.New(h.t.Context(), loaded.Config, app.Options{Now: now, Derive: hashing.Derive,
		Log: slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	h.check(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	h.ends = append(h.ends, func() {
		cancel()
		if err := <-ended; err != nil {
			h.t.Errorf("the server ended with %v", err)
		}
	})
	base := a.URL()
	if flags["public_url"] != "" {
		base = "http://" + flags["listen"]
	}
	h.nodes, h.bases = append(h.nodes, a), append(h.bases, base)
}

// stopped stops every node.
func (h *house) stopped() {
	for _, end := range h.ends {
		end()
	}
	h.ends = nil
}

// free is an address that nobody listens on.
func (h *house) free() string {
	h.t.Helper()
	port, err := server.FreePort()
	h.check(err)
	return "127.0.0.1:" + strconv.Itoa(port)
}

// gateways puts both ways out into the folder, as proved.
func (h *house) gateways(folder *team.Folder) {
	h.t.Helper()
	ctx, now := h.t.Context(), time.Now()
	host, port, _ := net.SplitHostPort(h.mail.address)
	h.check(folder.DB.Write(ctx, func(tx *store.Tx) error {
		return errors.Join(
			tx.PutGateway(ctx, sallyport.Gateway{Channel: sallyport.ChannelEmail, Slot: "live", Kind: sallyport.GatewaySMTP, Version: 1, ProvedAt: now,
				ChangedAt: now, Settings: map[string]string{"host": host, "port": port, "tls": "none", "sender": "door@northwind.example"}}),
			tx.PutGateway(ctx, sallyport.Gateway{Channel: sallyport.ChannelSMS, Slot: "live", Kind: sallyport.GatewayHTTP, Version: 1, ProvedAt: now,
				ChangedAt: now, Settings: map[string]string{"url": h.texts.URL, "method": "POST", "format": "json",
					"body": `{"to":"{to}","text":"{text}"}`, "bad_text": "ERROR"}}))
	}))
}

func (h *house) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// add puts one member into the folder; with Email or Text Message as one who has proved it.
func add(t testing.TB, f *team.Folder, name string, role sallyport.RoleID, method sallyport.Method) team.Member {
	t.Helper()
	return change(t, f, addPlain(t, f, name, role, method), func(m *sallyport.Technician) {
		if method == sallyport.MethodText {
			m.Phone = "+12125550107"
		}
	})
}

func addPlain(t testing.TB, f *team.Folder, name string, role sallyport.RoleID, method sallyport.Method) team.Member {
	t.Helper()
	members, err := f.Add(t.Context(), team.Spec{Name: name, Role: role, Method: method})
	if err != nil {
		t.Fatal(err)
	}
	return members[0]
}

// change edits a member in the folder, and proves the mailbox or number of the method.
func change(t testing.TB, f *team.Folder, m team.Member, edit func(*sallyport.Technician)) team.Member {
	t.Helper()
	edit(&m.Technician)
	ctx := t.Context()
	err := f.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.UpdateTechnician(ctx, m.Technician); err != nil {
			return err
		}
		again, err := tx.Technician(ctx, m.ID)
		if err != nil {
			return err
		}
		m.Technician = again
		address := map[sallyport.Method]string{sallyport.MethodEmail: m.Email, sallyport.MethodText: m.Phone}[m.Method]
		if address == "" {
			return nil
		}
		return tx.PutFactor(ctx, sallyport.Factor{Technician: m.ID, Kind: m.Method, Address: address, ProvedAt: time.Now(), UsedAt: time.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// signedIn gives each member a live session.
func signedIn(t testing.TB, f *team.Folder, members ...team.Member) []string {
	t.Helper()
	tokens, err := f.SignIn(t.Context(), members...)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(tokens))
	for i, token := range tokens {
		out[i] = token.Reveal()
	}
	return out
}

// eventually waits until the condition holds.
func (h *house) eventually(what string, holds func() bool) {
	h.t.Helper()
	wait.Until(h.t, holds, "it never came to this: %s", what)
}
