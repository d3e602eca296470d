package account_test

import (
	"context"
	"fmt"
	"testing"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/store"
	"sallyport/internal/testkit/database"
)

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

// Everybody is gathered by as many statements as anybody alone, and so at one moment.
func TestEverybodyIsEverybody(t *testing.T) {
	h := newHouse(t)
	admin := h.add(sallyport.SuperAdmin, func(p *person) { p.FirstName, p.LastName = "Mara", "Zimmer" })
	const many = 450
	h.addMany(many)
	gather := func(most int) ([]sallyport.TechnicianID, uint64) {
		t.Helper()
		before := h.db.Stats().Statements
		ids, err := h.Everybody(ctx, h.session(admin), sallyport.Filter{Status: sallyport.Invited, Sort: "-name"}, most)
		if err != nil {
			t.Fatal(err)
		}
		return ids, h.db.Stats().Statements - before
	}
	_, few := gather(1)
	ids, all := gather(1000)
	if len(ids) != many || all != few {
		t.Errorf("%d of %d, by %d statements, one alone by %d", len(ids), many, all, few)
	}
	for i, id := range ids {
		if want := fmt.Sprintf("many%03d", many-1-i); string(id) != want {
			t.Fatalf("%s stands at place %d in the place of %s", id, i, want)
		}
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
