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

// slowNodes are servers of which the last refuses after a while, or which are waited for in vain.
type slowNodes struct {
	now   *time.Time
	vain  time.Duration
	err   error
	quiet []string
	asked func(sallyport.Hash) // when they are asked: the commit has been by then
}

func (n *slowNodes) Refuse(_ context.Context, ended sallyport.Hash) (int, []string, time.Duration, error) {
	n.asked(ended)
	const last = 40 * time.Millisecond
	*n.now = n.now.Add(last + n.vain)
	if n.err != nil {
		return 0, nil, 0, n.err
	}
	return 2, n.quiet, last, nil
}

// TestTimeToRefusal: an act that ends everything older says after how long the last server refused, measured from
// before the commit, once; one that ends nothing says nothing.
func TestTimeToRefusal(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	admin, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	actor := h.session(admin)
	now := time.Unix(1000, 0)
	nodes := &slowNodes{now: &now}
	var told []account.Refusal
	s := account.New(account.Options{Store: store.For[account.Tx](h.db), Keys: h.ring, Notices: h.letters, PublicURL: publicURL,
		Nodes: nodes, Refused: func(r account.Refusal) { told = append(told, r) }, Now: func() time.Time { now = now.Add(time.Millisecond); return now }})

	live := h.session(dana)
	nodes.asked = func(ended sallyport.Hash) {
		if ended != live.Session {
			t.Error("they were not asked about the session that ended")
		}
		if h.technician(dana.ID).Generation != dana.Generation+1 {
			t.Error("the servers were asked before the commit")
		}
	}
	saved, err := s.Save(ctx, actor, dana.ID, form(dana, method(sallyport.MethodEmail)), dana.Version)
	if err != nil || saved.Refusal.After != 41*time.Millisecond || saved.Refusal.Unseen || saved.Refusal.Nodes != 3 || len(told) != 1 || told[0] != saved.Refusal {
		t.Errorf("%+v, %v, told %v", saved.Refusal, err, told)
	}
	dana = h.technician(dana.ID)
	saved, err = s.Save(ctx, actor, dana.ID, form(dana, func(f *account.Form) { f.LastName = "Reyes" }), dana.Version)
	if err != nil || saved.Refusal != (account.Refusal{}) || len(told) != 1 {
		t.Errorf("a new name: %+v, %v, told %v", saved.Refusal, err, told)
	}
	nodes.asked, nodes.err, nodes.vain = func(sallyport.Hash) {}, errors.New("no answer"), time.Second
	if _, err := s.SignOut(ctx, actor, dana.ID); err != nil || len(told) != 2 || !told[1].Unseen || told[1].After != time.Millisecond {
		t.Errorf("%v, told %v", err, told)
	}
	nodes.err, nodes.quiet = nil, []string{"a", "b"}
	if _, err := s.Delete(ctx, actor, dana.ID, "left"); err != nil || len(told) != 3 || told[2].Silent != "a, b" || told[2].Unseen ||
		told[2].After != 41*time.Millisecond {
		t.Errorf("%v, told %v", err, told)
	}
}
