package store_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// A check, a sign-in and a Save find their rows by an index, on both engines, whatever the size of the team.
func TestHotStatementsUseAnIndex(t *testing.T) {
	for _, engine := range []struct {
		name    string
		db      *store.DB
		scanned func(plan []string) string
		least   int
	}{
		{"SQLite", open(t, t.TempDir(), time.Now), scannedSQLite, 50},
		{"PostgreSQL", openOneByOne(t, postgres.Database(t)), scannedPostgres, 50},
	} {
		t.Run(engine.name, func(t *testing.T) {
			if err := engine.db.Write(t.Context(), func(tx *store.Tx) error { return hot(t.Context(), tx) }); err != nil {
				t.Fatal(err)
			}
			if engine.db.Shared() {
				if _, _, err := engine.db.LookUpSessions(t.Context(), []sallyport.Hash{{}}); err != nil {
					t.Fatal(err)
				}
			}
			judged := 0
			for _, query := range engine.db.Prepared() {
				if word, _, _ := strings.Cut(query, " "); word == "BEGIN" || word == "COMMIT" || word == "ROLLBACK" {
					continue
				}
				plan, err := engine.db.Plan(t.Context(), query)
				if err != nil {
					t.Fatalf("%v: %s", err, query)
				}
				if table := engine.scanned(plan); table != "" {
					t.Errorf("reads all of %s: %s\n%s", table, query, strings.Join(plan, "\n"))
				}
				judged++
			}
			if judged < engine.least {
				t.Errorf("only %d statements were looked at", judged)
			}
		})
	}
}

// openOneByOne opens a database that is asked one statement at a time, and so remembers each.
func openOneByOne(t *testing.T, address string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Address: address, Before: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// hot runs what a sign-in and a Save ask of the store, with each kind of factor, once.
func hot(ctx context.Context, tx *store.Tx) error {
	now, at := time.Now(), func(s string) (h sallyport.Hash) { copy(h[:], s); return h }
	t := sallyport.Technician{ID: "mira", UserName: "mira", UserNameKey: "mira", Skeleton: "mira", Email: "mira@example.com",
		Role: sallyport.SuperAdmin, Status: sallyport.Active, Method: sallyport.MethodEmail, Generation: 1, Version: 1, CreatedAt: now}
	signIn := sallyport.SignIn{Hash: at("one"), Technician: t.ID, Generation: 1, Purpose: sallyport.PurposeSignIn, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	code := sallyport.Code{ID: "code", SignIn: at("two"), Technician: t.ID, Channel: sallyport.MethodEmail, State: sallyport.Sent, Hash: []byte("h"), CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	session := sallyport.Session{Hash: at("session"), Technician: t.ID, Generation: 1, CreatedAt: now, UsedAt: now, ExpiresAt: now.Add(time.Hour)}
	var failed error
	for _, step := range []func() error{
		func() error { return tx.InsertTechnician(ctx, t) },
		func() error { _, err := tx.TechnicianByKey(ctx, "mira"); return err },
		func() error { _, _, err := tx.Device(ctx, at("device")); return err },
		func() error { _, err := tx.CountGuesses(ctx, []string{"n", "w", "a"}, "n", "w"); return err },
		func() error { return tx.SetGuessWait(ctx, "n", now) },
		func() error { return tx.TakeGuesses(ctx, "n", 1, now) },
		func() error { _, err := tx.EndGuesses(ctx, "n"); return err },
		func() error { _, err := tx.Guess(ctx, "n"); return err },
		func() error { _, err := tx.Fill(ctx, "b", time.Second, time.Minute); return err },
		func() error { _, err := tx.EmptyAt(ctx, "b", "c", "d"); return err },
		func() error { return tx.InsertSignIn(ctx, signIn) },
		func() error { _, _, err := tx.SignIn(ctx, signIn.Hash); return err },
		func() error { _, err := tx.Asked(ctx, signIn.Hash); return err },
		func() error { _, err := tx.Asked(ctx, at("nobody's")); return over(err) },
		func() error { _, _, err := tx.TechnicianWithFactor(ctx, "mira"); return err },
		func() error {
			return tx.ForgiveGuesses(ctx, 1, t, nil, sallyport.Counted{Key: "n"}, sallyport.Counted{Key: "w"}, sallyport.Counted{Key: "a"})
		},
		func() error { _, _, err := tx.SignIn(ctx, at("nobody's")); return over(err) },
		func() error { return tx.UpdateSignIn(ctx, signIn) },
		func() error { return tx.RotateSignIn(ctx, signIn.Hash, code.SignIn) },
		func() error { return tx.PutFactor(ctx, sallyport.Factor{Technician: t.ID, Kind: sallyport.MethodApp}) },
		func() error { _, err := tx.Factor(ctx, t.ID); return err },
		func() error { _, err := tx.CountAnswer(ctx, t, 100, false); return err },
		func() error { _, err := tx.CountAnswer(ctx, t, 100, true); return err },
		func() error { _, err := tx.BurnStep(ctx, t.ID, 7); return err },
		func() error { return tx.SetOffset(ctx, t.ID, 1) },
		func() error { _, err := tx.UseRecoveryCode(ctx, t.ID, []byte("x")); return err },
		func() error { _, err := tx.RecoveryLeft(ctx, t.ID); return err },
		func() error { _, err := tx.EnrolmentCode(ctx, t.ID); return err },
		func() error { _, err := tx.UseEnrolmentCode(ctx, t.ID, 1, []byte{1}); return err },
		func() error { _, err := tx.SendCounts(ctx, t.ID, "a", 5, 10); return err },
		func() error { return tx.InsertSend(ctx, code.ID, t.ID, "a") },
		func() error { return tx.InsertCode(ctx, code) },
		func() error { _, err := tx.NewestCode(ctx, code.SignIn); return err },
		func() error { _, _, err := tx.CountAttempt(ctx, code.ID); return err },
		func() error { _, err := tx.ConsumeCode(ctx, code.ID); return err },
		func() error { return tx.SucceedSends(ctx, code.SignIn) },
		func() error { return tx.NoteUse(ctx, t.ID) },
		func() error { return tx.SetCodeState(ctx, code.ID, sallyport.Sent, "") },
		func() error { return tx.ClearAnswers(ctx, t.ID, false) },
		func() error { return tx.ClearAnswersOf(ctx, t, 1, now, sallyport.DefaultSettings(), nil) },
		func() error { _, err := tx.CreateSession(ctx, session, 1); return err },
		func() error { return tx.PutDevice(ctx, at("device"), t.ID) },
		func() error { _, _, err := tx.Session(ctx, session.Hash, time.Hour); return err },
		func() error { return tx.TouchSessions(ctx, map[sallyport.Hash]time.Time{session.Hash: now}) },
		func() error { return tx.InsertEvent(ctx, sallyport.Event{Type: "x"}) },
		func() error { _, err := tx.Facts(ctx); return err },
		func() error { _, err := tx.TechniciansByRole(ctx, t.Role); return err },
		func() error { return tx.Hold(ctx, t.ID) },
		func() error { _, err := tx.Technician(ctx, t.ID); return err },
		func() error { _, err := tx.TechnicianBySkeleton(ctx, t.Skeleton); return err },
		func() error { _, err := tx.TechniciansByKeys(ctx, slices.Repeat([]string{"mira"}, 25)); return err },
		func() error {
			_, err := tx.TechniciansBySkeletons(ctx, slices.Repeat([]string{"mira"}, 25))
			return err
		},
		func() error { return tx.UpdateTechnician(ctx, t) },
		func() error { _, err := tx.DeleteLinks(ctx, t.ID, sallyport.LinkInvitation); return err },
		func() error { _, err := tx.EndSessions(ctx, t.ID, at("other"), sallyport.EndedBySave); return err },
		func() error {
			return tx.InsertOutbox(ctx, sallyport.OutboxMessage{ID: "notice", Channel: sallyport.ChannelEmail, To: t.Email, CreatedAt: now})
		},
		func() error { return tx.UseStep(ctx, t.ID, 8, nil) },
		func() error { _, err := tx.Raise(ctx, t.ID, sallyport.EndedBySave); return err },
		func() error { _, _, err := tx.EndedReason(ctx, session.Hash); return err },
		func() error { return tx.EndSignIn(ctx, code.SignIn, nil) },
		func() error { _, err := tx.DeleteSignIn(ctx, code.SignIn); return err },
	} {
		failed = errors.Join(failed, step())
	}
	return failed
}

func over(err error) error {
	if sallyport.KindOf(err) == sallyport.Gone {
		return nil
	}
	return err
}

// small are the tables that do not grow with the team or with time; a statement brings "seen" and "own" itself.
var small = []string{"setting", "gateway", "CONSTANT", "seen", "own"}

var (
	sqliteScan   = regexp.MustCompile(`^SCAN (\w+)`)
	postgresScan = regexp.MustCompile(`(?:Seq Scan on|Index (?:Only )?Scan(?: Backward)? using \w+ on|Bitmap Heap Scan on) (\w+)`)
)

// scannedSQLite is a table that a plan reads from end to end, empty where it reads none that grows.
func scannedSQLite(plan []string) string {
	for _, line := range plan {
		if strings.Contains(line, "CONSTANT ROW") {
			continue // what a statement itself brings along
		}
		if found := sqliteScan.FindStringSubmatch(line); found != nil && !slices.Contains(small, found[1]) {
			return found[1]
		}
	}
	return ""
}

// scannedPostgres is the same. An index without a condition is read from end to end as well.
func scannedPostgres(plan []string) string {
	for i, line := range plan {
		found := postgresScan.FindStringSubmatch(line)
		if found == nil || slices.Contains(small, found[1]) {
			continue
		}
		if i+1 == len(plan) || !strings.Contains(plan[i+1], "Index Cond:") && !strings.Contains(plan[i+1], "Recheck Cond:") {
			return found[1]
		}
	}
	return ""
}
