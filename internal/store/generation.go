package store

import (
	"context"

	"sallyport"
)

// Raise makes everything older of a technician dead: his generation rises, and his sessions, unfinished sign-ins with
// their codes, links, password resets and enrolment code are deleted; a message that still waits to bring such a link is
// withdrawn. The sessions' hashes are remembered with the reason for the page that their holders see next. ErrNotFound where
// there is no such technician.
func (tx *Tx) Raise(ctx context.Context, id sallyport.TechnicianID, reason sallyport.EndReason) (sallyport.Raised, error) {
	var r sallyport.Raised
	idle, err := tx.liveIdle(ctx)
	if err != nil {
		return r, err
	}
	found := false
	err = tx.Together(ctx, // the sessions first: after the rise none of them is live
		func() (err error) { r.Sessions, err = tx.sessionsWithin(ctx, id, idle); return err },
		func() (err error) {
			found, err = tx.one(ctx, `UPDATE technician SET generation = generation + 1 WHERE id = $1 RETURNING generation`,
				args{id}, &r.Generation)
			return err
		})
	switch {
	case err != nil:
		return r, err
	case !found:
		return r, sallyport.ErrNotFound
	}
	if _, err := tx.endWhere(ctx, reason, `technician = $1`, args{id}); err != nil {
		return r, err
	}
	if err := tx.dropUnfinished(ctx, id, &r); err != nil {
		return r, err
	}
	if tx.change.Raised == nil {
		tx.change.Raised = make(map[sallyport.TechnicianID]sallyport.Generation)
	}
	tx.change.Raised[id] = r.Generation
	return r, nil
}

func (tx *Tx) dropUnfinished(ctx context.Context, id sallyport.TechnicianID, r *sallyport.Raised) error {
	err := tx.Together(ctx,
		func() (err error) { // with their codes
			r.SignIns, err = tx.exec(ctx, `DELETE FROM sign_in WHERE technician = $1`, args{id})
			return err
		},
		func() (err error) {
			r.Links, r.Withdrawn, err = tx.deleteLinks(ctx, `technician = $1`, args{id})
			return err
		})
	if err != nil {
		return err
	}
	for _, statement := range []string{`DELETE FROM password_reset WHERE technician = $1`, `DELETE FROM enrolment_code WHERE technician = $1`} {
		if err := tx.later(ctx, nil, statement, args{id}); err != nil {
			return err
		}
	}
	return tx.later(ctx, nil, `DELETE FROM device WHERE technician = $1 AND hash NOT IN (
		SELECT known.hash FROM device known WHERE known.technician = $1 ORDER BY known.seen_at DESC, known.hash LIMIT $2)`,
		args{id, sallyport.KnownBrowsers})
}
