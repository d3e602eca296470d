package account_test

import (
	"context"
	"errors"
	"testing"

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
