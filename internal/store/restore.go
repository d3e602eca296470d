package store

import "context"

// EndAll makes everything dead that a restored database may have brought back to life: all generations rise; sessions,
// sign-ins with their codes, links, password resets, enrolment codes and unfinished tests of gateways are deleted; recovery
// codes count as used, and app codes up to now as well; messages that were not sent are dropped. It returns how many sessions there were.
func (tx *Tx) EndAll(ctx context.Context) (sessions int, err error) {
	if sessions, err = tx.exec(ctx, `DELETE FROM session`, nil); err != nil {
		return 0, err
	}
	for _, s := range []struct {
		statement string
		a         args
	}{
		{`UPDATE technician SET generation = generation + 1`, nil},
		{`DELETE FROM code`, nil},
		{`DELETE FROM sign_in`, nil},
		{`DELETE FROM link`, nil},
		{`DELETE FROM password_reset`, nil},
		{`DELETE FROM enrolment_code`, nil},
		{`UPDATE recovery_code SET used_at = now_us() WHERE used_at = 0`, nil},
		{`UPDATE factor SET last_step = now_us() / 30000000 + step_offset + $1
			WHERE kind = 'app' AND last_step < now_us() / 30000000 + step_offset + $1`, args{stepsAsideMost}},
		{`UPDATE outbox SET done_at = now_us(), sealed = $1, last_error = 'dropped: the database was restored' WHERE done_at = 0`, args{[]byte{}}},
		{`DELETE FROM meta WHERE name LIKE $1`, args{gatewayTests + "%"}},
	} {
		if _, err := tx.exec(ctx, s.statement, s.a); err != nil {
			return 0, err
		}
	}
	return sessions, nil
}

// stepsAsideMost is the most that the setting allows (contract section 4).
const stepsAsideMost = 2
