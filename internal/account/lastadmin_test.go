package account_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/store"
)

// D10.1: the only Super Admin who can sign in is not demoted, deactivated, deleted or stranded, by himself or by the
// host, whoever else is in the house.
func TestD10_1(t *testing.T) {
	h := newHouse(t)
	admin := h.add(sallyport.SuperAdmin)
	h.add(sallyport.SuperAdmin, invited)
	h.add(sallyport.SuperAdmin, noFactor)
	h.add(sallyport.SuperAdmin, func(p *person) { p.Status = sallyport.Deactivated })
	h.add(sallyport.Admin)
	actor := h.session(admin)
	for name, act := range map[string]func(sallyport.Actor) error{
		"demote": func(a sallyport.Actor) error {
			_, err := h.Save(ctx, a, admin.ID, form(admin, role(sallyport.Admin)), admin.Version)
			return err
		},
		"deactivate": func(a sallyport.Actor) error { _, err := h.Deactivate(ctx, a, admin.ID, "left"); return err },
		"delete":     func(a sallyport.Actor) error { _, err := h.Delete(ctx, a, admin.ID, "left"); return err },
	} {
		for who, a := range map[string]sallyport.Actor{"himself": actor, "the host": host} {
			n := len(h.events())
			err := act(a)
			if code(err) != "last_super_admin" || !strings.Contains(err.Error(), "no Super Admin who can sign in") {
				t.Errorf("%s by %s: %v", name, who, err)
			}
			if got := h.since(n); len(got) != 1 || got[0] != "save.refused" {
				t.Errorf("%s by %s: events %v", name, who, got)
			}
		}
	}
	if _, err := h.ResetFactor(ctx, actor, admin.ID, ""); code(err) != "own_reset" {
		t.Errorf("his own reset: %v", err)
	}
	if _, err := h.ResetFactor(ctx, host, admin.ID, ""); code(err) != "last_super_admin" {
		t.Errorf("his reset by the host: %v", err)
	}
	if now := h.technician(admin.ID); now.Generation != admin.Generation || now.Version != admin.Version || len(h.sessions(admin.ID)) != 1 {
		t.Errorf("he is %+v after all that", now)
	}
	v, err := h.Preview(ctx, actor, admin.ID, form(admin, role(sallyport.Admin)), admin.Version)
	if err != nil || len(v.Refusals) != 1 || !strings.Contains(v.Refusals[0].Message, "no Super Admin") {
		t.Errorf("preview %+v, %v", v.Refusals, err)
	}
	for _, m := range []sallyport.Method{sallyport.MethodEmail, sallyport.MethodOff} {
		if _, err := h.Save(ctx, actor, admin.ID, form(admin, method(m)), admin.Version); field(err, "method") == "" {
			t.Errorf("a method that cannot be: %v", err)
		}
	}
}

// A Super Admin who cannot sign in any more but is signed in still, the only one there is, does not take himself away:
// a rescue could let nobody in as a Super Admin then.
func TestLastAdminSwitchedOff(t *testing.T) {
	h := newHouse(t)
	h.add(sallyport.SuperAdmin, func(p *person) { p.Status = sallyport.Deactivated })
	admin := h.add(sallyport.SuperAdmin)
	actor := h.session(admin)
	h.write(func(ctx context.Context, tx *store.Tx) error { return tx.DisableFactor(ctx, admin.ID) })
	demoted := form(admin, role(sallyport.Admin))
	if v, err := h.Preview(ctx, actor, admin.ID, demoted, admin.Version); err != nil || len(v.Refusals) != 1 {
		t.Errorf("preview %+v, %v", v.Refusals, err)
	}
	_, demote := h.Save(ctx, actor, admin.ID, demoted, admin.Version)
	_, deactivate := h.Deactivate(ctx, actor, admin.ID, "")
	_, remove := h.Delete(ctx, actor, admin.ID, "")
	for _, err := range []error{demote, deactivate, remove} {
		if code(err) != "last_super_admin" {
			t.Errorf("%v", err)
		}
	}
	renamed := form(admin, func(f *account.Form) { f.LastName = "Reyes" })
	if _, err := h.Save(ctx, actor, admin.ID, renamed, admin.Version); err != nil {
		t.Errorf("his name: %v", err)
	}
	h.add(sallyport.SuperAdmin, invited)
	now := h.technician(admin.ID)
	if _, err := h.Save(ctx, actor, now.ID, form(now, role(sallyport.Admin)), now.Version); err != nil {
		t.Errorf("with another one who is invited: %v", err)
	}
}

// Somebody whose set-up was not begun in time gets in by nothing that he holds until an administrator opens it again: he
// is not the one who remains, nor the one who could do it in another's place.
func TestLastAdminAndAClosedSetUp(t *testing.T) {
	h := newHouse(t)
	h.set("session-idle", "1440")
	h.prove(sallyport.ChannelEmail)
	admin, other := h.add(sallyport.SuperAdmin), h.add(sallyport.SuperAdmin)
	if _, err := h.Save(ctx, h.session(admin), other.ID, form(other, method(sallyport.MethodEmail)), other.Version); err != nil {
		t.Fatal(err)
	}
	h.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.SetRecoveryCodes(ctx, other.ID, [][]byte{{1}})
	})
	open := h.technician(other.ID).SetupUntil.Sub(h.clock.Now())
	h.clock.Add(open - time.Second)
	admin = h.technician(admin.ID)
	own := form(admin, email("mara@northwind.example"))
	if _, err := h.Save(ctx, h.session(admin), admin.ID, own, admin.Version); code(err) != "second_super_admin" {
		t.Errorf("his own address while the other one may still set up: %v", err)
	}
	h.clock.Add(time.Second)
	if v, err := h.Preview(ctx, h.session(admin), admin.ID, form(admin, role(sallyport.Admin)), admin.Version); err != nil || len(v.Refusals) != 1 {
		t.Errorf("preview %+v, %v", v.Refusals, err)
	}
	if _, err := h.Deactivate(ctx, h.session(admin), admin.ID, ""); code(err) != "last_super_admin" {
		t.Errorf("deactivated, beside one whose set-up is closed: %v", err)
	}
	if _, err := h.OpenSetup(ctx, h.session(admin), other.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Deactivate(ctx, h.session(admin), admin.ID, ""); err != nil {
		t.Errorf("deactivated, beside one who may set up again: %v", err)
	}
}

// A setting is no way round the rule either.
func TestLastAdminAndPolicy(t *testing.T) {
	h := newHouse(t)
	h.set("permit-off", "yes")
	admin := h.add(sallyport.SuperAdmin, func(p *person) { p.Method, p.factor = sallyport.MethodOff, nil })
	actor := h.session(admin)
	if _, err := h.SetPolicy(ctx, actor, "permit-off", "no"); code(err) != "last_super_admin" {
		t.Errorf("forbidding Off for the only Super Admin, who has it: %v", err)
	}
	settings, err := h.Policy(ctx, actor)
	if err != nil || !settings.PermitOff {
		t.Errorf("the setting is %v, %v", settings.PermitOff, err)
	}
	h.add(sallyport.SuperAdmin)
	n := len(h.events())
	if _, err := h.SetPolicy(ctx, actor, "permit-off", "no"); err != nil {
		t.Errorf("with another one: %v", err)
	}
	e := h.events()[n]
	if e.Type != "policy.changed" || e.Before["permit-off"] != "yes" || e.After["permit-off"] != "no" || len(h.since(n)) != 1 {
		t.Errorf("event %+v", e)
	}
	if _, err := h.SetPolicy(ctx, actor, "permit-off", "no"); err != nil || len(h.since(n)) != 1 {
		t.Errorf("the same again: %v, events %v", err, h.since(n))
	}
	if _, err := h.SetPolicy(ctx, actor, "country", "uk"); !strings.Contains(field(err, "country"), "is GB") {
		t.Errorf("a country that there is not: %v", err)
	}
	if _, err := h.SetPolicy(ctx, actor, "code-life", "4"); field(err, "code-life") == "" {
		t.Errorf("a value out of range: %v", err)
	}
}

// Nor is a setting by which the wrong answers that he has given already are too many.
func TestLastAdminAndFewerWrongAnswers(t *testing.T) {
	h := newHouse(t)
	admin := h.add(sallyport.SuperAdmin, func(p *person) { p.WrongRun = 20 })
	actor := h.session(admin)
	if _, err := h.SetPolicy(ctx, actor, "factor-run", "20"); code(err) != "last_super_admin" {
		t.Errorf("as many as he has given: %v", err)
	}
	if _, err := h.SetPolicy(ctx, actor, "factor-run", "21"); err != nil {
		t.Errorf("one more: %v", err)
	}
}

// D10.2: two Super Admins act against each other, or each against himself, at the same moment, a thousand times: one
// who can sign in is always left.
func TestD10_2(t *testing.T) {
	h := newHouse(t)
	people := []sallyport.Technician{h.add(sallyport.SuperAdmin), h.add(sallyport.SuperAdmin)}
	nodes := []*account.Service{h.Service, h.second()}
	done := map[string]int{}
	for round := range 1000 {
		var actors []sallyport.Actor
		for _, p := range people {
			h.restore(p)
			actors = append(actors, h.session(p))
		}
		var errs [2]error
		var wait sync.WaitGroup
		start := make(chan struct{})
		for i := range 2 {
			wait.Go(func() {
				<-start
				errs[i] = h.against(nodes[i], round%5, actors[i], h.technician(people[1-i].ID), h.technician(people[i].ID))
			})
		}
		close(start)
		wait.Wait()
		if n := h.usable(); n < 1 {
			t.Fatalf("round %d: nobody is left (%v, %v)", round, errs[0], errs[1])
		}
		done[code(errs[0])]++
		done[code(errs[1])]++
	}
	t.Log(done)
	if done["ok"] < 1000 || done["last_super_admin"] == 0 {
		t.Errorf("outcomes %v: the acts hardly met", done)
	}
}

// against is one of the acts that take a Super Admin away, at one of the nodes.
func (h *house) against(node *account.Service, kind int, actor sallyport.Actor, other, self sallyport.Technician) error {
	var err error
	switch kind {
	case 0: // each demotes the other
		_, err = node.Save(ctx, actor, other.ID, form(other, role(sallyport.Admin)), other.Version)
	case 1:
		_, err = node.Deactivate(ctx, actor, other.ID, "")
	case 2: // each deactivates himself
		_, err = node.Deactivate(ctx, actor, self.ID, "")
	case 3: // the host, at both at once
		_, err = node.Deactivate(ctx, host, self.ID, "")
	case 4:
		_, err = node.ResetFactor(ctx, host, self.ID, "")
	}
	return err
}

// restore brings a technician back to how he was, whatever happened to him.
func (h *house) restore(was sallyport.Technician) {
	h.t.Helper()
	h.write(func(ctx context.Context, tx *store.Tx) error {
		now, err := tx.Technician(ctx, was.ID)
		if err != nil {
			return err
		}
		was.Version = now.Version
		f := sallyport.Factor{Technician: was.ID, Kind: sallyport.MethodApp, Secret: []byte("sealed"), ProvedAt: h.clock.Now()}
		return errors.Join(tx.UpdateTechnician(ctx, was), tx.PutFactor(ctx, f))
	})
}

// usable counts the Super Admins who are active and hold an app, which in these tests is whoever can sign in.
func (h *house) usable() (n int) {
	h.t.Helper()
	h.read(func(ctx context.Context, tx *store.Tx) error {
		admins, err := tx.TechniciansByRole(ctx, sallyport.SuperAdmin)
		for _, a := range admins {
			f, err := tx.Factor(ctx, a.ID)
			if err != nil {
				return err
			}
			if a.Status == sallyport.Active && f != nil {
				n++
			}
		}
		return err
	})
	return n
}

// A Super Admin's new email address and role need a second one while there are two; other changes do not.
func TestSecondSuperAdmin(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	mara, noor := h.add(sallyport.SuperAdmin), h.add(sallyport.SuperAdmin)
	actor, other := h.session(mara), h.session(noor)
	for name, f := range map[string]account.Form{
		"email": form(mara, email("m@northwind.example")),
		"role":  form(mara, role(sallyport.Admin)),
	} {
		if _, err := h.Save(ctx, actor, mara.ID, f, mara.Version); code(err) != "second_super_admin" {
			t.Errorf("%s by himself: %v", name, err)
		}
		if v, err := h.Preview(ctx, actor, mara.ID, f, mara.Version); err != nil || len(v.Refusals) != 1 {
			t.Errorf("%s by himself, preview: %+v, %v", name, v.Refusals, err)
		}
	}
	if _, err := h.Save(ctx, other, mara.ID, form(mara, email("m@northwind.example")), mara.Version); err != nil {
		t.Errorf("email by the other: %v", err)
	}
	if _, err := h.Deactivate(ctx, host, noor.ID, "left"); err != nil {
		t.Fatal(err)
	}
	mara = h.technician(mara.ID)
	if _, err := h.Save(ctx, h.session(mara), mara.ID, form(mara, email("v@northwind.example")), mara.Version); err != nil {
		t.Errorf("email by himself, alone: %v", err)
	}
}

// Every Super Admin on sent codes is worth a warning before it is saved (D10.4).
func TestD10_4Warning(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	admin := h.add(sallyport.SuperAdmin)
	v, err := h.Preview(ctx, h.session(admin), admin.ID, form(admin, method(sallyport.MethodEmail)), admin.Version)
	if err != nil || !strings.Contains(strings.Join(v.Warnings, " "), "every Super Admin depends on sent codes") {
		t.Errorf("%v, %v", v.Warnings, err)
	}
}

// D10.11: what an administrator had begun when he was deleted, deactivated, demoted or signed out does not happen.
func TestD10_11(t *testing.T) {
	for name, fate := range map[string]struct {
		do   func(*house, sallyport.Technician) error
		want string
	}{
		"deletes himself": {func(h *house, omar sallyport.Technician) error {
			_, err := h.Delete(ctx, h.session(omar), omar.ID, "")
			return err
		}, "unauthorized"},
		"deactivated": {func(h *house, omar sallyport.Technician) error {
			_, err := h.Deactivate(ctx, host, omar.ID, "")
			return err
		}, "unauthorized"},
		"demoted": {func(h *house, omar sallyport.Technician) error {
			_, err := h.Save(ctx, host, omar.ID, form(omar, role(sallyport.ReadOnlyTechnician)), omar.Version)
			return err
		}, "unauthorized"},
		"signed out": {func(h *house, omar sallyport.Technician) error {
			_, err := h.SignOut(ctx, host, omar.ID)
			return err
		}, "unauthorized"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.add(sallyport.SuperAdmin)
			omar, dana := h.add(sallyport.Admin), h.add(sallyport.ReadOnlyTechnician)
			actor := h.session(omar)
			late := h.over(&lateStore{Transactions: store.For[account.Tx](h.db), first: func() {
				if err := fate.do(h, omar); err != nil {
					t.Fatal(err)
				}
			}})
			_, err := late.Save(ctx, actor, dana.ID, form(dana, role(sallyport.ReportsManager)), dana.Version)
			if code(err) != fate.want {
				t.Errorf("his request for another: %v", err)
			}
			if now := h.technician(dana.ID); now.Version != dana.Version || now.Role != dana.Role {
				t.Errorf("it happened: %+v", now)
			}
		})
	}
}

// lateStore lets something else happen between the arrival of a request and its transaction.
type lateStore struct {
	store.Transactions[account.Tx]
	once  sync.Once
	first func()
}

func (s *lateStore) Write(ctx context.Context, f func(account.Tx) error) error {
	s.once.Do(s.first)
	return s.Transactions.Write(ctx, f)
}

// A shorter life of sessions holds for those that began before it: what is over by it lets nobody in any more, on no node.
func TestShorterSessionAgeHoldsAtOnce(t *testing.T) {
	h := newHouse(t)
	h.set("session-idle", "1440")
	dana := h.add(sallyport.Admin)
	ofFirst := h.session(dana).Session
	h.clock.Add(2 * time.Hour)
	h.session(dana)
	if _, err := h.second().SetPolicy(ctx, host, "session-age", "3"); err != nil {
		t.Fatal(err)
	}
	h.clock.Add(time.Hour - time.Second)
	if n := len(h.sessions(dana.ID)); n != 2 {
		t.Errorf("%d sessions just before the first is over", n)
	}
	h.clock.Add(time.Second)
	if left := h.sessions(dana.ID); len(left) != 1 || left[0].Hash == ofFirst {
		t.Errorf("after three hours: %+v", left)
	}
	if _, err := h.SetPolicy(ctx, host, "session-age", "24"); err != nil {
		t.Fatal(err)
	}
	h.clock.Add(2 * time.Hour)
	if n := len(h.sessions(dana.ID)); n != 0 {
		t.Errorf("a longer life brought %d sessions that began under the shorter one to more", n)
	}
}
