package store

import (
	"context"

	"sallyport"
)

var errSignInOver = sallyport.E(sallyport.Gone, "sign_in_over", "This sign-in is over. Please start again.")

const signInColumns = `i.hash, i.technician, i.generation, i.purpose, i.password, i.opener, i.enrolment, i.recovery, i.factor, i.enrolled,
	i.session, i.pending, i.pending_at, i.hint_step, i.hint_offset, i.wrong, i.return_to, i.address, i.browser, i.created_at, i.expires_at`

func signInDest(s *sallyport.SignIn) []any {
	p := &s.Proofs
	return []any{token{&s.Hash}, owner{&s.Technician}, &s.Generation, &s.Purpose, &p.Password, &p.Opener, &p.Enrolment, &p.Recovery,
		&p.Factor, &p.Enrolled, token{&s.Session}, &s.Pending, stamp{&s.PendingAt}, &s.OffsetStep, &s.Offset, &s.Wrong, &s.Return,
		&s.Address, &s.Browser, stamp{&s.CreatedAt}, stamp{&s.ExpiresAt}}
}

// InsertSignIn stores a new sign-in.
func (tx *Tx) InsertSignIn(ctx context.Context, s sallyport.SignIn) error {
	p := s.Proofs
	return tx.later(ctx, nil, `INSERT INTO sign_in (hash, technician, generation, purpose, password, opener, enrolment, recovery, factor,
			enrolled, session, pending, pending_at, hint_step, hint_offset, wrong, return_to, address, browser, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
		args{s.Hash, orNull(s.Technician), s.Generation, s.Purpose, p.Password, p.Opener, p.Enrolment, p.Recovery, p.Factor,
			p.Enrolled, s.Session, s.Pending, s.PendingAt, s.OffsetStep, s.Offset, s.Wrong, s.Return, s.Address, s.Browser,
			s.CreatedAt, s.ExpiresAt})
}

// signInLive is the condition that a sign-in i may go on: in time, and of its technician's generation. That of the first
// Super Admin's set-up has no technician yet.
const signInLive = `i.expires_at > now_us() AND (i.technician IS NULL OR EXISTS (SELECT 1 FROM technician live
	WHERE live.id = i.technician AND live.generation = i.generation AND live.status <> 'deactivated'))`

// SignIn returns a live sign-in with its technician, the zero one for the first Super Admin's set-up. Everything else is
// Gone "sign_in_over".
func (tx *Tx) SignIn(ctx context.Context, hash sallyport.Hash) (sallyport.SignIn, sallyport.Technician, error) {
	var s sallyport.SignIn
	var t sallyport.Technician
	found, err := tx.one(ctx, `SELECT `+signInColumns+`, `+technicianColumns+` FROM sign_in i JOIN technician t ON t.id = i.technician
		WHERE i.hash = $1 AND `+signInLive, args{hash}, append(signInDest(&s), technicianDest(&t)...)...)
	if err != nil || found {
		return s, t, err
	}
	found, err = tx.one(ctx, `SELECT `+signInColumns+` FROM sign_in i WHERE i.hash = $1 AND i.technician IS NULL AND `+signInLive,
		args{hash}, signInDest(&s)...)
	if err == nil && !found {
		err = errSignInOver
	}
	return s, t, err
}

// Asked returns a live sign-in with all that says what it waits for, in one statement. Errors are those of SignIn.
func (tx *Tx) Asked(ctx context.Context, hash sallyport.Hash) (a sallyport.Asked, err error) {
	var f sallyport.Factor
	dest := append(signInDest(&a.SignIn), technicianDest(&a.Technician)...)
	dest = append(dest, factorDest(&f)...)
	found, err := tx.one(ctx, `SELECT `+signInColumns+`, `+technicianColumns+`, `+factorOrNone+`,
			(SELECT COALESCE(CAST(sum(d.answers) AS BIGINT), 0) FROM wrong_day d WHERE d.technician = t.id AND d.day > `+today+` - 365),
			(SELECT count(*) FROM recovery_code r WHERE r.technician = t.id AND r.used_at = 0)
		FROM sign_in i JOIN technician t ON t.id = i.technician LEFT JOIN factor f ON f.technician = t.id
		WHERE i.hash = $1 AND `+signInLive, args{hash}, append(dest, &a.WrongYear, &a.RecoveryLeft)...)
	if err == nil && !found {
		a.SignIn, a.Technician, err = tx.SignIn(ctx, hash)
	}
	a.Factor = orNone(&f)
	return a, err
}

// UpdateSignIn stores what a sign-in has reached: proofs (which only ever become true), the pending secret, the clock
// hint, wrong answers (which only ever grow), the path to go on to, and its end. Gone "sign_in_over" where it is not live.
func (tx *Tx) UpdateSignIn(ctx context.Context, s sallyport.SignIn) error {
	p := s.Proofs
	return tx.must(ctx, errSignInOver, `UPDATE sign_in AS i SET password = (i.password OR $2), opener = (i.opener OR $3),
			enrolment = (i.enrolment OR $4), recovery = (i.recovery OR $5), factor = (i.factor OR $6), enrolled = (i.enrolled OR $7),
			pending = $8, pending_at = $9, hint_step = $10, hint_offset = $11,
			wrong = CASE WHEN i.wrong > $12 THEN i.wrong ELSE $12 END, return_to = $13, expires_at = $14
		WHERE i.hash = $1 AND `+signInLive,
		args{s.Hash, p.Password, p.Opener, p.Enrolment, p.Recovery, p.Factor, p.Enrolled,
			s.Pending, s.PendingAt, s.OffsetStep, s.Offset, s.Wrong, s.Return, s.ExpiresAt})
}

// RotateSignIn gives a live sign-in a new token; its codes go with it.
func (tx *Tx) RotateSignIn(ctx context.Context, from, to sallyport.Hash) error {
	return tx.must(ctx, errSignInOver, `UPDATE sign_in AS i SET hash = $2 WHERE i.hash = $1 AND `+signInLive, args{from, to})
}

// DeleteSignIn ends a sign-in, with its codes, and reports whether it was there.
func (tx *Tx) DeleteSignIn(ctx context.Context, hash sallyport.Hash) (bool, error) {
	return tx.did(ctx, `DELETE FROM sign_in WHERE hash = $1`, args{hash})
}

// EndSignIn ends a sign-in, with its codes. Where it is not there, or its time is over, the transaction fails with none.
func (tx *Tx) EndSignIn(ctx context.Context, hash sallyport.Hash, none error) error {
	return tx.later(ctx, none, `DELETE FROM sign_in WHERE hash = $1 AND expires_at > now_us()`, args{hash})
}

// EndSignIns ends all unfinished sign-ins with their codes, after the clock was set: nobody knows how old they are. It
// returns how many there were.
func (tx *Tx) EndSignIns(ctx context.Context) (int, error) {
	return tx.exec(ctx, `DELETE FROM sign_in`, nil)
}
