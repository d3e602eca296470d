package ledger

import (
	"context"

	"sallyport"
)

// may judges the actor by his row as it is in this transaction. An empty permission is for the host alone.
func may(ctx context.Context, tx Tx, actor sallyport.Actor, p sallyport.Permission) error {
	if actor.Kind == sallyport.ActorHost {
		return nil
	}
	if actor.Kind != sallyport.ActorTechnician || p == "" {
		return sallyport.ErrForbidden
	}
	t, err := tx.Technician(ctx, actor.ID)
	if sallyport.KindOf(err) == sallyport.NotFound && err != nil {
		return sallyport.ErrUnauthorized
	}
	if err != nil {
		return err
	}
	if t.Status != sallyport.Active {
		return sallyport.ErrUnauthorized
	}
	if !sallyport.May(t.Role, p) {
		return sallyport.ErrForbidden
	}
	return nil
}
