package store

import (
	"context"
	"time"

	"sallyport"
)

var errLinkOver = sallyport.E(sallyport.Gone, "link_over", "This link was used already, or is too old.")

const linkColumns = `hash, kind, technician, generation, created_at, expires_at, created_by`

func linkDest(l *sallyport.Link) []any {
	return []any{token{&l.Hash}, &l.Kind, owner{&l.Technician}, &l.Generation, stamp{&l.CreatedAt}, stamp{&l.ExpiresAt}, &l.CreatedBy}
}

// linkLive is the condition that a link works: in time, and of its technician's generation.
const linkLive = `expires_at > now_us() AND (technician IS NULL
	OR EXISTS (SELECT 1 FROM technician t WHERE t.id = link.technician AND t.generation = link.generation))`

// InsertLink stores a new link.
func (tx *Tx) InsertLink(ctx context.Context, l sallyport.Link) error {
	_, err := tx.exec(ctx, insertLink.one, linkRow(l))
	return err
}

// InsertLinks stores new links.
func (tx *Tx) InsertLinks(ctx context.Context, list []sallyport.Link) error {
	return insertAll(ctx, tx, insertLink, list, sure(linkRow))
}

var insertLink = inserting(`INSERT INTO link (`+linkColumns+`) VALUES `, `($1, $2, $3, $4, $5, $6, $7)`, ``)

func linkRow(l sallyport.Link) args {
	return args{l.Hash, l.Kind, orNull(l.Technician), l.Generation, l.CreatedAt, l.ExpiresAt, l.CreatedBy}
}

// Link returns a link that works, Gone "link_over" for every other.
func (tx *Tx) Link(ctx context.Context, hash sallyport.Hash) (sallyport.Link, error) {
	var l sallyport.Link
	found, err := tx.one(ctx, `SELECT `+linkColumns+` FROM link WHERE hash = $1 AND `+linkLive, args{hash}, linkDest(&l)...)
	if err == nil && !found {
		err = errLinkOver
	}
	return l, err
}

// ConsumeLink uses a link up and returns it. False when that happened before, or it no longer works.
func (tx *Tx) ConsumeLink(ctx context.Context, hash sallyport.Hash) (sallyport.Link, bool, error) {
	var l sallyport.Link
	inTime := false
	found, err := tx.one(ctx, `DELETE FROM link WHERE hash = $1 AND `+linkLive+` RETURNING `+linkColumns+`, `+stillInTime,
		args{hash}, append(linkDest(&l), &inTime)...)
	if err == nil && found {
		_, err = tx.withdrawOutbox(ctx, []sallyport.Hash{hash})
	}
	return l, found && inTime, err
}

// DeleteLinks deletes a technician's links of that kind, with the messages that still wait to bring them, and returns how
// many there were. An empty id means those of the first Super Admin's set-up.
func (tx *Tx) DeleteLinks(ctx context.Context, id sallyport.TechnicianID, kind sallyport.LinkKind) (n int, err error) {
	if id == "" {
		n, _, err = tx.deleteLinks(ctx, `technician IS NULL AND kind = $1`, args{kind})
	} else {
		n, _, err = tx.deleteLinks(ctx, `technician = $1 AND kind = $2`, args{id, kind})
	}
	return n, err
}

// deleteLinks deletes the links that are so, with the messages that still wait to bring them.
func (tx *Tx) deleteLinks(ctx context.Context, where string, a args) (n, unsent int, err error) {
	ended, err := all(ctx, tx, func(r row) (hash sallyport.Hash, err error) {
		err = r.Scan(token{&hash})
		return hash, err
	}, `DELETE FROM link WHERE `+where+` RETURNING hash`, a)
	if err != nil {
		return 0, 0, err
	}
	unsent, err = tx.withdrawOutbox(ctx, ended)
	return len(ended), unsent, err
}

// LiveLink returns a technician's newest working link of that kind, nil where there is none. An empty id means that of
// the first Super Admin's set-up.
func (tx *Tx) LiveLink(ctx context.Context, id sallyport.TechnicianID, kind sallyport.LinkKind) (*sallyport.Link, error) {
	whose, a := `technician = $2`, args{kind, id}
	if id == "" {
		whose, a = `technician IS NULL`, args{kind}
	}
	var l sallyport.Link
	found, err := tx.one(ctx, `SELECT `+linkColumns+` FROM link WHERE kind = $1 AND `+whose+` AND `+linkLive+
		` ORDER BY created_at DESC, hash LIMIT 1`, a, linkDest(&l)...)
	if err != nil || !found {
		return nil, err
	}
	return &l, nil
}

const resetColumns = `id, technician, generation, waiting, address, created_at, expires_at`

func scanReset(r row) (sallyport.PasswordReset, error) {
	var p sallyport.PasswordReset
	err := r.Scan(&p.ID, &p.Technician, &p.Generation, &p.Waiting, &p.Address, stamp{&p.CreatedAt}, stamp{&p.ExpiresAt})
	return p, err
}

const resetLive = `expires_at > now_us()
	AND EXISTS (SELECT 1 FROM technician t WHERE t.id = password_reset.technician AND t.generation = password_reset.generation)`

// InsertReset stores a password reset that was asked for.
func (tx *Tx) InsertReset(ctx context.Context, p sallyport.PasswordReset) error {
	_, err := tx.exec(ctx, `INSERT INTO password_reset (`+resetColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		args{p.ID, p.Technician, p.Generation, p.Waiting, p.Address, p.CreatedAt, p.ExpiresAt})
	return err
}

// Reset returns a password reset that is neither too old nor of an older generation, ErrNotFound for every other.
func (tx *Tx) Reset(ctx context.Context, id string) (sallyport.PasswordReset, error) {
	p, found, err := first(ctx, tx, scanReset, `SELECT `+resetColumns+` FROM password_reset WHERE id = $1 AND `+resetLive, args{id})
	if err == nil && !found {
		err = sallyport.ErrNotFound
	}
	return p, err
}

// WaitingResets returns the live password resets that wait for an administrator, the oldest first.
func (tx *Tx) WaitingResets(ctx context.Context) ([]sallyport.PasswordReset, error) {
	return all(ctx, tx, scanReset, `SELECT `+resetColumns+` FROM password_reset WHERE waiting AND `+resetLive+` ORDER BY created_at, id`, nil)
}

// DeleteReset deletes a password reset and reports whether it was there.
func (tx *Tx) DeleteReset(ctx context.Context, id string) (bool, error) {
	return tx.did(ctx, `DELETE FROM password_reset WHERE id = $1`, args{id})
}

// NoteReset notes that a password reset was asked for now. Unlike the reset itself the note outlives every Raise.
func (tx *Tx) NoteReset(ctx context.Context, id sallyport.TechnicianID) error {
	_, err := tx.exec(ctx, `INSERT INTO reset_asked (technician, at) VALUES ($1, now_us())`, args{id})
	return err
}

// CountResets returns how many password resets were asked for after since.
func (tx *Tx) CountResets(ctx context.Context, id sallyport.TechnicianID, since time.Time) (int, error) {
	var n int
	_, err := tx.one(ctx, `SELECT count(*) FROM reset_asked WHERE technician = $1 AND at > $2`, args{id, since}, &n)
	return n, err
}
