package store

import (
	"context"

	"sallyport"
)

// Gateway returns the gateway in that slot of that channel, nil where there is none.
func (tx *Tx) Gateway(ctx context.Context, channel, slot string) (*sallyport.Gateway, error) {
	var g sallyport.Gateway
	var settings, names string
	found, err := tx.one(ctx, `SELECT channel, slot, kind, settings, sealed, secrets_set, version, proved_at, changed_at, changed_by
		FROM gateway WHERE channel = $1 AND slot = $2`, args{channel, slot},
		&g.Channel, &g.Slot, &g.Kind, &settings, &g.Sealed, &names, &g.Version, stamp{&g.ProvedAt}, stamp{&g.ChangedAt}, &g.ChangedBy)
	if err != nil || !found {
		return nil, err
	}
	if g.Settings, err = decode[map[string]string](settings); err != nil {
		return nil, tx.fail(err)
	}
	if g.SecretsSet, err = decode[[]string](names); err != nil {
		return nil, tx.fail(err)
	}
	return &g, nil
}

// PutGateway stores a gateway in its slot, in the place of what was there.
func (tx *Tx) PutGateway(ctx context.Context, g sallyport.Gateway) error {
	settings, err := encodeText(g.Settings)
	if err != nil {
		return err
	}
	names, err := encode(g.SecretsSet)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO gateway (channel, slot, kind, settings, sealed, secrets_set, version, proved_at, changed_at, changed_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (channel, slot) DO UPDATE SET kind = excluded.kind, settings = excluded.settings, sealed = excluded.sealed,
			secrets_set = excluded.secrets_set, version = excluded.version, proved_at = excluded.proved_at,
			changed_at = excluded.changed_at, changed_by = excluded.changed_by`,
		args{g.Channel, g.Slot, g.Kind, settings, g.Sealed, names, g.Version, g.ProvedAt, g.ChangedAt, g.ChangedBy})
	return err
}

// DeleteGateway empties a slot; an empty one is no error.
func (tx *Tx) DeleteGateway(ctx context.Context, channel, slot string) error {
	_, err := tx.exec(ctx, `DELETE FROM gateway WHERE channel = $1 AND slot = $2`, args{channel, slot})
	return err
}
