package ledger_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/keyring"
	"sallyport/internal/ledger"
	"sallyport/internal/store"
	"sallyport/internal/testkit/clock"
	"sallyport/internal/testkit/database"
	"sallyport/internal/testkit/postgres"
)

var host = sallyport.Actor{Kind: sallyport.ActorHost, Name: "uid 0 (root)", Client: sallyport.Client{Address: "this host"}}

// world is a log over a real database whose clock is set.
type world struct {
	*testing.T
	ctx    context.Context
	folder string
	keys   *keyring.Ring
	db     *store.DB
	log    *ledger.Service
	sinks  []ledger.Sink

	clock    *clock.Clock
	address  string // on PostgreSQL
	rehearse bool   // there: an attempt that is undone takes a number too
}

func TestMain(m *testing.M) { database.Main(m) }

func newWorld(t *testing.T, sinks ...ledger.Sink) *world { return worldWith(t, true, sinks...) }

func worldWith(t *testing.T, rehearse bool, sinks ...ledger.Sink) *world {
	w := &world{T: t, ctx: t.Context(), folder: t.TempDir(), keys: keyring.Generate(), sinks: sinks, clock: clock.New(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)), rehearse: rehearse}
	w.open()
	t.Cleanup(func() {
		if w.db != nil {
			_ = w.db.Close()
		}
	})
	return w
}

func (w *world) open() {
	w.Helper()
	o := store.Options{Folder: w.folder, Now: w.clock.Now}
	if database.OnPostgres() {
		if w.address == "" {
			w.address = postgres.Database(w.T)
			postgres.Follow(w.T, w.address, w.clock)
		}
		o = store.Options{Address: w.address, Patience: time.Hour, Rehearse: w.rehearse}
	}
	db, err := store.Open(w.ctx, o)
	w.ok(err)
	w.db = db
	w.log = w.service()
}

// service is one more process over the same database.
func (w *world) service() *ledger.Service {
	w.Helper()
	s, err := ledger.New(ledger.Options{Store: store.For[ledger.Tx](w.db), Key: w.keys.SigningKey("audit head"), Origin: "sallyport-audit-" + w.keys.ID(), Sinks: w.sinks})
	w.ok(err)
	return s
}

func (w *world) pass(d time.Duration) { w.clock.Add(d) }

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

var (
	mara = sallyport.Technician{ID: "mara-id", UserName: "mara@northwind.example"}
	dana = sallyport.Technician{ID: "dana-id", UserName: "dana@northwind.example"}
)

func as(t sallyport.Technician) sallyport.Actor {
	return sallyport.Actor{Kind: sallyport.ActorTechnician, ID: t.ID, Name: t.UserName, Client: sallyport.Client{Address: "203.0.113.7", Browser: "Firefox on Windows", RequestID: sallyport.NewID()}}
}

// write commits events, a second apart.
func (w *world) write(events ...sallyport.Event) {
	w.Helper()
	for _, e := range events {
		w.pass(time.Second)
		w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error { return tx.InsertEvent(w.ctx, e) }))
	}
}

// bulk commits n events in one transaction.
func (w *world) bulk(n int) {
	w.Helper()
	w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error {
		for i := range n {
			e := audit.New(audit.TechnicianEdited, as(mara)).On(dana).Changed(map[string]string{"phone": fmt.Sprint("+1", i)}, map[string]string{"phone": fmt.Sprint("+2", i)}).Because("moved").Event()
			if err := tx.InsertEvent(w.ctx, e); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (w *world) place() {
	w.Helper()
	w.ok(w.log.Place(w.ctx))
}

// head signs what is placed.
func (w *world) head() string {
	w.Helper()
	note, err := w.log.Head(w.ctx, host)
	w.ok(err)
	return note
}

func (w *world) verify(kept string) ledger.Report {
	w.Helper()
	r, err := w.log.Verify(w.ctx, host, []byte(kept))
	w.ok(err)
	return r
}

func (w *world) whole(kept string) ledger.Report {
	w.Helper()
	r := w.verify(kept)
	if r.First != nil {
		w.Fatalf("not whole: %+v", *r.First)
	}
	return r
}

func (w *world) tree() (t sallyport.Tree) {
	w.Helper()
	w.ok(w.db.Read(w.ctx, func(tx *store.Tx) (err error) {
		t, err = tx.Tree(w.ctx)
		return err
	}))
	return t
}

// nth is the number of the n-th event, which on PostgreSQL is not n: an attempt that is undone takes a number too.
func (w *world) nth(n int64) (id int64) {
	w.Helper()
	w.place()
	w.ok(w.db.Read(w.ctx, func(tx *store.Tx) error {
		leaves, err := tx.Leaves(w.ctx, n-1, 1)
		if err == nil && len(leaves) == 0 {
			w.Fatalf("there are not %d events", n)
		}
		id = leaves[0].ID
		return err
	}))
	return id
}

// behind does to the closed database what somebody with a shell could do, and opens it again.
func (w *world) behind(statements ...string) {
	w.Helper()
	w.ok(w.db.Close())
	w.statements(statements)
	w.open()
}

func (w *world) statements(statements []string) {
	w.Helper()
	driver, address := "sqlite", filepath.Join(w.folder, "sallyport.db")
	if database.OnPostgres() {
		driver, address = "pgx", w.address
	}
	raw, err := sql.Open(driver, address)
	w.ok(err)
	for _, s := range statements {
		if database.OnPostgres() {
			s = blob.ReplaceAllString(strings.ReplaceAll(s, "zeroblob(32)", "decode(repeat('00', 32), 'hex')"), `'\x$1'::bytea`)
		}
		_, err := raw.Exec(s)
		if err != nil {
			w.Fatalf("%s: %v", s, err)
		}
	}
	w.ok(raw.Close())
}

// blob is how SQLite writes bytes.
var blob = regexp.MustCompile(`x'([0-9a-f]*)'`)

// each fills in the names of all tables that the log has.
func each(patterns ...string) (statements []string) {
	for _, table := range []string{"event", "audit_hash", "audit_tree", "audit_head", "audit_sink"} {
		for _, p := range patterns {
			statements = append(statements, fmt.Sprintf(p, table))
		}
	}
	return statements
}

// snapshot copies the database, and restore puts the copy in its place.
func (w *world) snapshot() string {
	w.Helper()
	if database.OnPostgres() {
		w.behind(each(`CREATE TABLE old_%[1]s AS TABLE %[1]s`)...)
		return ""
	}
	path := filepath.Join(w.TempDir(), "old.db")
	w.ok(w.db.Backup(w.ctx, path))
	return path
}

func (w *world) restore(path string) {
	w.Helper()
	if database.OnPostgres() {
		w.behind(append(each(`DELETE FROM %[1]s`, `INSERT INTO %[1]s OVERRIDING SYSTEM VALUE SELECT * FROM old_%[1]s`),
			`SELECT setval(pg_get_serial_sequence('event', 'id'), max(id)) FROM event`)...)
		return
	}
	w.ok(w.db.Close())
	for _, name := range []string{"sallyport.db", "sallyport.db-wal", "sallyport.db-shm"} {
		if err := os.Remove(filepath.Join(w.folder, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			w.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	w.ok(err)
	w.ok(os.WriteFile(filepath.Join(w.folder, "sallyport.db"), text, 0o600))
	w.open()
}
