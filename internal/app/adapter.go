package app

import (
	"context"

	"sallyport/internal/account"
	"sallyport/internal/delivery"
	"sallyport/internal/ledger"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// transactions are store.Transactions behind the fitness of the node.
type transactions[T any] struct {
	db  *store.DB
	fit *fitness // nil where this process is the only one
}

// Write implements the Store interface of T's package.
func (t transactions[T]) Write(ctx context.Context, f func(T) error) error {
	if err := t.fit.check(); err != nil {
		return err
	}
	return store.For[T](t.db).Write(ctx, f)
}

// Read implements the Store interface of T's package.
func (t transactions[T]) Read(ctx context.Context, f func(T) error) error {
	if err := t.fit.check(); err != nil {
		return err
	}
	return store.For[T](t.db).Read(ctx, f)
}

// What store.For relies on, and that each package gets what it asks for.
var (
	_ account.Tx     = (*store.Tx)(nil)
	_ session.Tx     = (*store.Tx)(nil)
	_ delivery.Tx    = (*store.Tx)(nil)
	_ ledger.Tx      = (*store.Tx)(nil)
	_ account.Store  = transactions[account.Tx]{}
	_ session.Store  = transactions[session.Tx]{}
	_ delivery.Store = transactions[delivery.Tx]{}
)
