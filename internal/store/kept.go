package store

import (
	"context"
	"time"

	"sallyport"
)

// PutKept keeps sealed bytes of a page for owner under id, in the place of what was kept there, until life is over.
func (tx *Tx) PutKept(ctx context.Context, owner sallyport.TechnicianID, id string, sealed []byte, life time.Duration) error {
	_, err := tx.exec(ctx, `INSERT INTO kept (id, owner, sealed, claimed, expires_at) VALUES ($1, $2, $3, FALSE, now_us() + $4)
		ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at`, args{id, owner, sealed, life.Microseconds()})
	return err
}

// Kept returns what is kept for owner under id, nil where there is nothing of his.
func (tx *Tx) Kept(ctx context.Context, owner sallyport.TechnicianID, id string) ([]byte, error) {
	var sealed []byte
	_, err := tx.one(ctx, `SELECT sealed FROM kept WHERE id = $1 AND owner = $2 AND expires_at > now_us()`, args{id, owner}, &sealed)
	return sealed, err
}

// ClaimKept takes what is kept under id for an act that is done once. False when it was claimed before or is not there.
func (tx *Tx) ClaimKept(ctx context.Context, owner sallyport.TechnicianID, id string) (bool, error) {
	return tx.did(ctx, `UPDATE kept SET claimed = TRUE WHERE id = $1 AND owner = $2 AND NOT claimed AND expires_at > now_us()`, args{id, owner})
}

// ReleaseKept takes a claim back.
func (tx *Tx) ReleaseKept(ctx context.Context, owner sallyport.TechnicianID, id string) error {
	_, err := tx.exec(ctx, `UPDATE kept SET claimed = FALSE WHERE id = $1 AND owner = $2`, args{id, owner})
	return err
}
