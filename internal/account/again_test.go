package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/store"
)

// disturbed is a store in which somebody else is in the way of each act: its first run is undone, something happens, and it
// runs again.
type disturbed struct {
	account.Store
	meanwhile func()
}

func (d disturbed) Write(ctx context.Context, f func(account.Tx) error) error {
	_ = d.Store.Write(ctx, func(tx account.Tx) error { return errors.Join(f(tx), errors.New("undone")) })
	d.meanwhile()
	return d.Store.Write(ctx, f)
}

// A node that starts while the first Super Admin finishes his set-up gives out no link: there is none any more.
func TestFirstLinkBesideTheFirst(t *testing.T) {
	h := newHouse(t)
	late := h.over(disturbed{store.For[account.Tx](h.db), func() { h.add(sallyport.SuperAdmin) }})
	if link, made, err := late.FirstLink(ctx); err != nil || made || link != "" {
		t.Errorf("%q %v %v", link, made, err)
	}
}

// Of a row that was refused in the end nothing is said to have been done, and no link is handed over.
func TestRefusedRowHasNoLink(t *testing.T) {
	h := newHouse(t)
	admin, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.ReadOnlyTechnician, invited)
	actor := h.session(admin)
	gone := func() {
		if _, err := h.Delete(ctx, host, dana.ID, ""); err != nil {
			t.Error(err)
		}
	}
	late := h.over(disturbed{store.For[account.Tx](h.db), gone})
	h.set("permit-off", "yes")
	team, err := late.SaveTeam(ctx, actor, []sallyport.TechnicianID{dana.ID}, sallyport.MethodOff)
	if err != nil || len(team.Rows) != 1 {
		t.Fatalf("%+v, %v", team, err)
	}
	if row := team.Rows[0]; row.Outcome != account.Refused || row.Invitation != "" || row.MustSetUp != "" || len(row.SessionsEnded) != 0 {
		t.Errorf("%+v", row)
	}
}

// slow is a store in which each act takes ten minutes.
type slow struct {
	account.Store
	h *house
}

func (s slow) Write(ctx context.Context, f func(account.Tx) error) error {
	s.h.clock.Add(10 * time.Minute)
	return s.Store.Write(ctx, f)
}

// A roll-out that outlasts the proof of its author says of each row what became of it: what was saved is not asked for again.
func TestRollOutThatOutlastsTheProof(t *testing.T) {
	h := newHouse(t)
	h.set("session-idle", "1440")
	h.set("permit-off", "yes")
	actor := h.session(h.add(sallyport.SuperAdmin))
	ids := []sallyport.TechnicianID{h.add(sallyport.ReadOnlyTechnician).ID, h.add(sallyport.ReadOnlyTechnician).ID, h.add(sallyport.ReadOnlyTechnician).ID}
	team, err := h.over(slow{store.For[account.Tx](h.db), h}).SaveTeam(ctx, actor, ids, sallyport.MethodOff)
	if err != nil || team.Changes != 1 || team.Refused != 2 || len(team.Rows) != 3 {
		t.Fatalf("%+v, %v", team, err)
	}
	if sallyport.KindOf(team.Rows[1].Err) != sallyport.StepUp || h.technician(ids[0]).Method != sallyport.MethodOff || h.technician(ids[1]).Method != sallyport.MethodApp {
		t.Errorf("%+v", team.Rows)
	}
}
