package store

import "context"

// Transactions is a database through the interface T that a package of use cases declared for itself; *Tx must implement it.
type Transactions[T any] struct{ db *DB }

// For gives a package of use cases the database: T is its interface for one transaction.
func For[T any](db *DB) Transactions[T] { return Transactions[T]{db} }

// Write is DB.Write.
func (t Transactions[T]) Write(ctx context.Context, f func(T) error) error {
	return t.db.Write(ctx, func(tx *Tx) error { return f(any(tx).(T)) })
}

// Read is DB.Read.
func (t Transactions[T]) Read(ctx context.Context, f func(T) error) error {
	return t.db.Read(ctx, func(tx *Tx) error { return f(any(tx).(T)) })
}
