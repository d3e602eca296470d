package store

import (
	"context"
	"time"

	"sallyport"
)

// today is the day of the moment, counted since 1970-01-01 UTC.
const today = `now_us() / 86400000000`

// CountAnswer counts one second-factor answer of t, who was read in this transaction, before anybody looks at it: it may
// be looked at only when the transaction has committed. The transaction fails where t's generation or run is not as it
// was read, the run has reached cap, a wait is on, or (recovery codes excepted, whose run is their own) the factor is
// switched off. run is the run with this answer. Answers with a factor also count for the day.
func (tx *Tx) CountAnswer(ctx context.Context, t sallyport.Technician, cap int, recovery bool) (run int, err error) {
	if recovery {
		return t.RecoveryRun + 1, tx.later(ctx, errMoved, `UPDATE technician SET recovery_run = recovery_run + 1
			WHERE id = $1 AND generation = $2 AND recovery_run = $4 AND recovery_run < $3 AND wait_until <= now_us()`,
			args{t.ID, t.Generation, cap, t.RecoveryRun})
	}
	err = tx.later(ctx, errMoved, `UPDATE technician SET wrong_run = wrong_run + 1
		WHERE id = $1 AND generation = $2 AND wrong_run = $4 AND wrong_run < $3 AND wait_until <= now_us() AND NOT factor_disabled`,
		args{t.ID, t.Generation, cap, t.WrongRun})
	if err != nil {
		return 0, err
	}
	return t.WrongRun + 1, tx.later(ctx, nil, `INSERT INTO wrong_day (technician, day, answers) VALUES ($1, `+today+`, 1)
		ON CONFLICT (technician, day) DO UPDATE SET answers = wrong_day.answers + 1`, args{t.ID})
}

// ClearAnswers ends a run after a right answer: run and wait are 0, and the answer itself, which was counted before it
// was looked at, is taken back from the day's count.
func (tx *Tx) ClearAnswers(ctx context.Context, id sallyport.TechnicianID, recovery bool) error {
	if recovery {
		return tx.later(ctx, nil, `UPDATE technician SET recovery_run = 0, wait_until = 0 WHERE id = $1`, args{id})
	}
	if err := tx.later(ctx, nil, `UPDATE technician SET wrong_run = 0, wait_until = 0 WHERE id = $1`, args{id}); err != nil {
		return err
	}
	return tx.takeAnswerBack(ctx, id)
}

func (tx *Tx) takeAnswerBack(ctx context.Context, id sallyport.TechnicianID) error {
	return tx.later(ctx, nil, `UPDATE wrong_day SET answers = answers - 1 WHERE technician = $1 AND answers > 0
		AND day = (SELECT max(d.day) FROM wrong_day d WHERE d.technician = $1)`, args{id})
}

var (
	sessionAge, _   = sallyport.SettingByName("session-age")
	sessionLimit, _ = sallyport.SettingByName("session-limit")
)

// ClearAnswersOf is ClearAnswers for t as he was when his answer was counted, which made his run that long; and the time of
// the sign-in is stored, as by CreateSession. Where he is no longer so (another generation, not active, another run, or his
// factor switched off), or a session would not last as it does by set, the transaction fails with none.
func (tx *Tx) ClearAnswersOf(ctx context.Context, t sallyport.Technician, run int, at time.Time, set sallyport.Settings, none error) error {
	err := tx.later(ctx, none, `UPDATE technician SET wrong_run = 0, wait_until = 0,
			last_sign_in_at = CASE WHEN last_sign_in_at > $4 THEN last_sign_in_at ELSE $4 END
		WHERE id = $1 AND generation = $2 AND status = 'active' AND wrong_run = $3 AND NOT factor_disabled AND NOT EXISTS (
			SELECT 1 FROM setting WHERE name = 'session-age' AND value <> $5 OR name = 'session-limit' AND value <> $6)`,
		args{t.ID, t.Generation, run, at, sessionAge.Get(set), sessionLimit.Get(set)})
	if err != nil {
		return err
	}
	return tx.takeAnswerBack(ctx, t.ID)
}

// SetWait says from when on a second-factor answer is looked at again.
func (tx *Tx) SetWait(ctx context.Context, id sallyport.TechnicianID, until time.Time) error {
	return tx.must(ctx, sallyport.ErrNotFound, `UPDATE technician SET wait_until = $2 WHERE id = $1`, args{id, until})
}

// DisableFactor switches a technician's second factor off until ResetWrong.
func (tx *Tx) DisableFactor(ctx context.Context, id sallyport.TechnicianID) error {
	return tx.must(ctx, sallyport.ErrNotFound, `UPDATE technician SET factor_disabled = TRUE WHERE id = $1`, args{id})
}

// ResetWrong begins all counts of wrong answers anew and switches the factor on again: after an administrator's reset.
func (tx *Tx) ResetWrong(ctx context.Context, id sallyport.TechnicianID) error {
	err := tx.must(ctx, sallyport.ErrNotFound, `UPDATE technician SET factor_disabled = FALSE, wrong_run = 0, recovery_run = 0,
		wait_until = 0 WHERE id = $1`, args{id})
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `DELETE FROM wrong_day WHERE technician = $1`, args{id})
	return err
}
