package account_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/store"
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
