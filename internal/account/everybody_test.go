package account_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/store"
	"sallyport/internal/testkit/database"
)

// between is a store that does something after the first page of a list was read.
type between struct {
	store.Transactions[account.Tx]
	act  func()
	done bool
}

func (b *between) Read(ctx context.Context, f func(account.Tx) error) error {
	return b.Transactions.Read(ctx, func(tx account.Tx) error { return f(betweenTx{tx, b}) })
}

type betweenTx struct {
	account.Tx
	b *between
}

func (tx betweenTx) Rows(ctx context.Context, f sallyport.Filter) ([]sallyport.Row, int, error) {
	rows, total, err := tx.Tx.Rows(ctx, f)
	if !tx.b.done {
		tx.b.done = true
		tx.b.act()
	}
	return rows, total, err
}

// addMany puts invited technicians into the house at once, many000 and so on.
func (h *house) addMany(n int) {
	h.t.Helper()
	list := make([]sallyport.Technician, n)
	for i := range list {
		name := fmt.Sprintf("many%03d", i)
		list[i] = sallyport.Technician{ID: sallyport.TechnicianID(name), FirstName: name, UserName: name, UserNameKey: name, Skeleton: name,
			Email: name + "@northwind.example", Role: sallyport.ReadOnlyTechnician, Status: sallyport.Invited, Method: sallyport.MethodApp, Generation: 1, Version: 1}
	}
	h.write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertTechnicians(ctx, list) })
}

// Whoever leaves the list while everybody on it is gathered takes nobody else with him: those behind him move up by one.
func TestEverybodyIsEverybody(t *testing.T) {
	h := newHouse(t)
	admin := h.add(sallyport.SuperAdmin, func(p *person) { p.FirstName, p.LastName = "Mara", "Zimmer" })
	const many = 450
	h.addMany(many)
	leaves := &between{Transactions: store.For[account.Tx](h.db), act: func() {
		h.write(func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.Hold(ctx, "many007"), tx.DeleteTechnician(ctx, "many007"))
		})
	}}
	ids, err := h.over(leaves).Everybody(ctx, h.session(admin), sallyport.Filter{Status: sallyport.Invited}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[sallyport.TechnicianID]bool{}
	for _, id := range ids {
		seen[id] = true
	}
	for i := range many {
		if name := fmt.Sprintf("many%03d", i); name != "many007" && !seen[sallyport.TechnicianID(name)] {
			t.Errorf("%s is passed over", name)
		}
	}
	if len(ids) > many {
		t.Errorf("%d of %d", len(ids), many)
	}
	for limit, want := range map[int]int{1: 1, 200: 200, 201: 201} {
		if ids, err := h.Everybody(ctx, h.session(admin), sallyport.Filter{Status: sallyport.Invited}, limit); err != nil || len(ids) != want {
			t.Errorf("at most %d: %d, %v", limit, len(ids), err)
		}
	}
}

// As many as a page chose can be previewed, and so saved: the next one does not say that they are too many.
func TestAsManyAsWereChosen(t *testing.T) {
	h := newHouse(t)
	actor := h.session(h.add(sallyport.SuperAdmin))
	ids := make([]sallyport.TechnicianID, 5001) // of people who were deleted meanwhile: that is soonest said of them
	for i := range ids {
		ids[i] = sallyport.TechnicianID(fmt.Sprint("gone", i))
	}
	team, err := h.PreviewTeam(ctx, actor, ids, sallyport.MethodApp)
	if err != nil || len(team.Rows) != len(ids) {
		t.Errorf("%d rows: %v", len(team.Rows), err)
	}
	for _, n := range []int{0, account.MostTogether + 1} {
		if _, err := h.PreviewTeam(ctx, actor, make([]sallyport.TechnicianID, n), sallyport.MethodApp); sallyport.CodeOf(err) != "ticked" {
			t.Errorf("%d of them: %v", n, err)
		}
	}
}

// The rows of a preview share their way to the database: on PostgreSQL a hundred of them wait for few more answers than
// one does.
func TestPreviewTravelsLittle(t *testing.T) {
	if !database.OnPostgres() {
		t.Skip("on PostgreSQL alone: SQLite is within the process")
	}
	h := newHouse(t)
	actor := h.session(h.add(sallyport.SuperAdmin))
	h.addMany(101)
	ids := make([]sallyport.TechnicianID, 101)
	for i := range ids {
		ids[i] = sallyport.TechnicianID(fmt.Sprintf("many%03d", i))
	}
	trips := func(ids ...sallyport.TechnicianID) uint64 {
		t.Helper()
		before := h.db.Stats().Trips
		if team, err := h.PreviewTeam(ctx, actor, ids, sallyport.MethodOff); err != nil || len(team.Rows) != len(ids) {
			t.Fatalf("%d rows: %v", len(team.Rows), err)
		}
		return h.db.Stats().Trips - before
	}
	if one, hundred := trips(ids[0]), trips(ids[1:]...); hundred > one+3 {
		t.Errorf("%d round trips for one, %d for a hundred", one, hundred)
	}
}

// A Save that signs somebody out waits for an answer 11 times, its beginning and its end among them (docs/adr/0029).
func TestSaveTravelsLittle(t *testing.T) {
	if !database.OnPostgres() {
		t.Skip("on PostgreSQL alone: SQLite is within the process")
	}
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	actor := h.session(h.add(sallyport.SuperAdmin))
	p := h.add(sallyport.ReadOnlyTechnician)
	h.session(p)
	was := h.technician(p.ID)
	form := account.FormOf(was)
	form.Method = sallyport.MethodEmail
	before := h.db.Stats().Trips
	saved, err := h.Save(ctx, actor, p.ID, form, was.Version)
	if err != nil || len(saved.SessionsEnded) != 1 {
		t.Fatalf("%+v, %v", saved, err)
	}
	if trips := (h.db.Stats().Trips - before) / 2; trips > 11 { // every write here is rehearsed first
		t.Errorf("%d round trips", trips)
	}
}

// A preview of one who is no technician, however he is written, takes nothing from the others.
func TestPreviewOfNobody(t *testing.T) {
	h := newHouse(t)
	actor := h.session(h.add(sallyport.SuperAdmin))
	h.addMany(2)
	for _, nobody := range []sallyport.TechnicianID{"gone", "", "many\x00", "\xff"} {
		team, err := h.PreviewTeam(ctx, actor, []sallyport.TechnicianID{"many000", nobody, "many001"}, sallyport.MethodApp)
		if err != nil || len(team.Rows) != 3 || team.Refused != 1 || team.Rows[1].Outcome != account.Refused || team.Rows[2].Name == "" {
			t.Errorf("%q: %+v, %v", nobody, team, err)
		}
	}
}
