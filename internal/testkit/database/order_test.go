package database

import "testing"

// What takes rows in another order than everybody is found, and nothing else is.
func TestOrder(t *testing.T) {
	const (
		hold    = `UPDATE technician SET version = version WHERE id = $1`
		session = `DELETE FROM session WHERE hash = $1 RETURNING hash`
		signIn  = `DELETE FROM sign_in WHERE session IN ($1)`
		code    = `UPDATE code SET dead = TRUE WHERE id = $1`
		factor  = `UPDATE factor SET last_step = $2 WHERE technician = $1`
	)
	for _, c := range []struct {
		name  string
		wrong bool
		sent  []string
	}{
		{"a session is ended", false, []string{hold, session, signIn}},
		{"a session is ended, the technician not held", true, []string{session, signIn}},
		{"the technician comes last", true, []string{session, hold}},
		{"a code is used before its sign-in is held", true, []string{hold, code, signIn}},
		{"a code is sent", false, []string{`INSERT INTO code (id) VALUES ($1)`, code, `INSERT INTO send (code) VALUES ($1)`}},
		{"a code is sent the other way round", true, []string{code, `INSERT INTO code (id) VALUES ($1)`}},
		{"a new row of his, then his own", false, []string{`INSERT INTO sign_in (hash) VALUES ($1)`, hold}},
		{"a count after his row", true, []string{hold, `DELETE FROM guess WHERE id = $1 RETURNING wrong`}},
		{"a factor and a sign-in", true, []string{factor, signIn}},
		{"housekeeping", false, []string{`DELETE FROM session WHERE hash IN (SELECT 1 FOR UPDATE SKIP LOCKED)`, signIn}},
		{"two transactions", false, []string{session, "COMMIT", "BEGIN", hold}},
	} {
		found := ""
		o := &order{open: map[uint64]*taken{}, fail: func(why string) { found = why }}
		for _, s := range append([]string{"BEGIN"}, c.sent...) {
			o.heard(1, s)
		}
		if (found != "") != c.wrong {
			t.Errorf("%s: %q", c.name, found)
		}
	}
}
