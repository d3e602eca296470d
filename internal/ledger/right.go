package ledger

import (
	"context"
	"errors"

	"sallyport"
)

var (
	errShorter   = errors.New("the tree is smaller than one that was signed")
	errOtherTree = errors.New("the tree does not begin with the one that was signed last")
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

// treeTrouble is what an administrator is shown of a tree that does not fit.
func treeTrouble(err error) string {
	switch {
	case errors.Is(err, errShorter):
		return "The tree is smaller than one that was signed."
	case errors.Is(err, errOtherTree):
		return "The tree does not begin with the one that was signed last."
	}
	return "The stored hashes of the tree do not fit each other."
}
