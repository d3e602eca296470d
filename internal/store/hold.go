package store

import (
	"context"

	"sallyport"
)

// Hold takes a technician's row until the end of the transaction and changes nothing. It stands at the beginning of an
// act that writes several of his rows and none of its own in technician: all acts take that row first (docs/adr/0027).
// Where there is no such technician it does nothing.
func (tx *Tx) Hold(ctx context.Context, id sallyport.TechnicianID) error {
	return tx.later(ctx, nil, `UPDATE technician SET version = version WHERE id = $1`, args{id})
}

// passing is what lets a statement pass by rows that somebody else is writing, instead of waiting for him; nothing on
// SQLite, where nobody else writes. Housekeeping, which takes rows of many technicians in whatever order, never waits.
func (tx *Tx) passing() string {
	if tx.db.Shared() {
		return ` FOR UPDATE SKIP LOCKED`
	}
	return ``
}
