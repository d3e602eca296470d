package store_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/store/migrations"
	"sallyport/internal/store/storetest"
	"sallyport/internal/testkit/clock"
	"sallyport/internal/testkit/postgres"
	"sallyport/internal/testkit/wait"
)

func openPostgres(t testing.TB, address string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// raw is the same database as an operator sees it.
func raw(t testing.TB, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T, c *clock.Clock) *store.DB {
		address := postgres.Database(t)
		postgres.Follow(t, address, c)
		return openPostgres(t, address)
	})
}

// Every statement must at least be a statement: run each method once on an empty database.
func TestEveryMethodRunsOnPostgres(t *testing.T) {
	storetest.Everything(t, openPostgres(t, postgres.Database(t)))
}

// until waits for a condition, for a bounded time.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	wait.Until(t, is, "never: %s", what)
}

// waiting reports whether a connection of this database waits for a lock.
func waiting(t *testing.T, db *sql.DB) func() bool {
	return func() bool {
		var n int
		if err := db.QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n > 0
	}
}

// D1.15: a code, a link or an enrolment code that runs out while its statement waits for somebody else's lock is
// refused, although the condition that found its row had been true.
func TestD1_15(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, act := range map[string]struct {
		lock string
		use  func(*store.Tx) (bool, error)
	}{
		"counted":   {`SELECT 1 FROM code FOR UPDATE`, func(tx *store.Tx) (bool, error) { _, ok, err := tx.CountAttempt(ctx, "c"); return ok, err }},
		"consumed":  {`SELECT 1 FROM code FOR UPDATE`, func(tx *store.Tx) (bool, error) { return tx.ConsumeCode(ctx, "c") }},
		"link":      {`SELECT 1 FROM link FOR UPDATE`, func(tx *store.Tx) (bool, error) { _, ok, err := tx.ConsumeLink(ctx, sallyport.Hash{3}); return ok, err }},
		"enrolment": {`SELECT 1 FROM enrolment_code FOR UPDATE`, func(tx *store.Tx) (bool, error) { return tx.UseEnrolmentCode(ctx, "mira", 1, []byte{1}) }},
	} {
		t.Run(name, func(t *testing.T) {
			c, address := storetest.NewClock(), postgres.Database(t)
			postgres.Follow(t, address, c)
			db, other := openPostgres(t, address), raw(t, address)
			threeMinutes(t, db, c)
			for _, inTime := range []bool{false, true} {
				holder, err := other.Begin()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := holder.Exec(act.lock); err != nil {
					t.Fatal(err)
				}
				c.Add(179 * time.Second)
				var ok bool
				var done sync.WaitGroup
				done.Go(func() {
					err = db.Write(ctx, func(tx *store.Tx) (err error) {
						ok, err = act.use(tx)
						return errors.Join(err, errUndo)
					})
				})
				until(t, "it waits for the lock", waiting(t, other))
				if !inTime {
					c.Add(2 * time.Second)
				}
				if err := holder.Rollback(); err != nil {
					t.Fatal(err)
				}
				done.Wait()
				if ok != inTime || !errors.Is(err, errUndo) {
					t.Errorf("in time %v: used %v, %v", inTime, ok, err)
				}
				c.Set(storetest.NewClock().Now())
			}
		})
	}
}

var errUndo = errors.New("undo")

// threeMinutes stores a code, a link and an enrolment code that run out three minutes from now.
func threeMinutes(t *testing.T, db *store.DB, c *clock.Clock) {
	t.Helper()
	ctx, end := context.Background(), c.Now().Add(3*time.Minute)
	err := db.Write(ctx, func(tx *store.Tx) error {
		return errors.Join(
			tx.InsertTechnician(ctx, sallyport.Technician{ID: "mira", UserNameKey: "mira", Status: sallyport.Active, Method: sallyport.MethodEmail, Generation: 1}),
			tx.InsertSignIn(ctx, sallyport.SignIn{Hash: sallyport.Hash{1}, Technician: "mira", Generation: 1, ExpiresAt: end.Add(time.Hour)}),
			tx.InsertCode(ctx, sallyport.Code{ID: "c", SignIn: sallyport.Hash{1}, Technician: "mira", State: sallyport.Sent, ExpiresAt: end}),
			tx.InsertLink(ctx, sallyport.Link{Hash: sallyport.Hash{3}, Technician: "mira", Generation: 1, ExpiresAt: end}),
			tx.PutEnrolmentCode(ctx, sallyport.EnrolmentCode{Technician: "mira", Generation: 1, Hash: []byte{1}, ExpiresAt: end}))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Two nodes that read the same and write because of it: one of both runs again and sees what the other did.
func TestConflictRunsAgain(t *testing.T) {
	t.Parallel()
	ctx, address := context.Background(), postgres.Database(t)
	one, two := openPostgres(t, address), openPostgres(t, address)
	const each = 40
	add := func(db *store.DB) error {
		return db.Write(ctx, func(tx *store.Tx) error {
			had, err := tx.Meta(ctx, "n")
			if err != nil {
				return err
			}
			return tx.PutMeta(ctx, "n", append(had, 'x'))
		})
	}
	var all sync.WaitGroup
	for _, db := range []*store.DB{one, two} {
		for range each {
			all.Go(func() {
				if err := add(db); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	if got := meta(t, one, "n"); len(got) != 2*each {
		t.Errorf("%d of %d are left", len(got), 2*each)
	}
	if one.Stats().Again+two.Stats().Again == 0 {
		t.Error("nothing ever ran again: this tested nothing")
	}
}

// A COMMIT that nobody answered may have taken effect: it is Unavailable, said to be unknown, and not run again.
func TestUnknownCommitOnPostgres(t *testing.T) {
	t.Parallel()
	ctx, address := context.Background(), postgres.Database(t)
	db, other := openPostgres(t, address), raw(t, address)
	told, forgot, runs := 0, 0, 0
	db.OnCommit(func(sallyport.Change) { told++ }, func() { forgot++ })
	err := db.Write(ctx, func(tx *store.Tx) error {
		runs++
		if err := tx.PutSettings(ctx, sallyport.DefaultSettings()); err != nil {
			return err
		}
		_, err := other.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`)
		return err
	})
	if sallyport.KindOf(err) != sallyport.Unavailable || told != 0 || forgot != 1 || runs != 1 {
		t.Errorf("%v, told %d, forgot %d, ran %d times", err, told, forgot, runs)
	}
	put(t, db, "next")
}

// What a statement found broken is undone for sure, and begins anew on another connection.
func TestBrokenConnectionBeginsAgain(t *testing.T) {
	t.Parallel()
	ctx, address := context.Background(), postgres.Database(t)
	db, other := openPostgres(t, address), raw(t, address)
	runs := 0
	err := db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Now(ctx); err != nil {
			return err
		}
		if runs++; runs == 1 {
			if _, err := other.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`); err != nil {
				return err
			}
		}
		return tx.PutMeta(ctx, "once", []byte("x"))
	})
	if err != nil || runs != 2 {
		t.Errorf("%v, %d runs", err, runs)
	}
}

// A server that was away and came back is used again at once: no request fails because of connections that were kept.
func TestServerRestart(t *testing.T) {
	t.Parallel()
	s := postgres.Start(t)
	if err := s.Exec("postgres", `CREATE DATABASE own`); err != nil {
		t.Fatal(err)
	}
	db := openPostgres(t, s.URL("own"))
	put(t, db, "before")
	meta(t, db, "before")
	s.Crash()
	if err := db.Ping(t.Context()); sallyport.KindOf(err) != sallyport.Unavailable {
		t.Errorf("while it is away: %v", err)
	}
	err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.PutMeta(t.Context(), "x", nil) })
	if sallyport.KindOf(err) != sallyport.Unavailable {
		t.Errorf("a write while it is away: %v", err)
	}
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	if string(meta(t, db, "before")) != "before" {
		t.Error("an acknowledged write is lost")
	}
	put(t, db, "after")
	s.Down()
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	put(t, db, "after a second time")
	meta(t, db, "after")
}

// Nodes that start at once on an empty database take each step of the schema once.
func TestStepsAreTakenOnce(t *testing.T) {
	t.Parallel()
	address := postgres.Empty(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			db, err := store.Open(context.Background(), store.Options{Address: address})
			if err != nil {
				t.Error(err)
				return
			}
			_ = db.Close()
		})
	}
	all.Wait()
	if _, err := raw(t, address).Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), store.Options{Address: address}); !errors.Is(err, migrations.ErrNewer) {
		t.Errorf("a newer schema: %v", err)
	}
}

// A node that is killed in the midst of a step leaves nothing of it, and lets go of the lock: the next start takes the
// step from its beginning.
func TestKilledStepBeginsAgain(t *testing.T) {
	t.Parallel()
	address := postgres.Empty(t)
	other := raw(t, address)
	blocker, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := blocker.Exec(`CREATE TABLE link (x INT)`); err != nil { // a table of the first step, half way down
		t.Fatal(err)
	}
	killed := make(chan error, 1)
	go func() {
		db, err := store.Open(context.Background(), store.Options{Address: address})
		if err == nil {
			_ = db.Close()
		}
		killed <- err
	}()
	until(t, "the step waits for the other's table", waiting(t, other))
	if _, err := other.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'sallyport'`); err != nil {
		t.Fatal(err)
	}
	if err := <-killed; err == nil {
		t.Fatal("it was not killed")
	}
	if err := blocker.Rollback(); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := other.QueryRow(`SELECT count(*) FROM pg_class WHERE relname = 'technician'`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d tables of the killed step are left, %v", left, err)
	}
	put(t, openPostgres(t, address), "goes on")
}

// An address that would send passwords and secrets over the network unverified is refused before anything connects.
// Who made a mistake in the address is not told to try again in a moment.
func TestAddressThatIsNotLetIn(t *testing.T) {
	right, err := url.Parse(postgres.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	user, name := *right, *right
	user.User = url.UserPassword("nobody_at_all", "x")
	name.Path = "/there_is_none"
	for _, wrong := range []url.URL{user, name} {
		_, err := store.Open(t.Context(), store.Options{Address: wrong.String()})
		if sallyport.CodeOf(err) != "database_refuses" || strings.Contains(err.Error(), "again") {
			t.Errorf("%s: %v", wrong.Redacted(), err)
		}
	}
}

func TestAddressOfADatabase(t *testing.T) {
	for address, fine := range map[string]bool{
		"postgres://u:p@db.example/sallyport":                                    true,
		"postgresql://u:p@db.example:5433/sallyport?sslmode=verify-full":         true,
		"postgres://u:p@one.example:5432,two.example:5432/sallyport":             true,
		"postgres://u:p@127.0.0.1/sallyport":                                     true,
		"postgres://u:p@[::1]:5432/sallyport?sslmode=disable":                    true,
		"postgres://u@localhost/sallyport?sslmode=prefer":                        true,
		"postgres://u@/sallyport?host=/run/postgresql":                           true,
		"postgres://u:p@db.example/sallyport?sslmode=require":                    false,
		"postgres://u:p@db.example/sallyport?sslmode=verify-ca":                  false,
		"postgres://u:p@db.example/sallyport?sslmode=prefer":                     false,
		"postgres://u:p@db.example/sallyport?sslmode=disable":                    false,
		"postgres://u:p@127.0.0.1,db.example/sallyport?sslmode=disable":          false,
		"postgres://u:p@10.0.0.1/sallyport?application_name=x&sslmode=allow":     false,
		"postgres://u:secret@db.example/":                                        false,
		"mysql://u:secret@db.example/sallyport":                                  false,
		"postgres://u:secret@db.example:port/sallyport":                          false,
		"postgres://u:secret@db.example/sallyport?sslrootcert=/there/is/no/such": false,
		"host=db.example user=u password=secret":                                 false,
	} {
		err := store.CheckAddress(address)
		if (err == nil) != fine {
			t.Errorf("%s: %v", address, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the password is in %q", err)
		}
	}
}

func TestDatabaseWithoutUTF8IsRefused(t *testing.T) {
	s := postgres.Shared(t)
	if err := s.Exec("postgres", `CREATE DATABASE narrow ENCODING 'SQL_ASCII' TEMPLATE template0`); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), store.Options{Address: s.URL("narrow")}); err == nil || !strings.Contains(err.Error(), "SQL_ASCII") {
		t.Error(err)
	}
}

// What can lose acknowledged changes is said at the start.
func TestDatabaseThatMayForgetIsSaid(t *testing.T) {
	t.Parallel()
	local := postgres.Start(t, "synchronous_standby_names = '*'", "synchronous_commit = local")
	if err := local.Exec("postgres", `CREATE DATABASE own`); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		postgres.Database(t): "synchronous_commit is off, fsync is off", // the tests' server gives durability up
		local.URL("own"):     "synchronous_commit is local",
	} {
		var said []string
		for _, warning := range openPostgres(t, address).Warnings() {
			what, _, _ := strings.Cut(warning, " on the database")
			said = append(said, what)
		}
		if got := strings.Join(said, ", "); got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
}

// One that comes by a name that its certificate does not have is not spoken to.
func TestDatabaseWithoutTLSIsRefused(t *testing.T) {
	s := postgres.Shared(t)
	u, err := url.Parse(s.TCP("postgres", s.Port))
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery = "sslmode=verify-full"
	if _, err := store.Open(t.Context(), store.Options{Address: u.String()}); sallyport.KindOf(err) != sallyport.Unavailable || !strings.Contains(err.Error(), "TLS") {
		t.Error(err)
	}
}
