package policy

import (
	"context"
	"time"

	"sallyport"
)

// Present is what a transaction knows of whoever acts in it.
type Present interface {
	Technician(ctx context.Context, id sallyport.TechnicianID) (sallyport.Technician, error)
	Session(ctx context.Context, hash sallyport.Hash, idle time.Duration) (sallyport.Session, sallyport.Technician, error)
}

// SignedIn returns the row of the technician who acts, as it is in this transaction, ErrUnauthorized where he is not active.
// The session that he acts through must still be good: a request that began before he was signed out does not end as if he
// were not.
func SignedIn(ctx context.Context, tx Present, actor sallyport.Actor) (sallyport.Technician, error) {
	t, err := tx.Technician(ctx, actor.ID)
	switch {
	case err != nil && sallyport.KindOf(err) == sallyport.NotFound:
		return t, sallyport.ErrUnauthorized
	case err != nil:
		return t, err
	case t.Status != sallyport.Active:
		return t, sallyport.ErrUnauthorized
	case actor.Session == (sallyport.Hash{}):
		return t, nil
	}
	session, _, err := tx.Session(ctx, actor.Session, sallyport.AnyIdle)
	if err == nil && session.Technician != t.ID {
		err = sallyport.ErrUnauthorized
	}
	return t, err
}
