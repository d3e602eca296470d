package account_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/store"
)

// I6 and I8: whatever administrators do, and in whatever order, somebody is left who can administer, and every change
// of who may sign in and how has exactly one event; what was refused has changed nothing.
func TestI6I8(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRun(t, rt)
		defer r.close()
		rt.Repeat(r.acts())
	})
}

// run is one random history.
type run struct {
	*house
	rt  *rapid.T
	ids []sallyport.TechnicianID
}

func newRun(t *testing.T, rt *rapid.T) *run {
	r := &run{house: newHouse(t), rt: rt}
	if rapid.Bool().Draw(rt, "email proved") {
		r.prove(sallyport.ChannelEmail)
	}
	if rapid.Bool().Draw(rt, "sms proved") {
		r.prove(sallyport.ChannelSMS)
	}
	if rapid.Bool().Draw(rt, "off permitted") {
		r.set("permit-off", "yes")
	}
	for _, role := range []sallyport.RoleID{sallyport.SuperAdmin, sallyport.SuperAdmin, sallyport.Admin, sallyport.ReadOnlyTechnician} {
		r.ids = append(r.ids, r.add(role, phone).ID)
	}
	r.ids = append(r.ids, r.add(sallyport.SuperAdmin, invited).ID)
	return r
}

func (r *run) someone(label string) sallyport.Technician {
	id := rapid.SampledFrom(r.ids).Draw(r.rt, label)
	if !r.exists(id) {
		return sallyport.Technician{ID: id}
	}
	return r.technician(id)
}

// actor is the host, or somebody who has just signed in, if he can.
func (r *run) actor() sallyport.Actor {
	if rapid.IntRange(0, 9).Draw(r.rt, "by the host") == 0 {
		return host
	}
	t := r.someone("actor")
	if t.Status != sallyport.Active {
		return sallyport.Actor{Kind: sallyport.ActorTechnician, ID: t.ID, ProvedAt: r.clock.Now()}
	}
	return r.session(t)
}

// acts are the steps; the empty name is what holds after each of them.
func (r *run) acts() map[string]func(*rapid.T) {
	onSomeone := func(act func(sallyport.Actor, sallyport.Technician) error) func(*rapid.T) {
		return func(rt *rapid.T) {
			r.rt = rt
			actor, target := r.actor(), r.someone("target")
			r.judge(act, actor, target)
		}
	}
	return map[string]func(*rapid.T){
		"save": onSomeone(func(a sallyport.Actor, t sallyport.Technician) error {
			saved, err := r.Save(ctx, a, t.ID, r.someForm(t), t.Version)
			if err == nil && saved.Nothing {
				return errNothing
			}
			return err
		}),
		"roll out": onSomeone(func(a sallyport.Actor, t sallyport.Technician) error {
			team, err := r.SaveTeam(ctx, a, []sallyport.TechnicianID{t.ID}, rapid.SampledFrom(sallyport.Methods).Draw(r.rt, "method"))
			switch {
			case err != nil:
				return err
			case team.Rows[0].Outcome == account.Unchanged:
				return errNothing
			}
			return team.Rows[0].Err
		}),
		"reset": onSomeone(func(a sallyport.Actor, t sallyport.Technician) error {
			_, err := r.ResetFactor(ctx, a, t.ID, "lost")
			return err
		}),
		"open": onSomeone(func(a sallyport.Actor, t sallyport.Technician) error {
			r.tick()
			_, err := r.OpenSetup(ctx, a, t.ID)
			return err
		}),
		"sign out": onSomeone(func(a sallyport.Actor, t sallyport.Technician) error { _, err := r.SignOut(ctx, a, t.ID); return err }),
		"resend": onSomeone(func(a sallyport.Actor, t sallyport.Technician) error {
			_, err := r.ResendInvitation(ctx, a, t.ID)
			return err
		}),
		"deactivate": onSomeone(func(a sallyport.Actor, t sallyport.Technician) error {
			_, err := r.Deactivate(ctx, a, t.ID, "x")
			return err
		}),
		"activate": onSomeone(func(a sallyport.Actor, t sallyport.Technician) error { _, err := r.Activate(ctx, a, t.ID); return err }),
		"delete": onSomeone(func(a sallyport.Actor, t sallyport.Technician) error {
			_, err := r.Delete(ctx, a, t.ID, "x")
			return err
		}),
		"rescue": onSomeone(func(a sallyport.Actor, t sallyport.Technician) error {
			_, _, err := r.Rescue(ctx, a, t.UserName)
			return err
		}),
		"approve": onSomeone(func(a sallyport.Actor, t sallyport.Technician) error {
			return r.ApproveReset(ctx, a, string(t.ID))
		}),
		"policy": onSomeone(func(a sallyport.Actor, t sallyport.Technician) error {
			was, err := r.Policy(ctx, host)
			if err != nil {
				return err
			}
			now, err := r.SetPolicy(ctx, a, "permit-off", rapid.SampledFrom([]string{"yes", "no"}).Draw(r.rt, "permit"))
			if err == nil && now == was {
				return errNothing
			}
			return err
		}),
		"add": onSomeone(func(a sallyport.Actor, t sallyport.Technician) error {
			added, err := r.Add(ctx, a, account.Form{Email: sallyport.NewID() + "@x.example", Role: r.someRole()})
			if err == nil {
				r.ids = append(r.ids, added.ID)
			}
			return err
		}),
		// What technicians do themselves, as far as it matters here.
		"accept": func(rt *rapid.T) { r.rt = rt; r.accept(r.someone("invited")) },
		"enrol":  func(rt *rapid.T) { r.rt = rt; r.enrol(r.someone("technician")) },
		"ask":    func(rt *rapid.T) { r.rt = rt; r.ask(r.someone("technician")) },
	}
}

var errNothing = sallyport.E(sallyport.Conflict, "nothing", "Nothing was to be done.")

func (r *run) someRole() sallyport.RoleID {
	return rapid.SampledFrom(sallyport.BuiltInRoles).Draw(r.rt, "role").ID
}

func (r *run) someForm(t sallyport.Technician) account.Form {
	f := account.FormOf(t)
	switch rapid.IntRange(0, 5).Draw(r.rt, "field") {
	case 0:
		f.Method = rapid.SampledFrom(sallyport.Methods).Draw(r.rt, "method")
	case 1:
		f.Role = r.someRole()
	case 2:
		f.Email = sallyport.NewID() + "@x.example"
	case 3:
		f.UserName = sallyport.NewID()
	case 4:
		f.Phone = rapid.SampledFrom([]string{"", "+14255550101", "+14255550102"}).Draw(r.rt, "phone")
	case 5:
		f.FirstName = sallyport.NewID()
	}
	return f
}

// judge runs one act and compares the house before and after it.
func (r *run) judge(act func(sallyport.Actor, sallyport.Technician) error, actor sallyport.Actor, target sallyport.Technician) {
	before, n := r.picture(), len(r.log())
	err := act(actor, target)
	events, same := r.log()[n:], r.picture() == before
	var ok []string
	for _, e := range events {
		if e.Outcome == "ok" {
			ok = append(ok, e.Type)
		}
	}
	switch {
	case err != nil && !same:
		r.rt.Fatalf("refused with %v, but changed\n%s\nto\n%s", err, before, r.picture())
	case err != nil && len(ok) != 0:
		r.rt.Fatalf("refused with %v, but events %v", err, ok)
	case err == nil && (len(ok) != 1 || len(events) != 1):
		r.rt.Fatalf("done, with events %v of %d", ok, len(events))
	case err == nil && !same && !security(ok[0]):
		r.rt.Fatalf("a security change by the event %s, which is none", ok[0])
	}
	if r.usableNow() == 0 {
		r.rt.Fatalf("no Super Admin is left who can sign in, after %v", err)
	}
}

// log is every event so far.
func (r *run) log() []sallyport.Event { return r.house.events() }

func security(kind string) bool {
	d, ok := audit.Find(audit.Type(kind))
	return ok && d.Security
}

// picture is everything that decides who may sign in and how, in one text.
func (r *run) picture() string {
	var b strings.Builder
	r.read(func(ctx context.Context, tx *store.Tx) error {
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "off %v\n", settings.PermitOff)
		rows, _, err := tx.Rows(ctx, sallyport.Filter{Size: 200, Page: 1, Sort: "username"})
		for _, row := range rows {
			t, err := tx.Technician(ctx, row.ID)
			if err != nil {
				return err
			}
			link, err := tx.LiveLink(ctx, t.ID, sallyport.LinkInvitation)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%s %s %s %s %s gen %d set-up %v", t.ID, t.UserNameKey, t.Role, t.Status, t.Method, t.Generation, t.SetupUntil)
			fmt.Fprintf(&b, " %s by %s factor %v recovery %d sessions %d", t.Email, t.EmailChangedBy, row.FactorKind, row.RecoveryLeft, row.LiveSessions)
			if link != nil {
				fmt.Fprintf(&b, " link %x", link.Hash[:4])
			}
			b.WriteByte('\n')
		}
		return err
	})
	return b.String()
}

// usableNow counts by the words of the contract, from the rows themselves and not with the code under test.
func (r *run) usableNow() (n int) {
	r.read(func(ctx context.Context, tx *store.Tx) error {
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		admins, err := tx.TechniciansByRole(ctx, sallyport.SuperAdmin)
		for _, a := range admins {
			f, err := tx.Factor(ctx, a.ID)
			if err != nil {
				return err
			}
			off := a.Method == sallyport.MethodOff && settings.PermitOff
			if a.Status == sallyport.Active && len(a.Password) > 0 && (off || (f != nil && a.Method != sallyport.MethodOff)) {
				n++
			}
		}
		return err
	})
	return n
}

func (r *run) tick() { r.clock.Add(time.Second) }

func (r *run) accept(t sallyport.Technician) {
	if t.Status != sallyport.Invited {
		return
	}
	r.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.SetPassword(ctx, t.ID, t.Generation, []byte("sealed")); err != nil {
			return err
		}
		return tx.Activate(ctx, t.ID, t.Generation)
	})
}

func (r *run) enrol(t sallyport.Technician) {
	if t.Status != sallyport.Active || t.Method == sallyport.MethodOff {
		return
	}
	f := sallyport.Factor{Technician: t.ID, Kind: t.Method, ProvedAt: r.clock.Now(), Secret: []byte("sealed")}
	switch t.Method {
	case sallyport.MethodEmail:
		f.Secret, f.Address = nil, t.Email
	case sallyport.MethodText:
		f.Secret, f.Address = nil, t.Phone
	}
	r.write(func(ctx context.Context, tx *store.Tx) error { return tx.PutFactor(ctx, f) })
}

// ask lets a technician ask for a new password, once.
func (r *run) ask(t sallyport.Technician) {
	if t.Status != sallyport.Active {
		return
	}
	r.write(func(ctx context.Context, tx *store.Tx) error {
		waiting, err := tx.WaitingResets(ctx)
		if err != nil || slices.ContainsFunc(waiting, func(p sallyport.PasswordReset) bool { return p.Technician == t.ID }) {
			return err
		}
		return tx.InsertReset(ctx, sallyport.PasswordReset{ID: string(t.ID), Technician: t.ID, Generation: t.Generation, Waiting: true,
			CreatedAt: r.clock.Now(), ExpiresAt: r.clock.Now().Add(24 * time.Hour)})
	})
}
