package store

import (
	"context"
	"encoding/binary"
	"time"

	"sallyport"
)

// sweepMost is how many rows one Sweep deletes, so that it holds the writer for a moment only.
const sweepMost = 5000

const (
	endedLife  = 24 * time.Hour      // why a session ended
	sendLife   = 25 * time.Hour      // a send: the limits look back 24 hours
	askedLife  = 25 * time.Hour      // that a password reset was asked for
	helpLife   = 30 * 24 * time.Hour // a finished request for help
	outboxLife = 7 * 24 * time.Hour  // a finished message, without what it said
	// idleGrace is how much longer than the setting an idle session is kept, because its last use is written late.
	idleGrace = 5 * time.Minute
)

const (
	sweptKey  = "swept"          // meta entry: what the last Sweep took for the present, Unix microseconds, 8 bytes
	sweepStep = 10 * time.Minute // a Sweep, once a minute, takes for the present at most so much more than the last one did
)

// Sweep deletes what is over, at most 5,000 rows a call, and reports whether there may be more; again goes on with what was over
// for the last one. What it deletes was dead before. A message that was never sent
// is not over before the outbox's worker has given it up with its event (ExpiredOutbox), and events go with PruneEvents.
// A clock that was set ahead, to another year as well, is followed slowly: once it is set right, known browsers and the counts
// of wrong answers are still there. After a server stood still it is some hours until the rows of that time are gone.
func (tx *Tx) Sweep(ctx context.Context, again bool) (more bool, err error) {
	settings, err := tx.Settings(ctx)
	if err != nil {
		return false, err
	}
	now, err := tx.sweptUntil(ctx, again)
	if err != nil {
		return false, err
	}
	left := sweepMost
	if err := tx.sweepSessions(ctx, settings, &left); err != nil {
		return false, err
	}
	for _, s := range sweeps {
		if left < 1 {
			break
		}
		n, err := tx.exec(ctx, `DELETE FROM `+s.table+` WHERE `+s.key+` IN (SELECT `+s.columns()+` FROM `+s.table+
			` WHERE `+s.over+` LIMIT $2`+tx.passing()+`)`, args{now.Add(-s.age), left})
		if err != nil {
			return false, err
		}
		left -= n
	}
	return left < 1, nil
}

// sweptUntil is the moment that a Sweep takes for the present, which is noted; again is that of the last one, at most.
func (tx *Tx) sweptUntil(ctx context.Context, again bool) (time.Time, error) {
	now, err := tx.Now(ctx)
	if err != nil {
		return now, err
	}
	last, err := tx.Meta(ctx, sweptKey)
	if err != nil {
		return now, err
	}
	if len(last) == 8 {
		most := time.UnixMicro(int64(binary.BigEndian.Uint64(last)))
		if !again {
			most = most.Add(sweepStep)
		}
		if now.After(most) {
			now = most
		}
	}
	return now, tx.PutMeta(ctx, sweptKey, binary.BigEndian.AppendUint64(nil, uint64(now.UnixMicro())))
}

// sweeps say which rows of which table are over; $1 is the present less the age.
var sweeps = []sweep{
	{"sign_in", "hash", `expires_at <= $1`, 0}, // with its codes
	{"link", "hash", `expires_at <= $1`, 0},
	{"password_reset", "id", `expires_at <= $1`, 0},
	{"enrolment_code", "technician", `expires_at <= $1`, 0},
	{"ended_session", "hash", `ended_at <= $1`, endedLife},
	{"guess", "id", `last_at <= $1`, guessLife},
	{"bucket", "id", `empty_at <= $1`, 0},
	{"kept", "id", `expires_at <= $1`, 0},
	{"send", "code", `at <= $1`, sendLife},
	{"reset_asked", "id", `at <= $1`, askedLife},
	{"wrong_day", "(technician, day)", `day <= $1 / 86400000000`, deviceLife},
	{"device", "hash", `seen_at <= $1`, deviceLife},
	{"help_request", "id", `done_at > 0 AND done_at <= $1`, helpLife},
	{"outbox", "id", `done_at > 0 AND done_at <= $1`, outboxLife},
}

type sweep struct {
	table, key, over string
	age              time.Duration
}

// columns is the key without the parentheses of a row value.
func (s sweep) columns() string {
	if s.key[0] == '(' {
		return s.key[1 : len(s.key)-1]
	}
	return s.key
}

// sweepSessions deletes sessions that are too old or idle, remembering which of both.
func (tx *Tx) sweepSessions(ctx context.Context, settings sallyport.Settings, left *int) error {
	for _, s := range []struct {
		reason sallyport.EndReason
		over   string
		idle   time.Duration
	}{
		{sallyport.EndedByAge, `old.expires_at <= (SELECT now_us()) - $1`, 0},
		{sallyport.EndedByIdle, `old.used_at <= (SELECT now_us()) - $1`, settings.SessionIdle + idleGrace},
	} {
		ended, err := tx.endWhere(ctx, s.reason, `hash IN (SELECT old.hash FROM session old WHERE `+s.over+` LIMIT $2`+tx.passing()+`)`,
			args{s.idle.Microseconds(), *left})
		if err != nil {
			return err
		}
		*left -= len(ended)
	}
	return nil
}
