package store

import (
	"context"
	"time"

	"sallyport"
)

const helpColumns = `id, number, technician, note, address, browser, created_at, done_at, done_by`

func scanHelp(r row) (sallyport.HelpRequest, error) {
	var h sallyport.HelpRequest
	err := r.Scan(&h.ID, &h.Number, &h.Technician, &h.Note, &h.Address, &h.Browser, stamp{&h.CreatedAt}, stamp{&h.DoneAt}, &h.DoneBy)
	return h, err
}

// InsertHelp stores a request for help.
func (tx *Tx) InsertHelp(ctx context.Context, h sallyport.HelpRequest) error {
	_, err := tx.exec(ctx, `INSERT INTO help_request (`+helpColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		args{h.ID, h.Number, h.Technician, h.Note, h.Address, h.Browser, h.CreatedAt, h.DoneAt, h.DoneBy})
	return err
}

// CountHelp is how often a technician asked for help since a time, and when first. It takes the technician's row until the
// end of the transaction, so that of many requests at once each sees those before it.
func (tx *Tx) CountHelp(ctx context.Context, id sallyport.TechnicianID, since time.Time) (n int, oldest time.Time, err error) {
	if err = tx.Hold(ctx, id); err != nil {
		return 0, oldest, err
	}
	_, err = tx.one(ctx, `SELECT count(*), COALESCE(min(created_at), 0) FROM help_request WHERE technician = $1 AND created_at > $2`,
		args{id, since}, &n, stamp{&oldest})
	return n, oldest, err
}

// OpenHelp returns the requests that nobody has finished, the oldest first.
func (tx *Tx) OpenHelp(ctx context.Context) ([]sallyport.HelpRequest, error) {
	return all(ctx, tx, scanHelp, `SELECT `+helpColumns+` FROM help_request WHERE done_at = 0 ORDER BY created_at, id`, nil)
}

// FinishHelp marks a request as done by somebody. False when it was done before or is not there.
func (tx *Tx) FinishHelp(ctx context.Context, id string, by sallyport.TechnicianID) (bool, error) {
	return tx.did(ctx, `UPDATE help_request SET done_at = now_us(), done_by = $2 WHERE id = $1 AND done_at = 0`, args{id, by})
}

// InsertNotice stores something that every Super Admin must acknowledge.
func (tx *Tx) InsertNotice(ctx context.Context, n sallyport.Notice) error {
	_, err := tx.exec(ctx, `INSERT INTO notice (id, type, text, created_at) VALUES ($1, $2, $3, $4)`,
		args{n.ID, n.Type, n.Text, n.CreatedAt})
	return err
}

// OpenNotices returns the notices that a technician has not acknowledged, the newest first.
func (tx *Tx) OpenNotices(ctx context.Context, id sallyport.TechnicianID) ([]sallyport.Notice, error) {
	scan := func(r row) (sallyport.Notice, error) {
		var n sallyport.Notice
		err := r.Scan(&n.ID, &n.Type, &n.Text, stamp{&n.CreatedAt})
		return n, err
	}
	return all(ctx, tx, scan, `SELECT n.id, n.type, n.text, n.created_at FROM notice n
		WHERE NOT EXISTS (SELECT 1 FROM notice_seen s WHERE s.notice = n.id AND s.technician = $1)
		ORDER BY n.created_at DESC, n.id`, args{id})
}

// AckNotice notes that a technician has acknowledged a notice, and reports whether he had not before. ErrNotFound where there
// is none.
func (tx *Tx) AckNotice(ctx context.Context, id string, by sallyport.TechnicianID) (bool, error) {
	found, err := tx.one(ctx, `SELECT 1 FROM notice WHERE id = $1`, args{id}, new(int))
	switch {
	case err != nil:
		return false, err
	case !found:
		return false, sallyport.ErrNotFound
	}
	return tx.did(ctx, `INSERT INTO notice_seen (notice, technician, at) VALUES ($1, $2, now_us()) ON CONFLICT DO NOTHING`, args{id, by})
}
