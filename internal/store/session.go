package store

import (
	"context"
	"time"

	"sallyport"
)

const sessionColumns = `s.hash, s.technician, s.generation, s.method, s.address, s.browser, s.created_at, s.used_at, s.proved_at, s.expires_at`

// returningSession returns the same columns of rows that were changed; SQLite knows no other name for their table.
const returningSession = ` RETURNING hash, technician, generation, method, address, browser, created_at, used_at, proved_at, expires_at`

func sessionDest(s *sallyport.Session) []any {
	return []any{token{&s.Hash}, &s.Technician, &s.Generation, &s.Method, &s.Address, &s.Browser, stamp{&s.CreatedAt},
		stamp{&s.UsedAt}, stamp{&s.ProvedAt}, stamp{&s.ExpiresAt}}
}

func scanSession(r row) (sallyport.Session, error) {
	var s sallyport.Session
	err := r.Scan(sessionDest(&s)...)
	return s, err
}

// usable is the condition that a session s of technician t may be used at all; $1 is the idle time in microseconds.
const usable = `s.generation = t.generation AND t.status = 'active' AND s.expires_at > now_us() AND s.used_at > now_us() - $1`

// CreateSession stores a finished sign-in's session. It first takes the technician's row: where he is not active or s
// is of another generation, the sign-in is over (Gone "sign_in_over"). Where limit is not 0 and more sessions than that
// are live, or may be, the oldest end, and are returned.
func (tx *Tx) CreateSession(ctx context.Context, s sallyport.Session, limit int) ([]sallyport.Session, error) {
	err := tx.later(ctx, errSignInOver, `UPDATE technician
		SET last_sign_in_at = CASE WHEN last_sign_in_at > $3 THEN last_sign_in_at ELSE $3 END
		WHERE id = $1 AND generation = $2 AND status = 'active'`, args{s.Technician, s.Generation, s.CreatedAt})
	if err != nil {
		return nil, err
	}
	if err := tx.InsertSession(ctx, s); err != nil || limit < 1 {
		return nil, err
	}
	idle, err := tx.liveIdle(ctx)
	if err != nil {
		return nil, err
	}
	return tx.endWhere(ctx, sallyport.EndedByLimit, `hash IN (SELECT old.hash FROM session old
		WHERE old.technician = $1 AND old.hash <> $2 AND old.expires_at > now_us() AND old.used_at > now_us() - $4
		ORDER BY old.created_at DESC, old.hash LIMIT 1000000 OFFSET $3)`, args{s.Technician, s.Hash, limit - 1, idle})
}

// InsertSession is the rest of CreateSession, without a limit, for whoever took the technician's row himself and made sure
// that he is active and of s's generation.
func (tx *Tx) InsertSession(ctx context.Context, s sallyport.Session) error {
	err := tx.later(ctx, nil, `INSERT INTO session (hash, technician, generation, method, address, browser, created_at, used_at, proved_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		args{s.Hash, s.Technician, s.Generation, s.Method, s.Address, s.Browser, s.CreatedAt, s.UsedAt, s.ProvedAt, s.ExpiresAt})
	if err != nil {
		return err
	}
	tx.change.Created = append(tx.change.Created, s)
	return nil
}

// RotateSession gives a session a new token and the time of its new proof. Gone "sign_in_over" where from is not there,
// or to's generation is not its technician's.
func (tx *Tx) RotateSession(ctx context.Context, from sallyport.Hash, to sallyport.Session) error {
	err := tx.must(ctx, errSignInOver, `UPDATE session SET hash = $2, generation = $3, method = $4, address = $5, browser = $6,
			used_at = $7, proved_at = $8, expires_at = $9
		WHERE hash = $1 AND technician = $10 AND expires_at > now_us() AND EXISTS (SELECT 1 FROM technician t
			WHERE t.id = session.technician AND t.generation = session.generation AND t.generation = $3 AND t.status = 'active')`,
		args{from, to.Hash, to.Generation, to.Method, to.Address, to.Browser, to.UsedAt, to.ProvedAt, to.ExpiresAt, to.Technician})
	if err != nil {
		return err
	}
	if _, err := tx.exec(ctx, `UPDATE sign_in SET session = $2 WHERE session = $1`, args{from, to.Hash}); err != nil {
		return err
	}
	tx.change.Ended = append(tx.change.Ended, from)
	tx.change.Created = append(tx.change.Created, to)
	return nil
}

// Session returns a usable session with its technician: same generation, active, neither too old nor idle for longer
// than idle. Everything else is ErrUnauthorized.
func (tx *Tx) Session(ctx context.Context, hash sallyport.Hash, idle time.Duration) (sallyport.Session, sallyport.Technician, error) {
	var s sallyport.Session
	var t sallyport.Technician
	found, err := tx.one(ctx, `SELECT `+sessionColumns+`, `+technicianColumns+` FROM session s JOIN technician t ON t.id = s.technician
		WHERE s.hash = $2 AND `+usable, args{idle.Microseconds(), hash}, append(sessionDest(&s), technicianDest(&t)...)...)
	if err == nil && !found {
		err = sallyport.ErrUnauthorized
	}
	return s, t, err
}

// EndSession ends one session and reports whether it was there.
func (tx *Tx) EndSession(ctx context.Context, hash sallyport.Hash, reason sallyport.EndReason) (bool, error) {
	ended, err := tx.endWhere(ctx, reason, `hash = $1`, args{hash})
	return len(ended) > 0, err
}

// EndSessions ends all of a technician's sessions but except, and returns them.
func (tx *Tx) EndSessions(ctx context.Context, id sallyport.TechnicianID, except sallyport.Hash, reason sallyport.EndReason) ([]sallyport.Session, error) {
	return tx.endWhere(ctx, reason, `technician = $1 AND hash <> $2`, args{id, except})
}

// ShortenSessions lets no session live on for longer than age after its beginning, whatever held when it began. It stands
// behind HoldTeam: the sessions are many technicians'.
func (tx *Tx) ShortenSessions(ctx context.Context, age time.Duration) error {
	cut, err := all(ctx, tx, scanSession, `UPDATE session SET expires_at = created_at + $1 WHERE expires_at > created_at + $1`+
		returningSession, args{age.Microseconds()})
	tx.change.Created = append(tx.change.Created, cut...)
	return err
}

// SessionsOf returns a technician's live sessions, the one used last first.
func (tx *Tx) SessionsOf(ctx context.Context, id sallyport.TechnicianID) ([]sallyport.Session, error) {
	idle, err := tx.liveIdle(ctx)
	if err != nil {
		return nil, err
	}
	return tx.sessionsWithin(ctx, id, idle)
}

// sessionsWithin are the sessions of a technician that were used within idle microseconds.
func (tx *Tx) sessionsWithin(ctx context.Context, id sallyport.TechnicianID, idle int64) ([]sallyport.Session, error) {
	return all(ctx, tx, scanSession, `SELECT `+sessionColumns+` FROM session s JOIN technician t ON t.id = s.technician
		WHERE s.technician = $2 AND `+usable+` ORDER BY s.used_at DESC, s.hash`, args{idle, id})
}

// LoadSessions returns up to n sessions whose hash is greater than after, in the order of their hashes: those of their
// technician's generation that are not over age. Idle ones are among them, because last use may not be written yet.
func (tx *Tx) LoadSessions(ctx context.Context, after sallyport.Hash, n int) ([]sallyport.Session, error) {
	// CROSS JOIN keeps the order of the tables: beginning at the technicians reads and sorts all of them for each page.
	return all(ctx, tx, scanSession, `SELECT `+sessionColumns+` FROM session s CROSS JOIN technician t
		WHERE t.id = s.technician AND s.hash > $1 AND s.generation = t.generation AND t.status = 'active' AND s.expires_at > now_us()
		ORDER BY s.hash LIMIT $2`, args{after, n})
}

// EndedReason says why a session is no longer usable, for 24 hours after its end.
func (tx *Tx) EndedReason(ctx context.Context, hash sallyport.Hash) (sallyport.EndReason, bool, error) {
	var reason sallyport.EndReason
	found, err := tx.one(ctx, `SELECT reason FROM ended_session WHERE hash = $1`, args{hash}, &reason)
	if err != nil || found {
		return reason, found, err
	}
	idle, err := tx.idle(ctx)
	if err != nil {
		return "", false, err
	}
	found, err = tx.one(ctx, `SELECT CASE WHEN expires_at <= now_us() THEN 'age' ELSE 'idle' END FROM session
		WHERE hash = $2 AND (expires_at <= now_us() OR used_at <= now_us() - $1)`, args{idle, hash}, &reason)
	return reason, found, err
}

// idle is the setting for it in microseconds.
func (tx *Tx) idle(ctx context.Context) (int64, error) {
	s, err := tx.Settings(ctx)
	return s.SessionIdle.Microseconds(), err
}

// liveIdle is after how long without a use, in microseconds, a session is surely not live any more: its last use may not be written
// yet. What counts, names or ends live sessions goes by it; whether one lets somebody in is not for it to say.
func (tx *Tx) liveIdle(ctx context.Context) (int64, error) {
	idle, err := tx.idle(ctx)
	return idle + sallyport.TouchEvery.Microseconds(), err
}

const deviceLife = 365 * 24 * time.Hour

// PutDevice notes that a browser signed a technician in, for a year.
func (tx *Tx) PutDevice(ctx context.Context, hash sallyport.Hash, id sallyport.TechnicianID) error {
	return tx.later(ctx, nil, `INSERT INTO device (hash, technician, seen_at) VALUES ($1, $2, now_us())
		ON CONFLICT (hash) DO UPDATE SET technician = excluded.technician, seen_at = excluded.seen_at`, args{hash, id})
}

// Device returns whom a browser signed in within the last year.
func (tx *Tx) Device(ctx context.Context, hash sallyport.Hash) (sallyport.TechnicianID, bool, error) {
	var id sallyport.TechnicianID
	found, err := tx.one(ctx, `SELECT technician FROM device WHERE hash = $1 AND seen_at > now_us() - $2`,
		args{hash, deviceLife.Microseconds()}, &id)
	return id, found, err
}
