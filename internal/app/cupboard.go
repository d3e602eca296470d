package app

import (
	"context"
	"time"

	"sallyport"
	"sallyport/internal/keyring"
	"sallyport/internal/store"
)

// cupboard keeps what the Admin pages remember for a while where every node finds it: in the database, sealed.
type cupboard struct{ c *core }

func keptPlace(owner sallyport.TechnicianID, id string) keyring.Place {
	return keyring.Place{Table: "kept", Row: string(owner) + "/" + id, Column: "sealed"}
}

// Keep implements console.Keeper. It seals in a transaction that has had an answer, which cannot stand still until the key is
// dropped.
func (b cupboard) Keep(ctx context.Context, owner sallyport.TechnicianID, id string, value []byte, life time.Duration) error {
	return b.write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Now(ctx); err != nil {
			return err
		}
		return b.put(ctx, tx, owner, id, value, life)
	})
}

func (b cupboard) put(ctx context.Context, tx *store.Tx, owner sallyport.TechnicianID, id string, value []byte, life time.Duration) error {
	return tx.PutKept(ctx, owner, id, b.c.keys.Seal(value, keptPlace(owner, id)), life)
}

// Kept implements console.Keeper.
func (b cupboard) Kept(ctx context.Context, owner sallyport.TechnicianID, id string) (value []byte, found bool, err error) {
	if err := b.c.fit.check(); err != nil {
		return nil, false, err
	}
	var sealed []byte
	err = b.c.db.Read(ctx, func(tx *store.Tx) (err error) {
		sealed, err = tx.Kept(ctx, owner, id)
		return err
	})
	if err != nil || len(sealed) == 0 {
		return nil, false, err
	}
	value, err = b.c.keys.Open(sealed, keptPlace(owner, id))
	return value, err == nil, err
}

// Claim implements console.Keeper.
func (b cupboard) Claim(ctx context.Context, owner sallyport.TechnicianID, id string, value []byte, life time.Duration) (claimed bool, err error) {
	err = b.write(ctx, func(tx *store.Tx) (err error) {
		if claimed, err = tx.ClaimKept(ctx, owner, id); err != nil || !claimed {
			return err
		}
		return b.put(ctx, tx, owner, id, value, life)
	})
	return claimed, err
}

// Release implements console.Keeper.
func (b cupboard) Release(ctx context.Context, owner sallyport.TechnicianID, id string, value []byte, life time.Duration) error {
	return b.write(ctx, func(tx *store.Tx) error {
		if err := tx.ReleaseKept(ctx, owner, id); err != nil {
			return err
		}
		return b.put(ctx, tx, owner, id, value, life)
	})
}

func (b cupboard) write(ctx context.Context, act func(*store.Tx) error) error {
	if err := b.c.fit.check(); err != nil {
		return err
	}
	return b.c.db.Write(ctx, act)
}
