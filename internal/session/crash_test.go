package session_test

import (
	"database/sql"
	"testing"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/store"
	"sallyport/internal/testkit/database"
	"sallyport/internal/testkit/postgres"
)

// forgetful is a PostgreSQL that keeps every promise and no more: what no COMMIT waited for is lost in a crash.
var forgetful = []string{"wal_writer_delay = 10s", "autovacuum = off", "bgwriter_lru_maxpages = 0"}

// Whatever somebody was answered about a guess, the guess was counted, also where the database loses its power right then.
func TestCountsOutliveACrash(t *testing.T) {
	if !database.OnPostgres() {
		t.Skip("on PostgreSQL alone: on SQLite each commit waits for the disk")
	}
	server := postgres.Start(t, forgetful...)
	if err := server.Exec("postgres", `CREATE DATABASE own`); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	db, err := store.Open(t.Context(), store.Options{Address: server.URL("own")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	postgres.Follow(t, server.URL("own"), w.clock.Clock)
	w.db, w.s = db, w.node(db)
	w.second = w.s
	w.write(func(tx *store.Tx) error {
		return tx.PutGateway(ctx, sallyport.Gateway{Channel: sallyport.ChannelEmail, Slot: "live", Kind: sallyport.GatewaySMTP,
			Settings: map[string]string{}, ProvedAt: w.clock.Now(), ChangedAt: w.clock.Now()})
	})
	app, mail := w.technician("app", sallyport.MethodApp), w.technician("mail", sallyport.MethodEmail)
	key, _ := w.enrolled("app")
	operator, err := sql.Open("pgx", server.URL("own"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { operator.Close() })
	var signIn sallyport.Token
	wrong := func(typed string) func() {
		return func() {
			if _, err := w.answer(signIn, session.AnswerCode, typed); sallyport.KindOf(err) != sallyport.Invalid {
				t.Fatal(err)
			}
		}
	}
	run := func(who sallyport.Technician) func() int { return func() int { return w.read(who.ID).WrongRun } }
	for _, c := range []struct {
		name  string
		ready func()
		act   func()
		count func() int
	}{
		{"a wrong password", nil, func() { _ = w.from("198.51.100.1", "app", "wrong") }, func() int { return w.events("signin.password.wrong") }},
		{"the password's count", nil, func() { _ = w.from("198.51.100.1", "app", "wrong") }, func() (n int) {
			if err := operator.QueryRow(`SELECT COALESCE(max(wrong), 0) FROM guess`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}},
		{"wrong digits", func() { signIn = w.begin("app").SignIn }, wrong(wrongApp(w, key)), run(app)},
		{"a wrong code", func() { signIn = w.begin("mail").SignIn }, wrong("000000"), func() int { return w.newest(signIn).Attempts }},
		{"a wrong code's run", nil, wrong("000000"), run(mail)},
		{"the last try", nil, wrong("000000"), func() int { return w.newest(signIn).Attempts }},
		{"an answer that is not looked at", nil, wrong("000000"), func() int { return w.events("signin.code.refused") }},
	} {
		if c.ready != nil {
			c.ready()
		}
		before := c.count()
		c.act()
		server.Crash()
		if err := server.Up(); err != nil {
			t.Fatal(err)
		}
		_ = operator.Ping() // its connection was lost too
		if after := c.count(); after != before+1 {
			t.Errorf("%s: %d counted before, %d after the crash", c.name, before, after)
		}
	}
	out := w.mustAnswer(w.begin("app").SignIn, session.AnswerCode, w.digits(key, 1))
	server.Crash()
	if err := server.Up(); err != nil {
		t.Fatal(err)
	}
	if !w.usable(out.Session) {
		t.Error("who was let in is out after the crash")
	}
}
