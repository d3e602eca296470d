package ledger

import (
	"context"

	"sallyport"
	"sallyport/internal/policy"
)

// may judges the actor by his row, and the session that he acts through, as they are in this transaction. An empty
// permission is for the host alone.
func may(ctx context.Context, tx Tx, actor sallyport.Actor, p sallyport.Permission) error {
	if actor.Kind == sallyport.ActorHost {
		return nil
	}
	if actor.Kind != sallyport.ActorTechnician || p == "" {
		return sallyport.ErrForbidden
	}
	t, err := policy.SignedIn(ctx, tx, actor)
	if err != nil {
		return err
	}
	if !sallyport.May(t.Role, p) {
		return sallyport.ErrForbidden
	}
	return nil
}
