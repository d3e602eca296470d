package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

const (
	largeTeam = 30_000
	// mostBlocks of one table or index may be looked at by one statement. What finds its rows by an index looks at some ten,
	// and at up to forty where its transaction has written the same row again and again.
	mostBlocks = 60
)

// TestLargeTeam: with the statistics of a large team PostgreSQL reads no more for a check, a sign-in and a Save than with
// those of a small one. Each statement is run as the product runs it, on its own lanes with their settings, and the blocks
// that it looks at are counted: a table or an index that is read from end to end shows, whatever the plan calls it.
//
// Two parts are mistakes that it must find. The first was made: with plans that are the same for all arguments, a
// Save read the whole team to find the Super Admins.
func TestLargeTeam(t *testing.T) {
	l := newTeam(t, largeTeam)
	t.Run("as it runs", func(t *testing.T) {
		for _, found := range l.overreach(t, "", 7) { // PostgreSQL thinks of keeping a plan after five
			t.Error(found)
		}
	})
	t.Run("planned for each argument", func(t *testing.T) {
		for _, found := range l.overreach(t, "&plan_cache_mode=force_custom_plan", 1) {
			t.Error(found)
		}
	})
	t.Run("a row that changes stays on its page", func(t *testing.T) {
		db := raw(t, l.server.URL(l.name))
		for table, change := range map[string]string{"technician": "wrong_run = 1", "factor": "last_step = last_step + 1"} {
			key := map[string]string{"technician": "id", "factor": "technician"}[table]
			var changed, moved int
			err := db.QueryRow(fmt.Sprintf(`WITH old AS (SELECT %[1]s AS key, ctid FROM %[2]s), new AS (UPDATE %[2]s SET %[3]s WHERE %[1]s LIKE '%%5' RETURNING %[1]s AS key, ctid)
				SELECT count(*), count(*) FILTER (WHERE (old.ctid::text::point)[0] <> (new.ctid::text::point)[0]) FROM new JOIN old USING (key)`, key, table, change)).Scan(&changed, &moved)
			if err != nil || changed < largeTeam/50 || moved > 0 {
				t.Errorf("%s: %d of %d rows moved, %v", table, moved, changed, err)
			}
		}
	})
	t.Run("the audit log is read a piece at a time", func(t *testing.T) {
		defer store.LookAtFewEvents(500, 100)()
		for _, found := range l.lookedFor(t) {
			t.Error(found)
		}
	})
	t.Run("a mistake is found", func(t *testing.T) {
		wantFound(t, l.overreach(t, "&plan_cache_mode=force_generic_plan", 1), "technician: ", "WHERE t.role = $1")
	})
	t.Run("a missing index is found", func(t *testing.T) {
		if err := l.server.Exec(l.name, `DROP INDEX session_technician`); err != nil {
			t.Fatal(err)
		}
		wantFound(t, l.overreach(t, "", 1), "session: ", "DELETE FROM session WHERE technician = $1")
	})
	t.Run("vacuum does not take the sessions from everybody", func(t *testing.T) {
		if err := l.server.Exec(l.name, `DELETE FROM session`, `VACUUM session`); err != nil {
			t.Fatal(err)
		}
		var size int
		if err := raw(t, l.server.URL(l.name)).QueryRow(`SELECT pg_relation_size('session')`).Scan(&size); err != nil || size == 0 {
			t.Errorf("%d bytes are left, which it took an exclusive lock to give back: %v", size, err)
		}
	})
}

// A look-up of sessions finds them by an index in a small team too, where the server thinks that reading all rows is less
// work, and by one plan, whether its connection first looked for one session or for many.
func TestCheckInASmallTeam(t *testing.T) {
	l := newTeam(t, 100)
	db, hashes := l.open(t), l.sessions(t, 100)
	scans, plans, err := db.PlansOfCheck(t.Context(), hashes, 1, 1, 1, 1, 1, 1, 30, 100)
	if err != nil || scans != 0 || plans != 0 {
		t.Errorf("%d times a table was read from end to end, %d plans made for one look-up; %v", scans, plans, err)
	}
}

// The plan that is kept from a team of three is good for the team that comes after, before the server has looked at it.
func TestCheckInATeamThatGrows(t *testing.T) {
	l := newTeam(t, 3)
	db := l.open(t)
	if _, _, err := db.PlansOfCheck(t.Context(), l.sessions(t, 1), 1, 1); err != nil {
		t.Fatal(err)
	}
	if err := l.server.Exec(l.name, teamStatements(4, 3000)...); err != nil {
		t.Fatal(err)
	}
	touched, err := db.TouchedByCheck(t.Context(), l.sessions(t, 2)...)
	if err != nil || touched["technician"] == 0 {
		t.Fatalf("%v, %v", touched, err)
	}
	for table, blocks := range touched {
		if blocks > 20 {
			t.Errorf("%d blocks of %s were looked at for two sessions", blocks, table)
		}
	}
}

// open opens the team's database as a node does.
func (l large) open(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Address: l.server.URL(l.name)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// sessions are the hashes of n sessions of the team.
func (l large) sessions(t *testing.T, n int) (hashes []sallyport.Hash) {
	t.Helper()
	rows, err := raw(t, l.server.URL(l.name)).Query(`SELECT hash FROM session ORDER BY hash LIMIT $1`, n)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var hash []byte
		if err := rows.Scan(&hash); err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, sallyport.Hash(hash))
	}
	if err := rows.Err(); err != nil || len(hashes) != n {
		t.Fatalf("%d sessions of %d, %v", len(hashes), n, err)
	}
	return hashes
}

// wantFound wants a statement among those found that looked too much at what begins so, and that contains part.
func wantFound(t *testing.T, found []string, begins, part string) {
	t.Helper()
	if !slices.ContainsFunc(found, func(f string) bool { return strings.HasPrefix(f, begins) && strings.Contains(f, part) }) {
		t.Errorf("%s… %s… is not among %q", begins, part, found)
	}
}

// large is a database with a team.
type large struct {
	server *postgres.Server
	name   string
}

func newTeam(t *testing.T, n int) large {
	t.Helper()
	l := large{server: postgres.Shared(t)}
	l.name = l.server.Name(t)
	statements := append(teamStatements(1, n), `VACUUM (ANALYZE)`)
	if n == largeTeam { // a scan of what is smaller than the bound would not show
		statements = append(statements, largerThanBound(slices.Sorted(maps.Keys(teamRows))))
	}
	if err := l.server.Exec(l.name, statements...); err != nil {
		t.Fatal(err)
	}
	return l
}

// teamStatements write the rows of technicians number from to to.
func teamStatements(from, to int) []string {
	// Rules between tables are not checked meanwhile, for they cost more than the rows.
	statements := []string{`SET session_replication_role = replica`}
	for _, table := range slices.Sorted(maps.Keys(teamRows)) {
		statements = append(statements, fmt.Sprintf(`INSERT INTO %s SELECT %s FROM (SELECT i, 1700000000000000 + i::bigint * 1000000 AS us
			FROM generate_series(%d, %d) i) n`, table, teamRows[table], from, to))
	}
	return append(statements, fmt.Sprintf(`ALTER TABLE event ALTER COLUMN id RESTART WITH %d`, to+1))
}

// largerThanBound is a statement that fails where one of tables or their indexes is smaller.
func largerThanBound(tables []string) string {
	return fmt.Sprintf(`DO $$ DECLARE small TEXT; BEGIN
		SELECT string_agg(i.relname, ', ') INTO small FROM pg_class c JOIN pg_index x ON x.indrelid = c.oid AND x.indpred IS NULL JOIN pg_class i ON i.oid = x.indexrelid
			WHERE c.relname IN ('%s') AND least(c.relpages, i.relpages) <= %d;
		ASSERT small IS NULL, small;
	END $$`, strings.Join(tables, "', '"), mostBlocks)
}

// overreach runs the hot statements in so many rounds, with settings for every connection, and says which of them looked
// at too many blocks of what.
func (l large) overreach(t *testing.T, settings string, rounds int) []string {
	t.Helper()
	var m meter
	db, err := store.Open(t.Context(), store.Options{Address: l.server.URL(l.name) + settings, Before: m.next})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	undo := errors.New("undone")
	for range rounds {
		err := db.Write(t.Context(), func(tx *store.Tx) error { return errors.Join(m.run(t.Context(), tx, hot), undo) })
		if !errors.Is(err, undo) || m.failed != nil {
			t.Fatal(err, m.failed)
		}
		if err := db.Read(t.Context(), func(tx *store.Tx) error { return m.run(t.Context(), tx, looks) }); err != nil {
			t.Fatal(err)
		}
		touched, err := db.TouchedByCheck(t.Context(), l.sessions(t, 2)...)
		if err != nil {
			t.Fatal(err)
		}
		m.note("a session check", touched)
		if err := l.server.Exec(l.name, `VACUUM`); err != nil { // what was undone is nothing to look at
			t.Fatal(err)
		}
	}
	if len(m.asked) < 60 {
		t.Errorf("only %d statements were looked at", len(m.asked))
	}
	return slices.Sorted(maps.Keys(m.found))
}

// lookedFor looks for events that are rare or long ago, and says which statement looked at too many blocks of what.
func (l large) lookedFor(t *testing.T) []string {
	t.Helper()
	var m meter
	db, err := store.Open(t.Context(), store.Options{Address: l.server.URL(l.name), Before: m.next})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	at := func(i int64) time.Time { return time.UnixMicro(1_700_000_000_000_000 + i*1_000_000) }
	for _, f := range []sallyport.EventFilter{{Search: "nobody"}, {Until: at(2000)}, {From: at(100), Until: at(150)}, {From: at(29_990)},
		{Type: "signin.finished", Until: at(2000)}, {Type: "signin.", Search: "nobody"}, {Type: "policy.", From: at(1)}} {
		look := func(ctx context.Context, tx *store.Tx) error { _, err := tx.Events(ctx, f); return err }
		if err := db.Read(t.Context(), func(tx *store.Tx) error { return m.run(t.Context(), tx, look) }); err != nil {
			t.Fatal(err)
		}
	}
	return slices.Sorted(maps.Keys(m.found))
}

// meter counts what each statement of a transaction looks at: what came to it when the next one is asked is its own.
type meter struct {
	tx     *store.Tx // nil outside of run
	last   string
	before store.Blocks
	asked  map[string]bool
	found  map[string]bool
	failed error
}

func (m *meter) run(ctx context.Context, tx *store.Tx, steps func(context.Context, *store.Tx) error) error {
	m.tx, m.last, m.before = tx, "", nil
	failed := steps(ctx, tx)
	m.next("")
	m.tx, m.failed = nil, errors.Join(m.failed, failed)
	return m.failed
}

// next is told of each statement before it is sent.
func (m *meter) next(statement string) {
	if m.tx == nil {
		return
	}
	now, err := store.Touched(context.Background(), m.tx)
	m.failed = errors.Join(m.failed, err)
	if m.last != "" {
		m.note(m.last, now.Since(m.before))
	}
	m.last, m.before = statement, now
}

func (m *meter) note(statement string, touched store.Blocks) {
	if m.asked == nil {
		m.asked, m.found = map[string]bool{}, map[string]bool{}
	}
	m.asked[statement] = true
	for name, n := range touched {
		if n > mostBlocks {
			m.found[fmt.Sprintf("%s: %d blocks looked at by %s", name, n, statement)] = true
		}
	}
}

// looks runs what a page asks before anything is written, on the lane of the readers.
func looks(ctx context.Context, tx *store.Tx) error {
	one := sallyport.TechnicianID("t1")
	var failed error
	for _, step := range []func() error{
		func() error { _, err := tx.Settings(ctx); return err },
		func() error { _, err := tx.Facts(ctx); return err },
		func() error { _, err := tx.Technician(ctx, one); return err },
		func() error { _, err := tx.TechnicianByKey(ctx, "user1"); return err },
		func() error { _, _, err := tx.TechnicianWithFactor(ctx, "user1"); return err },
		func() error { _, _, err := tx.Device(ctx, sallyport.Hash{1}); return err },
		func() error { _, err := tx.Guess(ctx, "n1"); return err },
		func() error { _, err := tx.EmptyAt(ctx, "b1"); return err },
		func() error { _, _, err := tx.SignIn(ctx, sallyport.Hash{1}); return over(err) },
		func() error { _, err := tx.Asked(ctx, sallyport.Hash{1}); return over(err) },
		func() error { _, err := tx.Factor(ctx, one); return err },
		func() error { _, err := tx.RecoveryLeft(ctx, one); return err },
		func() error { _, err := tx.EnrolmentCode(ctx, one); return err },
		func() error { _, err := tx.NewestCode(ctx, sallyport.Hash{1}); return err },
		func() error { _, err := tx.SendCounts(ctx, one, "a1", 5, 10); return err },
		func() error { _, _, err := tx.Session(ctx, sallyport.Hash{1}, time.Hour); return signedOut(err) },
		func() error { _, _, err := tx.EndedReason(ctx, sallyport.Hash{1}); return err },
		func() error { _, err := tx.SessionsOf(ctx, one); return err },
		func() error { _, err := tx.TechniciansByRole(ctx, sallyport.SuperAdmin); return err },
	} {
		failed = errors.Join(failed, step())
	}
	return failed
}

func signedOut(err error) error {
	if sallyport.KindOf(err) == sallyport.Unauthorized {
		return nil
	}
	return err
}

// teamRows are, by table, the values of what some months leave behind of technician number i, at the moment us of his. The
// first three are the Super Admins.
var teamRows = map[string]string{
	"technician": `'t' || i, 'Given' || i, 'Family' || i, 'user' || i, 'user' || i, true, 'user' || i, 'user' || i || '@northwind.example',
		'user' || i || '@northwind.example', '', CASE WHEN i <= 3 THEN 'super-admin' WHEN i % 2 = 0 THEN 'admin' ELSE 'read-only' END, 'active', 'app',
		1, 1, ` + bytes(120) + `, us, us, false, false, 0, 0, 0, 0, '', us, us, 'family' || i, 'given' || i || ' family' || i`,
	"factor":         `'t' || i, 'app', ` + bytes(60) + `, 1, 0, '', us, us`,
	"recovery_code":  `'t' || i, ` + bytes(32) + `, 0`,
	"enrolment_code": `'t' || i, 1, ` + bytes(32) + `, us, 't1'`,
	"wrong_day":      `'t' || i, i, 1`,
	"sign_in": bytes(32) + `, 't' || i, 1, 'sign-in', true, false, false, false, false, false, ` + bytes(32) + `, ` + bytes(60) + `, us, 0, 0, 0, '/me',
		'192.0.2.1', 'Firefox on Linux', us, us`,
	"code":           `'c' || i, ` + bytes(32) + `, 1, 't' || i, 'email', 'a' || i, ` + bytes(32) + `, 1, 'sent', '', true, us, us`,
	"send":           `'c' || i, 't' || i, 'a' || i, us, true`,
	"session":        bytes(32) + `, 't' || i, 1, 'app', '192.0.2.1', 'Firefox on Linux', us, us, us, us + 3000000000000000`,
	"ended_session":  bytes(32) + `, 'save', us`,
	"device":         bytes(32) + `, 't' || i, us`,
	"link":           bytes(32) + `, 'invitation', 't' || i, 1, us, us, 't1'`,
	"password_reset": `'r' || i, 't' || i, 1, false, '192.0.2.1', us, us`,
	"guess":          `'n' || i, 1, us, us`,
	"bucket":         `'b' || i, us`,
	"kept":           `'k' || i, 't' || i, ` + bytes(60) + `, false, us`,
	"outbox":         `'m' || i, 'email', 'a' || i, '', 1, us, us, us, us, us, '', 'invitation', ` + bytes(32),
	"event": `i, us, 'signin.finished', 'technician', 't' || i, 'user' || i, 't' || i, 'user' || i, '', '', '192.0.2.1', 'Firefox on Linux', 'r' || i,
		'', 'ok', 'user' || i, i, ` + bytes(32) + `, ` + bytes(32) + `, ` + bytes(32) + `, ` + bytes(32),
}

// bytes is so many bytes that are others for each i.
func bytes(n int) string {
	return fmt.Sprintf(`substr(decode(repeat(md5(i::text), %d), 'hex'), 1, %d)`, n/16+1, n)
}
