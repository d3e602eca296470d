package account

import (
	"context"
	"strings"
	"time"

	"sallyport"
)

// Nodes are the other servers on the same database.
type Nodes interface {
	// Refuse returns as soon as each of the others has been seen to refuse a session that the commit which has just ended
	// made dead, or the zero hash where there was none; with how many others there are, who of them did not say so, and after
	// how long the last of the rest did. A server that cannot read the database refuses everything anyway.
	Refuse(ctx context.Context, ended sallyport.Hash) (others int, silent []string, last time.Duration, err error)
}

// Refusal is how an act that ended everything older of somebody reached those who are asked.
type Refusal struct {
	After  time.Duration // from just before the commit until every server refused that said so; 0 where nothing older existed to refuse
	Nodes  int           // servers there are, this one among them; 0 where there is but one
	Silent string        // names of those that did not say within a second that they refuse
	Unseen bool          // who else there is could not be asked
}

// SilentCount is how many did not say that they refuse.
func (r Refusal) SilentCount() int { return len(strings.Fields(r.Silent)) }

// refusing is a store that measures from just before a commit that lets somebody's generation rise until no server lets
// anything older in. In this process that is the end of Write: where checks are answered from memory the store tells it
// before it returns, and where they read the database the commit itself is the refusal.
type refusing struct {
	Store
	nodes Nodes         // nil: this server is the only one
	told  func(Refusal) // may be nil
	now   func() time.Time
}

// refusalTime bounds the wait for other servers. The act has happened whatever they say.
const refusalTime = time.Second

// Write implements Store.
func (r *refusing) Write(ctx context.Context, f func(Tx) error) error {
	_, err := r.write(ctx, f)
	return err
}

func (r *refusing) write(ctx context.Context, f func(Tx) error) (Refusal, error) {
	var began time.Time
	var rose raised
	err := r.Store.Write(ctx, func(tx Tx) error {
		rose = raised{} // the function may run again
		err := f(rising{tx, &rose})
		began = r.now()
		return err
	})
	if err != nil || !rose.any {
		return Refusal{}, err
	}
	out := r.everywhere(ctx, rose.session, r.now().Sub(began))
	if r.told != nil {
		r.told(out)
	}
	return out, nil
}

// everywhere asks the other servers, after a commit that took so long here. Waiting in vain for one that says nothing is no part
// of what it took the others.
func (r *refusing) everywhere(ctx context.Context, ended sallyport.Hash, here time.Duration) Refusal {
	here = max(here, 1)
	if r.nodes == nil {
		return Refusal{After: here}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refusalTime)
	defer cancel()
	others, silent, last, err := r.nodes.Refuse(ctx, ended)
	return Refusal{After: here + last, Nodes: others + 1, Silent: strings.Join(silent, ", "), Unseen: err != nil}
}

// raised is what ended in a transaction: something older of somebody, and a session, where there was one.
type raised struct {
	any     bool
	session sallyport.Hash
}

// rising notices that something older of somebody ends in this transaction.
type rising struct {
	Tx
	rose *raised
}

func (r rising) Raise(ctx context.Context, id sallyport.TechnicianID, reason sallyport.EndReason) (sallyport.Raised, error) {
	ended, err := r.Tx.Raise(ctx, id, reason)
	if err == nil {
		r.rose.any = true
		if len(ended.Sessions) > 0 {
			r.rose.session = ended.Sessions[0].Hash
		}
	}
	return ended, err
}

func (r rising) DeleteTechnician(ctx context.Context, id sallyport.TechnicianID) error {
	err := r.Tx.DeleteTechnician(ctx, id)
	r.rose.any = r.rose.any || err == nil
	return err
}
