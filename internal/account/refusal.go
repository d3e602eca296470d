package account

import (
	"context"
	"time"

	"sallyport"
)

// Nodes are the other servers on the same database.
type Nodes interface {
	// Refuse returns as soon as each of them has been seen to refuse what the commit that has just ended made dead, or
	// says which one could not be asked. A server that cannot read the database refuses everything anyway.
	Refuse(ctx context.Context) error
}

// Refusal is how an act that ended everything older of somebody reached those who are asked.
type Refusal struct {
	After  time.Duration // from just before the commit until every server refused; 0 where nothing older existed to refuse
	Unseen bool          // a server could not be asked: After is what the others took
}

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
const refusalTime = 2 * time.Second

// Write implements Store.
func (r *refusing) Write(ctx context.Context, f func(Tx) error) error {
	_, err := r.write(ctx, f)
	return err
}

func (r *refusing) write(ctx context.Context, f func(Tx) error) (Refusal, error) {
	var began time.Time
	rose := false
	err := r.Store.Write(ctx, func(tx Tx) error {
		rose = false // the function may run again
		err := f(rising{tx, &rose})
		began = r.now()
		return err
	})
	if err != nil || !rose {
		return Refusal{}, err
	}
	out := r.everywhere(ctx)
	out.After = max(r.now().Sub(began), 1)
	if r.told != nil {
		r.told(out)
	}
	return out, nil
}

func (r *refusing) everywhere(ctx context.Context) Refusal {
	if r.nodes == nil {
		return Refusal{}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refusalTime)
	defer cancel()
	return Refusal{Unseen: r.nodes.Refuse(ctx) != nil}
}

// rising notices that something older of somebody ends in this transaction.
type rising struct {
	Tx
	rose *bool
}

func (r rising) Raise(ctx context.Context, id sallyport.TechnicianID, reason sallyport.EndReason) (sallyport.Raised, error) {
	raised, err := r.Tx.Raise(ctx, id, reason)
	*r.rose = *r.rose || err == nil
	return raised, err
}

func (r rising) DeleteTechnician(ctx context.Context, id sallyport.TechnicianID) error {
	err := r.Tx.DeleteTechnician(ctx, id)
	*r.rose = *r.rose || err == nil
	return err
}
