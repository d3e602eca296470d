package store

import (
	"context"
	"time"

	"sallyport"
)

// ClockSetBack is for a clock that was set back: what was stored in its future would otherwise live, or hold somebody up,
// for as long as it was wrong by. Sessions that began there are over, for nobody knows how old they are; other sessions
// were used and proved at the latest now. Links, password resets, enrolment codes, open set-ups and what pages keep have their
// life from now on at most, a wait is at most its longest, and what counts for a limit happened now. Unfinished sign-ins end
// with their codes, as by EndSignIns, and are counted. So do unfinished tests of gateways. A server was seen at the latest now,
// and so was whoever signed in, with his browser.
func (tx *Tx) ClockSetBack(ctx context.Context) (signIns int, err error) {
	set, err := tx.Settings(ctx)
	if err != nil {
		return 0, err
	}
	for _, s := range setBack { // in the order of docs/adr/0027
		if s.table == "" {
			if signIns, err = tx.EndSignIns(ctx); err != nil {
				return 0, err
			}
			continue
		}
		var a args
		if s.life != nil {
			a = args{s.life(set).Microseconds()}
		}
		if _, err := tx.exec(ctx, `UPDATE `+s.table+` SET `+s.change+` WHERE `+s.ahead, a); err != nil {
			return 0, err
		}
	}
	for _, s := range futureDays {
		if _, err := tx.exec(ctx, s, nil); err != nil {
			return 0, err
		}
	}
	if _, err := tx.exec(ctx, `DELETE FROM meta WHERE name LIKE $1`, args{gatewayTests + "%"}); err != nil {
		return 0, err
	}
	_, err = tx.endWhere(ctx, sallyport.EndedByAge, `created_at > now_us()`, nil)
	if err == nil {
		_, err = tx.exec(ctx, `UPDATE session SET used_at = CASE WHEN used_at > now_us() THEN now_us() ELSE used_at END,
			proved_at = CASE WHEN proved_at > now_us() THEN now_us() ELSE proved_at END WHERE used_at > now_us() OR proved_at > now_us()`, nil)
	}
	return signIns, err
}

// futureDays count for today the second-factor answers of days that are not yet. A right answer is taken back from the newest
// day: with one of the future that would never be today, until the factor is switched off for answers that were right.
var futureDays = []string{
	`INSERT INTO wrong_day (technician, day, answers) SELECT technician, ` + today + `, sum(answers) FROM wrong_day WHERE day > ` + today + `
		GROUP BY technician ON CONFLICT (technician, day) DO UPDATE SET answers = wrong_day.answers + excluded.answers`,
	`DELETE FROM wrong_day WHERE day > ` + today,
}

// The longest waits and leases of what is kept in the tables.
const (
	longestWait   = 15 * time.Minute // after wrong answers (contract section 5)
	longestBucket = time.Hour        // until one that holds somebody up is empty; of what is told once a day, one is told again
	longestRetry  = time.Hour        // until a message that was surely not sent is tried again
	longestHold   = time.Minute      // of an audit sink
	longestKept   = 24 * time.Hour   // what a page keeps: a roll-out
)

// gatewayTests is how the names of the meta entries begin that hold a test of a gateway. When one ends is the caller's to read.
const gatewayTests = "delivery.test."

// always is a life that no setting changes.
func always(d time.Duration) func(sallyport.Settings) time.Duration {
	return func(sallyport.Settings) time.Duration { return d }
}

func enrolmentLife(set sallyport.Settings) time.Duration { return set.EnrolmentLife }

// longestSetup is how long a set-up is open at most: whoever was invited has the life of his invitation, where that is longer.
func longestSetup(set sallyport.Settings) time.Duration {
	return max(set.SetupLife, set.InvitationLife)
}

// restart lets a life that was to begin in the future begin now.
const restart = `expires_at = now_us() + expires_at - created_at, created_at = now_us()`

// setBack says which rows of which table are ahead of the clock, $1 being life in microseconds, and what becomes of them. The one
// without a table stands for the sign-ins.
var setBack = []struct {
	table, change, ahead string
	life                 func(sallyport.Settings) time.Duration
}{
	{"guess", `wait_until = CASE WHEN wait_until > now_us() + $1 THEN now_us() + $1 ELSE wait_until END,
		last_at = CASE WHEN last_at > now_us() THEN now_us() ELSE last_at END`, `wait_until > now_us() + $1 OR last_at > now_us()`, always(longestWait)},
	{"bucket", `empty_at = now_us() + $1`, `empty_at > now_us() + $1`, always(longestBucket)},
	{"technician", `wait_until = now_us() + $1`, `wait_until > now_us() + $1`, always(longestWait)},
	{"technician", `setup_until = now_us() + $1`, `setup_until > now_us() + $1`, longestSetup},
	{"technician", `last_sign_in_at = now_us()`, `last_sign_in_at > now_us()`, nil},
	{},
	{"send", `at = now_us()`, `at > now_us()`, nil},
	{"reset_asked", `at = now_us()`, `at > now_us()`, nil},
	{"device", `seen_at = now_us()`, `seen_at > now_us()`, nil},
	{"help_request", `created_at = now_us()`, `created_at > now_us()`, nil},
	{"link", restart, `created_at > now_us()`, nil},
	{"password_reset", restart, `created_at > now_us()`, nil},
	{"enrolment_code", `expires_at = now_us() + $1`, `expires_at > now_us() + $1`, enrolmentLife},
	{"outbox", `next_at = now_us()`, `done_at = 0 AND next_at > now_us() + $1`, always(longestRetry)},
	{"kept", `expires_at = now_us() + $1`, `expires_at > now_us() + $1`, always(longestKept)},
	{"audit_sink", `held_until = now_us()`, `held_until > now_us() + $1`, always(longestHold)},
	{"node", `seen_at = now_us()`, `seen_at > now_us()`, nil},
}
