package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// world is an organisation and its servers: one on SQLite, or two on one PostgreSQL.
type world struct {
	t       testing.TB
	url     string // what browsers are told
	nodes   []*node
	phones  *phones
	members []team.Member
	admin   string // a session of an administrator

	ahead    atomic.Int64        // seconds
	database func(time.Duration) // sets the clock of PostgreSQL ahead; nil on SQLite
	pg       *postgres.Server
	db       *sql.DB  // on it
	users    []string // whom each node is for PostgreSQL
	trouble  trouble
	started  time.Time
}

func newWorld(t testing.TB, shared bool) *world {
	t.Helper()
	w := &world{t: t, started: time.Now()}
	w.phones = newPhones(t, w.now)
	folder, port := filepath.Join(t.TempDir(), "data"), w.port()
	w.url = "http://localhost:" + strconv.Itoa(port)
	if !shared {
		w.fill(folder, "")
		w.newNode(folder, port, "")
	} else {
		addresses := w.share()
		w.fill(folder, addresses[0])
		w.newNode(folder, port, addresses[0])
		w.newNode(w.withKeyOf(folder), w.port(), addresses[1])
	}
	for _, n := range w.nodes {
		w.start(n)
		t.Cleanup(func() { _ = n.cmd.Process.Kill(); _ = n.cmd.Wait() })
	}
	return w
}

func (w *world) port() int {
	port, err := server.FreePort()
	w.check(err)
	return port
}

// share makes a database on PostgreSQL, and gives its address as each node knows it: as a user of his own.
func (w *world) share() []string {
	w.pg = postgres.Shared(w.t)
	name := w.pg.Name(w.t)
	w.database = postgres.Ahead(w.t, w.pg.URL(name))
	db, err := sql.Open("pgx", w.pg.URL(name))
	w.check(err)
	w.t.Cleanup(func() { _ = db.Close() })
	w.db = db
	var addresses []string
	for i := range 2 {
		user := fmt.Sprintf("%s_node_%d", name, i)
		w.check(w.pg.Exec(name, `CREATE ROLE `+user+` SUPERUSER LOGIN`))
		w.users = append(w.users, user)
		addresses = append(addresses, strings.Replace(w.pg.URL(name), "//test@", "//"+user+"@", 1))
	}
	return addresses
}

// withKeyOf is another node's folder, with the key of the first one.
func (w *world) withKeyOf(folder string) string {
	key, err := os.ReadFile(filepath.Join(folder, "key"))
	w.check(err)
	other := filepath.Join(w.t.TempDir(), "data")
	w.check(os.Mkdir(other, 0o700))
	w.check(os.WriteFile(filepath.Join(other, "key"), key, 0o600))
	return other
}

// fill puts the organisation into its database.
func (w *world) fill(folder, address string) {
	ctx := w.t.Context()
	f, err := team.MakeOn(ctx, folder, address)
	w.check(err)
	w.check(f.Set(ctx, func(s *sallyport.Settings) {
		s.PermitOff, s.StepUpAfter = true, proofLasts
		s.EnrolmentLife, s.SessionIdle, s.SessionAge = 24*time.Hour, 24*time.Hour, 24*time.Hour // however often the clocks are set
		s.CodeLife, s.ResendAfter, s.ResendHour, s.ResendDay = 10*time.Minute, 15*time.Second, 20, 50
	}))
	specs := []team.Spec{{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}, {Name: "omar", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}}
	for i := range people {
		specs = append(specs, team.Spec{Name: fmt.Sprintf("tech%02d", i), Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp})
	}
	members, err := f.Add(ctx, specs...)
	w.check(err)
	token, now := sallyport.NewToken(), time.Now()
	hash, _ := token.Hash()
	w.members, w.admin = members[2:], token.Reveal()
	w.check(f.DB.Write(ctx, func(tx *store.Tx) error {
		// An administrator whose proof is fresh for as long as the test lasts.
		_, err := tx.CreateSession(ctx, sallyport.Session{Hash: hash, Technician: members[0].ID, Generation: members[0].Generation, Method: byApp,
			CreatedAt: now, UsedAt: now, ProvedAt: now.Add(24 * time.Hour), ExpiresAt: now.Add(24 * time.Hour)}, 0)
		errs := []error{err, tx.PutGateway(ctx, sallyport.Gateway{Channel: sallyport.ChannelSMS, Slot: "live", Kind: sallyport.GatewayHTTP, Version: 1, ProvedAt: now,
			ChangedAt: now, Settings: map[string]string{"url": w.phones.url, "method": "POST", "format": "json", "body": `{"to":"{to}","text":"{text}"}`, "bad_text": "ERROR"}})}
		for i := range w.members {
			m := &w.members[i].Technician
			m.Phone, m.Method, m.SetupUntil = number(i), sallyport.MethodText, now.Add(72*time.Hour)
			errs = append(errs, tx.UpdateTechnician(ctx, *m))
		}
		return errors.Join(errs...)
	}))
	w.check(f.Close())
}

// number is the phone of a technician.
func number(who int) string { return fmt.Sprintf("+121255501%02d", who) }

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// now is the test's own clock, in nanoseconds since the beginning.
func (w *world) now() int64 { return int64(time.Since(w.started)) }

// clock is what the servers' clocks show.
func (w *world) clock() time.Time {
	return time.Now().Add(time.Duration(w.ahead.Load()) * time.Second)
}

// tail is the end of what each node has logged.
func (w *world) tail() string {
	var all strings.Builder
	for _, n := range w.nodes {
		text, _ := os.ReadFile(n.log.Name())
		fmt.Fprintf(&all, "node %d:\n%s\n", n.number, strings.ToValidUTF8(string(text[max(0, len(text)-2000):]), "?"))
	}
	return all.String()
}

// pause lets others go on; it ends with ctx.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
