package account_test

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/store"
	"sallyport/internal/testkit/clock"
	"sallyport/internal/testkit/database"
	"sallyport/internal/testkit/postgres"
)

// crowd is a file of n technicians.
func crowd(n int) string {
	text := strings.Builder{}
	text.WriteString("email,role\n")
	for i := range n {
		fmt.Fprintf(&text, "crowd%d@x.example,read-only\n", i)
	}
	return text.String()
}

// Many rows are stored as one is: everybody has his event, in the order of the file, his invitation, and his message.
func TestImportOfMany(t *testing.T) {
	const n = 277 // of each length that a statement has
	for _, sent := range []bool{false, true} {
		t.Run(fmt.Sprint("sent ", sent), func(t *testing.T) {
			h := newHouse(t)
			actor := h.session(h.add(sallyport.SuperAdmin))
			if sent {
				h.prove(sallyport.ChannelEmail)
			}
			if _, err := h.Add(ctx, actor, account.Form{Email: "alone@x.example", Role: sallyport.ReadOnlyTechnician}); err != nil {
				t.Fatal(err)
			}
			like, before := last(h.events()), len(h.events())
			b, err := h.Import(ctx, actor, strings.NewReader(crowd(n)))
			if err != nil || !b.Done || len(b.Rows) != n {
				t.Fatalf("%d rows, %v", len(b.Rows), err)
			}
			events := h.events()[before:]
			if len(events) != n {
				t.Fatalf("%d events", len(events))
			}
			for i, row := range b.Rows {
				want, name := like, fmt.Sprintf("crowd%d@x.example", i)
				want.ID, want.Type, want.Target, want.TargetName = events[i].ID, "technician.imported", row.ID, name
				want.After = map[string]string{"email": name, "user_name": name, "role": "read-only", "method": "app", "status": "invited"}
				if !reflect.DeepEqual(events[i], want) {
					t.Fatalf("event %+v\nwant  %+v", events[i], want)
				}
				if now := h.technician(row.ID); now.UserName != name || now.SetupUntil.IsZero() || sent != (row.Invitation == "") {
					t.Fatalf("row %+v, stored %+v", row, now)
				}
				if !sent && !h.alive(row.Invitation) {
					t.Fatalf("line %d: its link does not work", row.Line)
				}
			}
			if !sent {
				return
			}
			waiting := map[string]int{}
			for _, m := range h.outbox() {
				waiting[m.To]++
			}
			for _, l := range h.letters.made[len(h.letters.made)-n:] {
				if l.kind != account.NoticeInvitation || l.to != l.data.UserName || !h.alive(l.data.Link) || waiting[l.to] != 1 {
					t.Fatalf("%d times in the outbox: %+v", waiting[l.to], l)
				}
			}
			if len(waiting) != n+1 {
				t.Errorf("%d messages", len(waiting))
			}
		})
	}
}

func last[T any](list []T) T { return list[len(list)-1] }

// What is taken, or looks like somebody, is found in every row of a long file, and nobody is added.
func TestImportOfManyWithNamesTaken(t *testing.T) {
	h := newHouse(t)
	actor := h.session(h.add(sallyport.SuperAdmin))
	add := func(name string) {
		if _, err := h.Add(ctx, actor, account.Form{UserName: name, Email: "other@x.example", Role: sallyport.ReadOnlyTechnician}); err != nil {
			t.Fatal(err)
		}
	}
	add("modern")
	add("modem") // both in ASCII: told apart by looking
	add("kоt")   // the second letter is a Cyrillic one
	file := strings.ReplaceAll(strings.Replace(crowd(300), "role", "role,user_name", 1), "only\n", "only,\n")
	for _, name := range []string{"MODERN", "mоdern", "kot", "dana", "dаna", "modem2", "rnodem2"} {
		file += "new@x.example,read-only," + name + "\n"
	}
	n := len(h.events())
	b, err := h.Import(ctx, actor, strings.NewReader(file))
	const taken, looks = "Somebody else has this user name already.", "This looks like the user name of somebody else. Please choose another one."
	want := []account.LineProblem{{302, "user_name", taken}, {303, "user_name", looks},
		{303, "user_name", "This looks like the user name in line 302."}, {304, "user_name", looks},
		{306, "user_name", "This looks like the user name in line 305."}}
	if err != nil || b.Done || !slices.Equal(b.Problems, want) {
		t.Errorf("%v, %+v", err, b.Problems)
	}
	if got := h.since(n); !slices.Equal(got, []string{"save.refused"}) || len(h.team()) != 4 {
		t.Errorf("events %v, %d technicians", got, len(h.team()))
	}
}

// An import of twice as many asks for a few statements more: on PostgreSQL, where each of them travels, 250 rows go together
// whatever is done with them. On SQLite only what is read does.
func TestImportAsksLittle(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	actor := h.session(h.add(sallyport.SuperAdmin))
	asked := func(from, to int) int {
		lines := strings.SplitAfter(crowd(to), "\n")
		before := h.other().Stats()
		b, err := h.second().Import(ctx, actor, strings.NewReader(lines[0]+strings.Join(lines[from+1:], "")))
		if err != nil || !b.Done || len(b.Rows) != to-from {
			t.Fatalf("%d rows, %v", len(b.Rows), err)
		}
		return int(h.other().Stats().Statements - before.Statements)
	}
	once, twice := asked(0, 500), asked(500, 1500)
	most := 16 // two pieces more, for two reads of two names and four tables
	if !database.OnPostgres() {
		most = 500*4 + 8
	}
	if twice-once > most {
		t.Errorf("%d statements for 500 rows, %d for 1,000", once, twice)
	}
	t.Logf("%d statements for 500 rows, %d for 1,000", once, twice)
}

// watched is a store that tells when an act holds the team, and when it has looked and is about to add.
type watched struct {
	account.Store
	held, looked func()
}

type watchedTx struct {
	account.Tx
	watched
}

func (tx watchedTx) HoldTeam(ctx context.Context) error {
	tx.held()
	return tx.Tx.HoldTeam(ctx)
}

func (tx watchedTx) InsertTechnicians(ctx context.Context, list []sallyport.Technician) error {
	tx.looked()
	return tx.Tx.InsertTechnicians(ctx, list)
}

func (w watched) Write(ctx context.Context, f func(account.Tx) error) error {
	return w.Store.Write(ctx, func(tx account.Tx) error { return f(watchedTx{tx, w}) })
}

// Nobody is held up for a file of which nothing comes.
func TestImportHoldsNobodyInVain(t *testing.T) {
	h := newHouse(t)
	held := 0
	over := h.over(watched{store.For[account.Tx](h.db), func() { held++ }, func() {}})
	actor := h.session(h.add(sallyport.SuperAdmin))
	reader := h.session(h.add(sallyport.AppsAndReportsManager))
	h.clock.Add(20 * time.Minute)
	for _, c := range []struct {
		who  sallyport.Actor
		file string
	}{{reader, crowd(1)}, {actor, "email,role\nx,read-only\n"}, {actor, "email,role\na@x.example,admin\n"}} {
		if b, err := over.Import(ctx, c.who, strings.NewReader(c.file)); err == nil && b.Done || held != 0 {
			t.Errorf("%q: %v, held %d times", c.file, err, held)
		}
	}
	if b, err := over.Import(ctx, actor, strings.NewReader(crowd(1))); err != nil || !b.Done || held == 0 {
		t.Errorf("%+v, %v, held %d times", b, err, held)
	}
}

// An import is not in vain because people sign in on another node before it has ended: who begins to is not held up, who
// is done waits for the import. Each of its runs would meet the next of them otherwise.
func TestImportBesideSignIns(t *testing.T) {
	if !database.OnPostgres() {
		return // a writer is alone
	}
	address := postgres.Database(t)
	other := openShared(t, address)
	h := newHouseOn(t, openShared(t, address), func() *store.DB { return other }, clock.New(time.Now()))
	actor, dana := h.session(h.add(sallyport.SuperAdmin)), h.add(sallyport.ReadOnlyTechnician)
	watch, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	finished := make(chan error, 10)
	signsIn := func() {
		hash, _ := sallyport.NewToken().Hash()
		if err := h.other().Write(ctx, func(tx *store.Tx) error { return beginSignIn(tx, dana, hash) }); err != nil {
			t.Error(err)
		}
		done := make(chan error, 1)
		go func() {
			err := h.other().Write(ctx, func(tx *store.Tx) error { return finishSignIn(tx, dana, hash) })
			done <- err
			finished <- err
		}()
		for !waits(t, watch) && len(done) == 0 {
		}
	}
	over := h.over(watched{store.For[account.Tx](h.db), func() {}, signsIn})
	before := h.db.Stats()
	b, err := over.Import(ctx, actor, strings.NewReader(crowd(100)))
	if after := h.db.Stats(); err != nil || !b.Done || after.Again != before.Again {
		t.Errorf("%v, ran %d times again", err, after.Again-before.Again)
	}
	if err := <-finished; err != nil || len(h.sessions(dana.ID)) != 1 {
		t.Errorf("the sign-in: %v, %d sessions", err, len(h.sessions(dana.ID)))
	}
}

func openShared(t *testing.T, address string) *store.DB {
	t.Helper()
	db, err := store.Open(ctx, store.Options{Address: address, Patience: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// waits reports whether somebody waits for a lock.
func waits(t *testing.T, db *sql.DB) bool {
	var n int
	if err := db.QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n > 0
}

func beginSignIn(tx *store.Tx, t sallyport.Technician, hash sallyport.Hash) error {
	if _, err := tx.TechnicianByKey(ctx, t.UserNameKey); err != nil {
		return err
	}
	return tx.InsertSignIn(ctx, sallyport.SignIn{Hash: hash, Technician: t.ID, Generation: t.Generation,
		Purpose: sallyport.PurposeSignIn, ExpiresAt: time.Now().Add(time.Hour)})
}

func finishSignIn(tx *store.Tx, t sallyport.Technician, hash sallyport.Hash) error {
	if _, err := tx.TechnicianByKey(ctx, t.UserNameKey); err != nil {
		return err
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	_, err = tx.CreateSession(ctx, sallyport.Session{Hash: hash, Technician: t.ID, Generation: t.Generation, CreatedAt: now, UsedAt: now,
		ProvedAt: now, ExpiresAt: now.Add(time.Hour)}, 0)
	return err
}
