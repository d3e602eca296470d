package console

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/web"
)

const (
	keepEvery = time.Second      // how often the other nodes are told how far a roll-out is
	keepStale = 30 * time.Second // without a word for so long the node that saved has ended
)

// keptRollout is a rollout as the other nodes read it.
type keptRollout struct {
	IDs     []sallyport.TechnicianID
	Begun   bool              `json:",omitempty"`
	Running bool              `json:",omitempty"`
	Rows    []account.TeamRow `json:",omitempty"`
	Done    int               `json:",omitempty"`
	Method  sallyport.Method  `json:",omitempty"`
	At      time.Time         // of the last word
}

// MarshalJSON implements json.Marshaler. Of the sessions that ended it keeps how they are told apart, and no error.
func (ro *rollout) MarshalJSON() ([]byte, error) {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	kept := keptRollout{IDs: ro.ids, Begun: ro.begun, Running: ro.running, Done: ro.done, Method: ro.method, At: time.Now()}
	for _, row := range ro.rows {
		row.Err = nil
		ended := make([]sallyport.Session, len(row.SessionsEnded))
		for i, s := range row.SessionsEnded {
			ended[i] = sallyport.Session{Browser: s.Browser, Address: s.Address}
		}
		row.SessionsEnded = ended
		kept.Rows = append(kept.Rows, row)
	}
	return json.Marshal(kept)
}

// UnmarshalJSON implements json.Unmarshaler. A roll-out of which nothing was heard for long is not running any more.
func (ro *rollout) UnmarshalJSON(text []byte) error {
	var kept keptRollout
	if err := json.Unmarshal(text, &kept); err != nil {
		return err
	}
	ro.ids, ro.begun, ro.running, ro.rows, ro.done, ro.method = kept.IDs, kept.Begun, kept.Running, kept.Rows, kept.Done, kept.Method
	if ro.running && time.Since(kept.At) > keepStale {
		ro.running = false
		for i := ro.done; i < len(ro.rows); i++ {
			ro.rows[i].Outcome, ro.rows[i].Why = account.Refused, "Not begun, or not known: Sallyport was stopped. Look at the technician."
		}
		ro.done = len(ro.rows)
	}
	return nil
}

// beginRollout takes the preview as what is to be done, once over all nodes. This node is then the one that saves, and the
// others know it before the first is saved. What is claimed has begun: were it otherwise where this node ends, or does not
// learn whether its claim counts, Save would do nothing from then on.
func (c *Console) beginRollout(r *http.Request, ro *rollout, team account.Team) (mine bool, err error) {
	owner, id := web.VisitorOf(r).Technician.ID, r.PathValue("id")
	if !ro.begin(team) {
		return false, nil
	}
	if mine, err = c.rollouts.claim(r.Context(), owner, id, ro); err != nil || !mine {
		return false, err
	}
	if c.keeper != nil {
		c.rollouts.hold(owner, id, ro)
	}
	return true, nil
}

// giveBack lets Save be pressed again: nothing was saved.
func (c *Console) giveBack(r *http.Request, ro *rollout) error {
	ctx, owner, id := context.WithoutCancel(r.Context()), web.VisitorOf(r).Technician.ID, r.PathValue("id")
	ro.takeBack()
	c.rollouts.let(id)
	return c.rollouts.release(ctx, owner, id, ro)
}

// keeping returns what tells the other nodes how far the roll-out is, about once a second, and the last word for sure.
// A word that cannot be kept is made good by the next; the audit log has every Save in any case.
func (c *Console) keeping(r *http.Request, ro *rollout) func(ctx context.Context, last bool) {
	owner, id := web.VisitorOf(r).Technician.ID, r.PathValue("id")
	next := time.Time{}
	return func(ctx context.Context, last bool) {
		began := time.Now()
		if c.keeper == nil || !last && began.Before(next) {
			return
		}
		err := c.rollouts.save(ctx, owner, id, ro)
		next = time.Now().Add(max(keepEvery, 10*time.Since(began))) // a long one is not told so often
		if last && err == nil {
			c.rollouts.let(id)
		}
	}
}
