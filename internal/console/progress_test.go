package console

import (
	"context"
	"errors"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
)

// failing is a use case that cannot save.
type failing struct {
	Accounts
	err error
}

func (f failing) SaveTeam(context.Context, sallyport.Actor, []sallyport.TechnicianID, sallyport.Method) (account.Team, error) {
	return account.Team{}, f.err
}

// TestSaveOneThatFails: a row of a roll-out that could not be saved says so, and why where that can be told.
func TestSaveOneThatFails(t *testing.T) {
	planned := account.TeamRow{ID: "dana", Outcome: account.WillChange}
	for err, why := range map[error]string{sallyport.E(sallyport.Forbidden, "any", "This is why."): "This is why.", sallyport.ErrStepUp: sallyport.ErrStepUp.Message} {
		c := &Console{accounts: failing{err: err}, now: time.Now, live: t.Context()}
		row := c.saveOne(t.Context(), sallyport.Actor{}, sallyport.MethodEmail, planned)
		if row.ID != "dana" || row.Outcome != account.Refused || row.Why != why || !errors.Is(row.Err, err) {
			t.Errorf("%v: %+v", err, row)
		}
	}
}

// TestProgressRow: whoever's turn has not come waits, whatever was foreseen; who was saved is told what is to be set up.
func TestProgressRow(t *testing.T) {
	row := account.TeamRow{Outcome: account.Changed, MustSetUp: "Sets up Email at the next sign-in."}
	if got := progressRow(row, false); got.State.Word != "waiting" || got.Detail != "" {
		t.Errorf("%+v", got)
	}
	if got := progressRow(row, true); got.State.Word != "saved" || got.Detail != "Was signed in nowhere. Sets up Email at the next sign-in." {
		t.Errorf("%+v", got)
	}
}
