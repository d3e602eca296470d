package account_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/store"
)

var ctx = context.Background()

// A Save of the method ends everything older, opens a set-up, tells him, and is one event.
func TestSaveMethod(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	admin, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	actor := h.session(admin)
	h.session(dana)
	h.session(dana)
	n := len(h.events())

	v, err := h.Preview(ctx, actor, dana.ID, form(dana, method(sallyport.MethodEmail)), dana.Version)
	if err != nil || !v.Security || len(v.SignsOut) != 2 || v.Nothing || len(v.Refusals) != 0 || v.Stranded != "" {
		t.Fatalf("preview %+v, %v", v, err)
	}
	if !strings.Contains(v.MustSetUp, "first gives a code of the authenticator app") || !strings.Contains(v.MustSetUp, dana.Email) {
		t.Errorf("preview says %q", v.MustSetUp)
	}
	if len(h.sessions(dana.ID)) != 2 {
		t.Fatal("a preview signed somebody out")
	}

	saved, err := h.Save(ctx, actor, dana.ID, form(dana, method(sallyport.MethodEmail)), dana.Version)
	if err != nil {
		t.Fatal(err)
	}
	if !saved.SignedOut || saved.SelfSignedOut || len(saved.SessionsEnded) != 2 || saved.Version != dana.Version+1 || saved.MustSetUp != v.MustSetUp {
		t.Errorf("saved %+v", saved)
	}
	now := h.technician(dana.ID)
	if now.Method != sallyport.MethodEmail || now.Generation != dana.Generation+1 || len(h.sessions(dana.ID)) != 0 {
		t.Errorf("stored %+v with %d sessions", now, len(h.sessions(dana.ID)))
	}
	if !now.SetupUntil.Equal(h.clock.Now().Add(72 * time.Hour)) {
		t.Errorf("the set-up is open until %v", now.SetupUntil)
	}
	if got := h.since(n); !slices.Equal(got, []string{"technician.method.changed"}) {
		t.Errorf("events %v", got)
	}
	e := h.events()[n]
	if e.Actor != admin.ID || e.Target != dana.ID || e.Before["method"] != "app" || e.After["method"] != "email" || e.Address != "192.0.2.7" || e.RequestID != "r1" {
		t.Errorf("event %+v", e)
	}
	if out := h.outbox(); len(out) != 1 || out[0].To != dana.Email || out[0].Event != "method-changed" {
		t.Errorf("outbox %+v", out)
	}
}

// D2 2.11: a Save without a change signs nobody out, writes nothing, and says so; one of the name alone signs nobody
// out either.
func TestD2_11(t *testing.T) {
	h := newHouse(t)
	admin, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	actor := h.session(admin)
	h.session(dana)
	n := len(h.events())

	saved, err := h.Save(ctx, actor, dana.ID, form(dana), dana.Version)
	if err != nil || !saved.Nothing || saved.SignedOut || len(h.since(n)) != 0 {
		t.Errorf("a Save of nothing: %+v, %v, events %v", saved, err, h.since(n))
	}
	if now := h.technician(dana.ID); now.Version != dana.Version || now.Generation != dana.Generation {
		t.Errorf("a Save of nothing changed %+v", now)
	}

	renamed := form(dana, func(f *account.Form) { f.LastName = "Reyes" })
	saved, err = h.Save(ctx, actor, dana.ID, renamed, dana.Version)
	if err != nil || saved.Nothing || saved.SignedOut || len(saved.What) != 1 {
		t.Errorf("a Save of the name: %+v, %v", saved, err)
	}
	now := h.technician(dana.ID)
	if now.LastName != "Reyes" || now.Generation != dana.Generation || len(h.sessions(dana.ID)) != 1 {
		t.Errorf("a Save of the name: %+v with %d sessions", now, len(h.sessions(dana.ID)))
	}
	if got := h.since(n); !slices.Equal(got, []string{"technician.edited"}) {
		t.Errorf("events %v", got)
	}
}

// D2 2.12: wherever a Save fails on its way, nothing of it has happened.
func TestD2_12(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	admin, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	actor := h.session(admin)
	h.session(dana)
	n, want := len(h.events()), h.technician(dana.ID)
	change := form(dana, method(sallyport.MethodEmail), email("new@northwind.example"), role(sallyport.ReportsManager))

	rounds := 0
	for at := 1; ; at++ {
		failing := &failingStore{store.For[account.Tx](h.db), at}
		_, err := h.over(failing).Save(ctx, actor, dana.ID, change, dana.Version)
		if err == nil {
			break
		}
		rounds++
		if !errors.Is(err, errDisk) {
			t.Fatalf("failure at write %d came back as %v", at, err)
		}
		now := h.technician(dana.ID)
		if now.Method != want.Method || now.Generation != want.Generation || now.Version != want.Version || now.Email != want.Email {
			t.Fatalf("after a failure at write %d: %+v", at, now)
		}
		if len(h.sessions(dana.ID)) != 1 || len(h.since(n)) != 0 || len(h.outbox()) != 0 {
			t.Fatalf("after a failure at write %d: %d sessions, events %v, %d messages", at, len(h.sessions(dana.ID)), h.since(n), len(h.outbox()))
		}
	}
	if rounds < 5 {
		t.Errorf("only %d places to fail at", rounds)
	}
	if now := h.technician(dana.ID); now.Method != sallyport.MethodEmail || len(h.sessions(dana.ID)) != 0 {
		t.Errorf("the Save that went through: %+v", now)
	}
}

var errDisk = errors.New("disk full")

// failingStore fails the n-th writing call of a transaction.
type failingStore struct {
	store.Transactions[account.Tx]
	at int
}

func (s *failingStore) Write(ctx context.Context, f func(account.Tx) error) error {
	return s.Transactions.Write(ctx, func(tx account.Tx) error { return f(&failingTx{tx, s, 0}) })
}

type failingTx struct {
	account.Tx
	s *failingStore
	n int
}

func (tx *failingTx) fail() error {
	if tx.n++; tx.n == tx.s.at {
		return errDisk
	}
	return nil
}

func (tx *failingTx) UpdateTechnician(ctx context.Context, t sallyport.Technician) error {
	if err := tx.fail(); err != nil {
		return err
	}
	return errors.Join(tx.Tx.UpdateTechnician(ctx, t), tx.fail())
}

func (tx *failingTx) Raise(ctx context.Context, id sallyport.TechnicianID, reason sallyport.EndReason) (sallyport.Raised, error) {
	r, err := tx.Tx.Raise(ctx, id, reason)
	return r, errors.Join(err, tx.fail())
}

func (tx *failingTx) InsertEvent(ctx context.Context, e sallyport.Event) error {
	return errors.Join(tx.Tx.InsertEvent(ctx, e), tx.fail())
}

func (tx *failingTx) InsertOutbox(ctx context.Context, m sallyport.OutboxMessage) error {
	return errors.Join(tx.Tx.InsertOutbox(ctx, m), tx.fail())
}

// D2 2.13: one act for 500 technicians, each in a transaction of his own, with a result per row. From a row's transaction on
// no node lets its technician's session in, also while the other rows are still to come; who was refused keeps his.
func TestD2_13(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelSMS)
	admin := h.add(sallyport.SuperAdmin)
	actor := h.session(admin)
	ids := []sallyport.TechnicianID{admin.ID}
	held := map[sallyport.TechnicianID]sallyport.Hash{}
	for i := range 500 {
		edits := []func(*person){phone}
		if i%5 == 0 {
			edits = nil // without a phone: refused
		}
		p := h.add(sallyport.ReadOnlyTechnician, edits...)
		held[p.ID] = h.session(p).Session
		ids = append(ids, p.ID)
	}
	n := len(h.events())

	preview, err := h.PreviewTeam(ctx, actor, ids, sallyport.MethodText)
	if err != nil || preview.Changes != 400 || preview.Refused != 100 || preview.Sessions != 400 || len(preview.Rows) != 501 {
		t.Fatalf("preview: %d change, %d refused, %d sessions, %d rows, %v", preview.Changes, preview.Refused, preview.Sessions, len(preview.Rows), err)
	}
	if len(h.since(n)) != 0 {
		t.Fatal("a preview wrote events")
	}
	watched := h.watch(held, ids[2], ids[300])
	team, err := h.SaveTeam(ctx, actor, ids, sallyport.MethodText)
	watched()
	if err != nil || team.Changes != 400 || team.Refused != 100 || team.Sessions != 400 || team.SelfSignedOut {
		t.Fatalf("%d changed, %d refused, %d sessions, %v", team.Changes, team.Refused, team.Sessions, err)
	}
	for _, row := range team.Rows {
		now := h.technician(row.ID)
		switch {
		case row.Self && row.Outcome == account.LeftOut && now.Method == sallyport.MethodApp:
		case row.Outcome == account.Changed && now.Method == sallyport.MethodText && len(h.sessions(row.ID)) == 0 && len(row.SessionsEnded) == 1:
		case row.Outcome == account.Refused && now.Method == sallyport.MethodApp && strings.Contains(row.Why, "phone"):
		default:
			t.Errorf("row %+v, stored %+v", row, now)
		}
		if hash, is := held[row.ID]; is {
			if one, two, want := h.letsIn(h.db, hash), h.letsIn(h.other(), hash), row.Outcome == account.Refused; one != want || two != want {
				t.Errorf("%s: the nodes let in %v and %v", row.Outcome, one, two)
			}
		}
	}
	counts := map[string]int{}
	for _, e := range h.since(n) {
		counts[e]++
	}
	if counts["technician.method.changed"] != 400 || counts["save.refused"] != 100 || len(counts) != 2 {
		t.Errorf("events %v", counts)
	}

	again, err := h.SaveTeam(ctx, actor, ids[2:4], sallyport.MethodText)
	if err != nil || again.Changes != 0 || again.Rows[0].Outcome != account.Unchanged {
		t.Errorf("a second time: %+v, %v", again, err)
	}
	alone, err := h.SaveTeam(ctx, actor, []sallyport.TechnicianID{admin.ID, admin.ID}, sallyport.MethodApp)
	if err != nil || len(alone.Rows) != 1 || alone.Rows[0].Outcome != account.Unchanged {
		t.Errorf("ticked alone: %+v, %v", alone, err)
	}
}

// While Email Settings are not proved nothing is kept for the day on which they are: it would be no news then.
func TestNothingIsToldWithoutEmail(t *testing.T) {
	h := newHouse(t)
	actor, dana := h.session(h.add(sallyport.SuperAdmin)), h.add(sallyport.ReadOnlyTechnician)
	_, save := h.Save(ctx, actor, dana.ID, form(dana, role(sallyport.ReportsManager)), dana.Version)
	_, reset := h.ResetFactor(ctx, actor, dana.ID, "")
	_, out := h.SignOut(ctx, actor, dana.ID)
	_, _, rescue := h.Rescue(ctx, host, dana.UserName)
	if err := errors.Join(save, reset, out, rescue); err != nil || len(h.outbox()) != 0 {
		t.Errorf("%v; in the outbox: %+v", err, h.outbox())
	}
}

// letsIn is a session check at the node of that database.
func (h *house) letsIn(db *store.DB, hash sallyport.Hash) bool {
	h.t.Helper()
	if db.Shared() {
		seen, _, err := db.LookUpSessions(ctx, []sallyport.Hash{hash})
		if err != nil {
			h.t.Error(err)
		}
		return len(seen) > 0
	}
	err := db.Read(ctx, func(tx *store.Tx) error {
		_, _, err := tx.Session(ctx, hash, time.Hour)
		return err
	})
	if err != nil && sallyport.KindOf(err) != sallyport.Unauthorized {
		h.t.Error(err)
	}
	return err == nil
}

// watch asks both nodes for the sessions of some in turn, until the returned function is called: none is let in by a check
// that began when his row was saved.
func (h *house) watch(held map[sallyport.TechnicianID]sallyport.Hash, some ...sallyport.TechnicianID) (stop func()) {
	h.t.Helper()
	before, after := 0, 0
	round := func() {
		for i, id := range some {
			saved := h.technician(id).Method == sallyport.MethodText
			for _, db := range []*store.DB{h.db, h.other()} {
				switch in := h.letsIn(db, held[id]); {
				case saved && in:
					h.t.Errorf("watched row %d: let in after it was saved", i)
				case saved:
					after++
				case in:
					before++
				}
			}
		}
	}
	round()
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-over:
				return
			default:
				round()
			}
		}
	}()
	return func() {
		h.t.Helper()
		close(over)
		<-ended
		round()
		if before < 2*len(some) || after < 2*len(some) {
			h.t.Errorf("%d checks were let in before the Save, %d refused after it", before, after)
		}
	}
}

// D10.5: the second of two Saves that began from the same version is refused and shows both.
func TestD10_5(t *testing.T) {
	h := newHouse(t)
	mara, omar, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin), h.add(sallyport.ReadOnlyTechnician)
	first, second := h.session(mara), h.session(omar)
	if _, err := h.Save(ctx, first, dana.ID, form(dana, role(sallyport.ReportsManager)), dana.Version); err != nil {
		t.Fatal(err)
	}
	n := len(h.events())
	mine := form(dana, func(f *account.Form) { f.FirstName = "Dana" })
	for name, try := range map[string]func() error{
		"save":    func() error { _, err := h.Save(ctx, second, dana.ID, mine, dana.Version); return err },
		"preview": func() error { _, err := h.Preview(ctx, second, dana.ID, mine, dana.Version); return err },
	} {
		err := try()
		var stale *account.StaleError
		if !errors.As(err, &stale) || !errors.Is(err, sallyport.ErrStale) || sallyport.KindOf(err) != sallyport.Conflict {
			t.Fatalf("%s: %v", name, err)
		}
		if stale.Theirs.Role != sallyport.ReportsManager || stale.Yours != mine || stale.By != mara.UserName || !stale.At.Equal(h.clock.Now()) || len(stale.Theirs.Password) != 0 {
			t.Errorf("%s: %+v", name, stale)
		}
		var fields []string
		for _, c := range stale.Differ {
			fields = append(fields, c.Field)
		}
		if !slices.Equal(fields, []string{"first_name", "role"}) {
			t.Errorf("%s: differs in %v", name, fields)
		}
	}
	now := h.technician(dana.ID)
	if now.Role != sallyport.ReportsManager || now.FirstName != dana.FirstName {
		t.Errorf("stored %+v", now)
	}
	if got := h.since(n); !slices.Equal(got, []string{"save.refused"}) || h.events()[n].Outcome != "refused" || h.events()[n].Reason != "stale" {
		t.Errorf("events %v", got)
	}
	mine.Role = now.Role
	if _, err := h.Save(ctx, second, dana.ID, mine, now.Version); err != nil {
		t.Errorf("on top of the newer version: %v", err)
	}
}

// An administrator who changes his own method gets the answer, and is signed out.
func TestSaveOwnMethod(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	admin := h.add(sallyport.SuperAdmin)
	actor := h.session(admin)
	saved, err := h.Save(ctx, actor, admin.ID, form(admin, method(sallyport.MethodEmail)), admin.Version)
	if err != nil || !saved.SelfSignedOut || len(saved.SessionsEnded) != 1 {
		t.Fatalf("%+v, %v", saved, err)
	}
	_, err = h.List(ctx, actor, sallyport.Filter{})
	if sallyport.KindOf(err) != sallyport.Unauthorized {
		t.Errorf("his old session still lists: %v", err)
	}
}

// Sensitive changes ask again when the last proof is too old; others do not, and the host never.
func TestStepUp(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	admin, dana, omar := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin), h.add(sallyport.Admin, invited)
	away := h.add(sallyport.Admin, func(p *person) { p.Status = sallyport.Deactivated })
	unready := h.add(sallyport.Admin, func(p *person) { p.factor = nil })
	actor := h.session(admin)
	reset, _ := h.asked(unready)
	n := len(h.events())
	h.clock.Add(15*time.Minute + time.Second)
	for name, act := range map[string]func() error{
		"role": func() error {
			_, err := h.Save(ctx, actor, dana.ID, form(dana, role(sallyport.ReportsManager)), dana.Version)
			return err
		},
		"email": func() error {
			_, err := h.Save(ctx, actor, dana.ID, form(dana, email("n@northwind.example")), dana.Version)
			return err
		},
		"phone": func() error {
			_, err := h.Save(ctx, actor, dana.ID, form(dana, func(f *account.Form) { f.Phone = "+14255550101" }), dana.Version)
			return err
		},
		"user name": func() error {
			_, err := h.Save(ctx, actor, dana.ID, form(dana, func(f *account.Form) { f.UserName = "another.name" }), dana.Version)
			return err
		},
		"activate":    func() error { _, err := h.Activate(ctx, actor, away.ID); return err },
		"open set-up": func() error { _, err := h.OpenSetup(ctx, actor, unready.ID); return err },
		"approve":     func() error { return h.ApproveReset(ctx, actor, reset) },
		"reset":       func() error { _, err := h.ResetFactor(ctx, actor, dana.ID, "phone lost"); return err },
		"deactivate":  func() error { _, err := h.Deactivate(ctx, actor, dana.ID, ""); return err },
		"delete":      func() error { _, err := h.Delete(ctx, actor, dana.ID, ""); return err },
		"add admin": func() error {
			_, err := h.Add(ctx, actor, account.Form{Email: "x@northwind.example", Role: sallyport.Admin})
			return err
		},
		"invite an admin again": func() error { _, err := h.ResendInvitation(ctx, actor, omar.ID); return err },
		"policy":                func() error { _, err := h.SetPolicy(ctx, actor, "code-life", "5"); return err },
	} {
		if err := act(); !errors.Is(err, sallyport.ErrStepUp) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := h.since(n); len(got) != 0 {
		t.Errorf("events %v", got)
	}
	v, err := h.Preview(ctx, actor, dana.ID, form(dana, role(sallyport.ReportsManager)), dana.Version)
	if err != nil || !v.NeedsProof {
		t.Errorf("preview %+v, %v", v, err)
	}
	if _, err := h.Save(ctx, actor, dana.ID, form(dana, func(f *account.Form) { f.LastName = "Reyes" }), dana.Version); err != nil {
		t.Errorf("a name: %v", err)
	}
	if _, err := h.SignOut(ctx, actor, dana.ID); err != nil {
		t.Errorf("sign out everywhere: %v", err)
	}
	if _, err := h.ResendInvitation(ctx, actor, h.add(sallyport.ReadOnlyTechnician, invited).ID); err != nil {
		t.Errorf("inviting somebody again who may change nobody: %v", err)
	}
	if _, err := h.Deactivate(ctx, host, dana.ID, "left"); err != nil {
		t.Errorf("the host: %v", err)
	}
}
