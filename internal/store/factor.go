package store

import (
	"context"

	"sallyport"
)

// Factor returns what a technician holds, nil where he holds none.
func (tx *Tx) Factor(ctx context.Context, id sallyport.TechnicianID) (*sallyport.Factor, error) {
	var f sallyport.Factor
	_, err := tx.one(ctx, `SELECT technician, kind, secret, last_step, step_offset, address, proved_at, used_at FROM factor
		WHERE technician = $1`, args{id}, factorDest(&f)...)
	return orNone(&f), err
}

// TechnicianWithFactor returns the technician whose user name compares as key, ErrNotFound where there is none, and what he
// holds, nil where that is nothing.
func (tx *Tx) TechnicianWithFactor(ctx context.Context, key string) (t sallyport.Technician, _ *sallyport.Factor, err error) {
	var f sallyport.Factor
	found, err := tx.one(ctx, `SELECT `+technicianColumns+`, `+factorOrNone+` FROM technician t LEFT JOIN factor f ON f.technician = t.id
		WHERE t.user_name_key = $1`, args{key}, append(technicianDest(&t), factorDest(&f)...)...)
	if err == nil && !found {
		err = sallyport.ErrNotFound
	}
	return t, orNone(&f), err
}

func factorDest(f *sallyport.Factor) []any {
	return []any{&f.Technician, &f.Kind, &f.Secret, &f.LastStep, &f.Offset, &f.Address, stamp{&f.ProvedAt}, stamp{&f.UsedAt}}
}

// factorOrNone are the columns of a factor f beside those of a technician who may have none.
const factorOrNone = `COALESCE(f.technician, ''), COALESCE(f.kind, ''), COALESCE(f.secret, ''), COALESCE(f.last_step, 0),
	COALESCE(f.step_offset, 0), COALESCE(f.address, ''), COALESCE(f.proved_at, 0), COALESCE(f.used_at, 0)`

// orNone is what was read of factorOrNone, nil where there was none.
func orNone(f *sallyport.Factor) *sallyport.Factor {
	if f.Technician == "" {
		return nil
	}
	return f
}

// PutFactor stores a proved factor in the place of any other. For the same secret the last step never falls.
func (tx *Tx) PutFactor(ctx context.Context, f sallyport.Factor) error {
	_, err := tx.exec(ctx, `UPDATE technician SET enrolment_needed = FALSE WHERE id = $1`, args{f.Technician})
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO factor (technician, kind, secret, last_step, step_offset, address, proved_at, used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (technician) DO UPDATE SET kind = excluded.kind, secret = excluded.secret,
			last_step = CASE WHEN factor.secret = excluded.secret AND factor.last_step > excluded.last_step
				THEN factor.last_step ELSE excluded.last_step END,
			step_offset = excluded.step_offset, address = excluded.address, proved_at = excluded.proved_at, used_at = excluded.used_at`,
		args{f.Technician, f.Kind, f.Secret, f.LastStep, f.Offset, f.Address, f.ProvedAt, f.UsedAt})
	return err
}

// DeleteFactor takes away what a technician holds, with his recovery codes.
func (tx *Tx) DeleteFactor(ctx context.Context, id sallyport.TechnicianID) error {
	if _, err := tx.exec(ctx, `DELETE FROM recovery_code WHERE technician = $1`, args{id}); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `DELETE FROM factor WHERE technician = $1`, args{id})
	return err
}

// BurnStep uses up a TOTP step and every older one. False when that step was used before.
func (tx *Tx) BurnStep(ctx context.Context, id sallyport.TechnicianID, step int64) (bool, error) {
	return tx.did(ctx, burnStep, args{id, step})
}

const burnStep = `UPDATE factor SET last_step = $2, used_at = now_us() WHERE technician = $1 AND kind = 'app' AND last_step < $2`

// UseStep is BurnStep where the transaction fails with none instead.
func (tx *Tx) UseStep(ctx context.Context, id sallyport.TechnicianID, step int64, none error) error {
	return tx.later(ctx, none, burnStep, args{id, step})
}

// NoteUse notes that a sent code was given right, as UseStep does of the app's.
func (tx *Tx) NoteUse(ctx context.Context, id sallyport.TechnicianID) error {
	return tx.later(ctx, nil, `UPDATE factor SET used_at = now_us() WHERE technician = $1 AND kind <> 'app'`, args{id})
}

// SetOffset stores by how many steps the clock of a technician's phone is ahead.
func (tx *Tx) SetOffset(ctx context.Context, id sallyport.TechnicianID, offset int) error {
	return tx.must(ctx, sallyport.ErrNotFound, `UPDATE factor SET step_offset = $2 WHERE technician = $1 AND kind = 'app'`, args{id, offset})
}

// SetRecoveryCodes replaces all recovery codes of a technician.
func (tx *Tx) SetRecoveryCodes(ctx context.Context, id sallyport.TechnicianID, hashes [][]byte) error {
	if _, err := tx.exec(ctx, `DELETE FROM recovery_code WHERE technician = $1`, args{id}); err != nil {
		return err
	}
	for _, hash := range hashes {
		_, err := tx.exec(ctx, `INSERT INTO recovery_code (technician, hash, used_at) VALUES ($1, $2, 0)`, args{id, hash})
		if err != nil {
			return err
		}
	}
	return nil
}

// UseRecoveryCode uses up a recovery code. False when there is no such code or it was used before.
func (tx *Tx) UseRecoveryCode(ctx context.Context, id sallyport.TechnicianID, hash []byte) (bool, error) {
	return tx.did(ctx, `UPDATE recovery_code SET used_at = now_us() WHERE technician = $1 AND hash = $2 AND used_at = 0`, args{id, hash})
}

// RecoveryLeft returns how many recovery codes are unused.
func (tx *Tx) RecoveryLeft(ctx context.Context, id sallyport.TechnicianID) (int, error) {
	var n int
	_, err := tx.one(ctx, `SELECT count(*) FROM recovery_code WHERE technician = $1 AND used_at = 0`, args{id}, &n)
	return n, err
}

// PutEnrolmentCode stores the code that stands in the place of a lost factor, instead of any older one.
func (tx *Tx) PutEnrolmentCode(ctx context.Context, c sallyport.EnrolmentCode) error {
	_, err := tx.exec(ctx, `UPDATE technician SET enrolment_needed = TRUE WHERE id = $1`, args{c.Technician})
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO enrolment_code (technician, generation, hash, expires_at, issued_by) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (technician) DO UPDATE SET generation = excluded.generation, hash = excluded.hash,
			expires_at = excluded.expires_at, issued_by = excluded.issued_by`,
		args{c.Technician, c.Generation, c.Hash, c.ExpiresAt, c.IssuedBy})
	return err
}

const enrolmentLive = `e.technician = $1 AND e.expires_at > now_us()
	AND EXISTS (SELECT 1 FROM technician t WHERE t.id = e.technician AND t.generation = e.generation)`

// EnrolmentCode returns a technician's live enrolment code, nil when there is none, it is too old or of an older generation.
func (tx *Tx) EnrolmentCode(ctx context.Context, id sallyport.TechnicianID) (*sallyport.EnrolmentCode, error) {
	var c sallyport.EnrolmentCode
	found, err := tx.one(ctx, `SELECT e.technician, e.generation, e.hash, e.expires_at, e.issued_by FROM enrolment_code e WHERE `+
		enrolmentLive, args{id}, &c.Technician, &c.Generation, &c.Hash, stamp{&c.ExpiresAt}, &c.IssuedBy)
	if err != nil || !found {
		return nil, err
	}
	return &c, nil
}

// UseEnrolmentCode uses up the live enrolment code of that generation and hash. False when there is none: a newer one stands in
// its place, for example.
func (tx *Tx) UseEnrolmentCode(ctx context.Context, id sallyport.TechnicianID, gen sallyport.Generation, hash []byte) (bool, error) {
	inTime := false
	found, err := tx.one(ctx, `DELETE FROM enrolment_code AS e WHERE e.generation = $2 AND e.hash = $3 AND `+enrolmentLive+` RETURNING `+stillInTime, args{id, gen, hash}, &inTime)
	return found && inTime, err
}
