package account_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
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
		r.whole()
	})
}

// run is one random history.
type run struct {
	*house
	rt  *rapid.T
	ids []sallyport.TechnicianID
	log []sallyport.Event // every event so far, the oldest first
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
	t := sallyport.Technician{ID: id}
	r.read(func(ctx context.Context, tx *store.Tx) error {
		found, err := tx.Technician(ctx, id)
		switch {
		case errors.Is(err, sallyport.ErrNotFound):
			return nil
		case err == nil:
			t = found
		}
		return err
	})
	return t
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

// sight is what judge sees of the house at one moment.
type sight struct {
	picture string // everything that decides who may sign in and how
	usable  int    // Super Admins who can sign in
	events  int    // so far
}

// judge runs one act and compares the house before and after it.
func (r *run) judge(act func(sallyport.Actor, sallyport.Technician) error, actor sallyport.Actor, target sallyport.Technician) {
	before := r.look()
	err := act(actor, target)
	after := r.look()
	events, same := r.log[before.events:], after.picture == before.picture
	var ok []string
	for _, e := range events {
		if e.Outcome == "ok" {
			ok = append(ok, e.Type)
		}
	}
	switch {
	case err != nil && !same:
		r.rt.Fatalf("refused with %v, but changed\n%s\nto\n%s", err, before.picture, after.picture)
	case err != nil && len(ok) != 0:
		r.rt.Fatalf("refused with %v, but events %v", err, ok)
	case err == nil && (len(ok) != 1 || len(events) != 1):
		r.rt.Fatalf("done, with events %v of %d", ok, len(events))
	case err == nil && !same && !security(ok[0]):
		r.rt.Fatalf("a security change by the event %s, which is none", ok[0])
	}
	if after.usable == 0 {
		r.rt.Fatalf("no Super Admin is left who can sign in, after %v", err)
	}
}

func security(kind string) bool {
	d, ok := audit.Find(audit.Type(kind))
	return ok && d.Security
}

// look sees the house in one transaction, and takes the events that are new into the log.
func (r *run) look() (s sight) {
	r.read(func(ctx context.Context, tx *store.Tx) error {
		var settings sallyport.Settings
		var rows []sallyport.Row
		err := tx.Together(ctx,
			func() (err error) { settings, err = tx.Settings(ctx); return err },
			func() (err error) {
				rows, _, err = tx.Rows(ctx, sallyport.Filter{Size: 200, Page: 1, Sort: "username"})
				return err
			},
			func() error { return r.hear(ctx, tx) })
		if err != nil {
			return err
		}
		s.usable, s.events = usableOf(rows, settings), len(r.log)
		s.picture, err = picture(ctx, tx, rows, settings)
		return err
	})
	return s
}

// hear reads the newest events, as many of them as it takes to meet the newest one of the log, and puts what is newer behind it.
func (r *run) hear(ctx context.Context, tx *store.Tx) error {
	var newest int64
	if n := len(r.log); n > 0 {
		newest = r.log[n-1].ID
	}
	for limit := 4; ; limit *= 8 {
		page, err := tx.Events(ctx, sallyport.EventFilter{Limit: limit})
		if err != nil {
			return err
		}
		met := slices.IndexFunc(page, func(e sallyport.Event) bool { return e.ID <= newest })
		if met < 0 && len(page) == limit {
			continue
		}
		if met >= 0 {
			page = page[:met]
		}
		slices.Reverse(page)
		r.log = append(r.log, page...)
		return nil
	}
}

// whole holds the log, which was read a piece at a time, against all of it at once.
func (r *run) whole() {
	if all := r.events(); !slices.EqualFunc(all, r.log, func(a, b sallyport.Event) bool { return reflect.DeepEqual(a, b) }) {
		r.rt.Fatalf("the log is\n%v\nand what was read after each act\n%v", all, r.log)
	}
}

// picture is everything that decides who may sign in and how, in one text.
func picture(ctx context.Context, tx *store.Tx, rows []sallyport.Row, settings sallyport.Settings) (string, error) {
	links, asks := make([]*sallyport.Link, len(rows)), make([]func() error, len(rows))
	for i, row := range rows {
		asks[i] = func() (err error) { links[i], err = tx.LiveLink(ctx, row.ID, sallyport.LinkInvitation); return err }
	}
	if err := tx.Together(ctx, asks...); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "off %v\n", settings.PermitOff)
	for i, row := range rows {
		fmt.Fprintf(&b, "%s %s %s %s %s gen %d set-up %v", row.ID, row.UserNameKey, row.Role, row.Status, row.Method, row.Generation, row.SetupUntil)
		fmt.Fprintf(&b, " %s by %s factor %v recovery %d sessions %d", row.Email, row.EmailChangedBy, row.FactorKind, row.RecoveryLeft, row.LiveSessions)
		if links[i] != nil {
			fmt.Fprintf(&b, " link %x", links[i].Hash[:4])
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// usableOf counts by the words of the contract, from the rows themselves and not with the code under test.
func usableOf(rows []sallyport.Row, settings sallyport.Settings) (n int) {
	for _, a := range rows {
		off := a.Method == sallyport.MethodOff && settings.PermitOff
		if a.Role == sallyport.SuperAdmin && a.Status == sallyport.Active && len(a.Password) > 0 && (off || (a.FactorKind != "" && a.Method != sallyport.MethodOff)) {
			n++
		}
	}
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
