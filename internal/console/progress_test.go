package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/web"
)

// failing is a use case that cannot save.
type failing struct {
	Accounts
	err error
}

func (f failing) SaveTeam(context.Context, sallyport.Actor, []sallyport.TechnicianID, sallyport.Method) (account.Team, error) {
	return account.Team{}, f.err
}

// saving is a use case that answers with team.
type saving struct {
	Accounts
	team account.Team
}

func (s saving) SaveTeam(context.Context, sallyport.Actor, []sallyport.TechnicianID, sallyport.Method) (account.Team, error) {
	return s.team, nil
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

// TestProofRunsOutDuringARollOut: those whose turn comes too late are told of as such, not asked for a proof by a row of a table.
func TestProofRunsOutDuringARollOut(t *testing.T) {
	c := &Console{accounts: failing{err: sallyport.ErrStepUp}, now: time.Now, live: t.Context()}
	ro := &rollout{rows: []account.TeamRow{{ID: "first", Outcome: account.Changed}, {ID: "dana", Outcome: account.WillChange}, {ID: "same", Outcome: account.Unchanged}}, done: 1}
	c.saveRest(t.Context(), sallyport.Actor{}, ro, func(context.Context, bool) {})
	if got := progressRow(ro.rows[1], true); got.State.Word != "refused" || !strings.Contains(got.Detail, "ran out meanwhile. Tick the rest again") || ro.rows[2].Why != "" {
		t.Errorf("%+v, %+v", got, ro.rows[2])
	}
}

// TestWhere: who has very many sessions does not fill a page with them, and those of one browser stand there once.
func TestWhere(t *testing.T) {
	var sessions []sallyport.Session
	for i := range 1000 {
		sessions = append(sessions, sallyport.Session{Browser: "Firefox on Windows", Address: fmt.Sprintf("192.0.2.%d", i%25)})
	}
	got := where(sessions)
	if len(got) != 21 || got[0] != "Firefox on Windows at 192.0.2.0 (40 times)" || got[20] != "and 5 more" {
		t.Errorf("%q", got)
	}
	if got := where(sessions[:2]); len(got) != 2 || got[1] != "Firefox on Windows at 192.0.2.1" {
		t.Errorf("%q", got)
	}
}

// TestDeletedDuringARollOut: who is deleted between the beginning and his turn keeps the name that was previewed.
func TestDeletedDuringARollOut(t *testing.T) {
	gone := account.Team{Rows: []account.TeamRow{{ID: "dana", Name: "Deleted technician", Outcome: account.Refused, Gone: true}}}
	c := &Console{accounts: saving{team: gone}, now: time.Now, live: t.Context()}
	row := c.saveOne(t.Context(), sallyport.Actor{}, sallyport.MethodEmail, account.TeamRow{ID: "dana", Name: "Dana Reyes", Outcome: account.WillChange})
	if got := progressRow(row, true); got.Name != "Dana Reyes" || got.ID != "" || got.State.Word != "refused" {
		t.Errorf("%+v", got)
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

// cupboard is a keeper in memory.
type cupboard struct {
	kept    map[string][]byte
	claimed map[string]bool
	lost    error // what whoever claims is told once, though his claim counts
}

func (k *cupboard) Keep(_ context.Context, _ sallyport.TechnicianID, id string, value []byte, _ time.Duration) error {
	k.kept[id] = value
	return nil
}

func (k *cupboard) Kept(_ context.Context, _ sallyport.TechnicianID, id string) ([]byte, bool, error) {
	value, found := k.kept[id]
	return value, found, nil
}

func (k *cupboard) Claim(_ context.Context, _ sallyport.TechnicianID, id string, value []byte, _ time.Duration) (bool, error) {
	if k.claimed[id] {
		return false, nil
	}
	k.claimed[id], k.kept[id] = true, value
	lost := k.lost
	k.lost = nil
	return lost == nil, lost
}

func (k *cupboard) Release(_ context.Context, _ sallyport.TechnicianID, id string, value []byte, _ time.Duration) error {
	k.claimed[id], k.kept[id] = false, value
	return nil
}

// first is a use case whose save of the first technician is looked at.
type first struct {
	Accounts
	save func() error
}

func (f first) PreviewTeam(_ context.Context, _ sallyport.Actor, ids []sallyport.TechnicianID, m sallyport.Method) (account.Team, error) {
	return account.Team{Method: m, Changes: 1, Rows: []account.TeamRow{{ID: ids[0], Outcome: account.WillChange}}}, nil
}

func (f first) SaveTeam(_ context.Context, _ sallyport.Actor, ids []sallyport.TechnicianID, m sallyport.Method) (account.Team, error) {
	if err := f.save(); err != nil {
		return account.Team{}, err
	}
	return account.Team{Method: m, Changes: 1, Rows: []account.TeamRow{{ID: ids[0], Outcome: account.Changed}}}, nil
}

// TestBegunBeforeTheFirstSave: whoever looks while the first technician is being saved, or after the node ended in the midst of
// that, sees a roll-out that has begun, not a Save that does nothing; a proof that is asked for takes it back.
func TestBegunBeforeTheFirstSave(t *testing.T) {
	k := &cupboard{kept: map[string][]byte{}, claimed: map[string]bool{}}
	accounts := &first{}
	c, other := New(Options{Accounts: accounts, Keeper: k}), New(Options{Keeper: k})
	defer c.Close()
	defer other.Close()
	id, err := c.rollouts.put(t.Context(), "", &rollout{ids: []sallyport.TechnicianID{"dana"}})
	if err != nil {
		t.Fatal(err)
	}
	begun := func() bool {
		ro, found, err := other.rollouts.get(t.Context(), "", id)
		if err != nil || !found {
			t.Fatal(found, err)
		}
		return ro.begun && ro.running
	}
	save := func() error { return pressSave(t, c, id) }
	accounts.save = func() error {
		if !begun() {
			t.Error("the first is being saved, and the others do not know that it has begun")
		}
		return sallyport.ErrStepUp
	}
	if err := save(); sallyport.KindOf(err) != sallyport.StepUp || begun() {
		t.Errorf("a proof is asked for: %v, begun: %v", err, begun())
	}
	accounts.save = func() error { return nil }
	if err := save(); err != nil {
		t.Error(err)
	}
	c.work.Wait()
	if ro, _, _ := other.rollouts.get(t.Context(), "", id); !ro.begun || ro.running || ro.done != 1 {
		t.Errorf("afterwards: begun %v, running %v, done %d", ro.begun, ro.running, ro.done)
	}
}

// pressSave presses the Save of a roll-out to Email.
func pressSave(t *testing.T, c *Console, id string) error {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/admin/rollouts/"+id, strings.NewReader("method=email"))
	r.Header.Set("Content-Type", web.FormType)
	r.SetPathValue("id", id)
	f, err := web.ReadForm(r, "method")
	if err != nil {
		t.Fatal(err)
	}
	return c.rolloutSave(httptest.NewRecorder(), r, f)
}

// TestClaimThatCountsUnheard: where a node does not learn that it may save, because its connection was lost or it ended, the
// roll-out shows as one that has begun. Save would do nothing from then on, without a word.
func TestClaimThatCountsUnheard(t *testing.T) {
	k := &cupboard{kept: map[string][]byte{}, claimed: map[string]bool{}, lost: sallyport.ErrUnavailable}
	c := New(Options{Accounts: &first{save: func() error {
		t.Error("somebody was saved")
		return nil
	}}, Keeper: k})
	defer c.Close()
	id, err := c.rollouts.put(t.Context(), "", &rollout{ids: []sallyport.TechnicianID{"dana"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := pressSave(t, c, id); sallyport.KindOf(err) != sallyport.Unavailable {
		t.Errorf("%v", err)
	}
	if ro, found, err := c.rollouts.get(t.Context(), "", id); !found || err != nil || !ro.begun || len(ro.rows) != 1 {
		t.Errorf("found %v, %v: %+v", found, err, ro)
	}
	if err := pressSave(t, c, id); err != nil {
		t.Errorf("pressed again: %v", err)
	}
}
