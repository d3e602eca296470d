package store

import (
	"context"
	"time"

	"sallyport"
)

const codeColumns = `id, sign_in, technician, channel, address, hash, attempts, state, detail, dead, created_at, expires_at`

func codeDest(c *sallyport.Code) []any {
	return []any{&c.ID, token{&c.SignIn}, &c.Technician, &c.Channel, &c.Address, &c.Hash, &c.Attempts, &c.State, &c.Detail,
		&c.Dead, stamp{&c.CreatedAt}, stamp{&c.ExpiresAt}}
}

// InsertCode stores a new code; the older ones of its sign-in are dead from now on. The new one comes first, for it takes
// the sign-in's row.
func (tx *Tx) InsertCode(ctx context.Context, c sallyport.Code) error {
	_, err := tx.exec(ctx, `INSERT INTO code (place, `+codeColumns+`)
		VALUES ((SELECT COALESCE(max(place), 0) + 1 FROM code WHERE sign_in = $2), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		args{c.ID, c.SignIn, c.Technician, c.Channel, c.Address, c.Hash, c.Attempts, c.State, c.Detail, c.Dead, c.CreatedAt, c.ExpiresAt})
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `UPDATE code SET dead = TRUE WHERE sign_in = $1 AND NOT dead AND id <> $2`, args{c.SignIn, c.ID})
	return err
}

// NewestCode returns the newest code of a sign-in, also a dead one or one that is too old; nil where there was none.
func (tx *Tx) NewestCode(ctx context.Context, signIn sallyport.Hash) (*sallyport.Code, error) {
	var c sallyport.Code
	found, err := tx.one(ctx, `SELECT `+codeColumns+` FROM code WHERE sign_in = $1 ORDER BY place DESC LIMIT 1`,
		args{signIn}, codeDest(&c)...)
	if err != nil || !found {
		return nil, err
	}
	return &c, nil
}

// codeLive is the condition that code $1 may still be compared or used.
const codeLive = `id = $1 AND NOT dead AND expires_at > now_us()
	AND NOT EXISTS (SELECT 1 FROM code newer WHERE newer.sign_in = code.sign_in AND newer.place > code.place)`

// stillInTime looks at the clock once more when a row has been taken: the condition that chose the row was judged before
// the wait for somebody else's lock.
const stillInTime = `expires_at > now_us()`

// CountAttempt counts one comparison with a code before it is made: it may be made only if ok. It is not for a code that
// was compared three times, is dead, too old, or not the newest of its sign-in.
func (tx *Tx) CountAttempt(ctx context.Context, id sallyport.CodeID) (sallyport.Code, bool, error) {
	var c sallyport.Code
	inTime := false
	ok, err := tx.one(ctx, `UPDATE code SET attempts = attempts + 1 WHERE attempts < $2 AND `+codeLive+` RETURNING `+codeColumns+`, `+stillInTime,
		args{id, sallyport.CodeTries}, append(codeDest(&c), &inTime)...)
	return c, ok && inTime, err
}

// ConsumeCode uses a code up, and takes its sign-in's row first. False when that happened before, or it is too old or not
// the newest.
func (tx *Tx) ConsumeCode(ctx context.Context, id sallyport.CodeID) (bool, error) {
	_, err := tx.exec(ctx, `UPDATE sign_in SET generation = generation WHERE hash = (SELECT sign_in FROM code WHERE id = $1)`, args{id})
	if err != nil {
		return false, err
	}
	inTime := false
	ok, err := tx.one(ctx, `UPDATE code SET dead = TRUE WHERE `+codeLive+` RETURNING `+stillInTime, args{id}, &inTime)
	return ok && inTime, err
}

// SetCodeState notes what became of the sending. A code that is gone meanwhile is no error.
func (tx *Tx) SetCodeState(ctx context.Context, id sallyport.CodeID, state sallyport.CodeState, detail string) error {
	_, err := tx.exec(ctx, `UPDATE code SET state = $2, detail = $3 WHERE id = $1`, args{id, state, detail})
	return err
}

// InsertSend counts a send before it is made.
func (tx *Tx) InsertSend(ctx context.Context, code sallyport.CodeID, id sallyport.TechnicianID, address string) error {
	_, err := tx.exec(ctx, `INSERT INTO send (code, technician, address, at, succeeded) VALUES ($1, $2, $3, now_us(), FALSE)`,
		args{code, id, fold(address)})
	return err
}

// ForgiveSend takes back a send that surely failed.
func (tx *Tx) ForgiveSend(ctx context.Context, code sallyport.CodeID) error {
	_, err := tx.exec(ctx, `DELETE FROM send WHERE code = $1`, args{code})
	return err
}

// SucceedSends notes that the codes of a sign-in led to a success: their sends no longer count for the day. Those of other
// sign-ins do, whoever began them.
func (tx *Tx) SucceedSends(ctx context.Context, signIn sallyport.Hash) error {
	_, err := tx.exec(ctx, `UPDATE send SET succeeded = TRUE WHERE code IN (SELECT id FROM code WHERE sign_in = $1)`, args{signIn})
	return err
}

const (
	sendHour = time.Hour
	sendDay  = 24 * time.Hour
)

// SendCounts returns the sends of the last hour to a technician, of whom so many may be in an hour, and of the last 24 hours
// to an address, of which so many may be in a day.
func (tx *Tx) SendCounts(ctx context.Context, id sallyport.TechnicianID, address string, hour, day int) (sallyport.SendCounts, error) {
	var n sallyport.SendCounts
	_, err := tx.one(ctx, `SELECT count(*) FILTER (WHERE at > now_us() - $2), COALESCE(max(at), 0),
			COALESCE((SELECT f.at FROM send f WHERE f.technician = $1 AND f.at > now_us() - $2 ORDER BY f.at DESC LIMIT 1 OFFSET $3), 0)
		FROM send WHERE technician = $1`, args{id, sendHour.Microseconds(), max(0, hour-1)}, &n.Hour, stamp{&n.Last}, stamp{&n.HourFull})
	if err != nil {
		return n, err
	}
	const lately = `address = $1 AND NOT succeeded AND at > now_us() - $2`
	_, err = tx.one(ctx, `SELECT count(*), COALESCE((SELECT at FROM send WHERE `+lately+` ORDER BY at DESC LIMIT 1 OFFSET $3), 0)
		FROM send WHERE `+lately, args{fold(address), sendDay.Microseconds(), max(0, day-1)}, &n.Day, stamp{&n.DayFull})
	return n, err
}
