package crash

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	_ "modernc.org/sqlite" // the database is looked at without a line of the store

	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// row is what the database says of one technician.
type row struct {
	generation, wrongRun, lastStep, sessions, foreign int64
	active                                            bool
	past
}

// past is what the events say of one technician.
type past struct{ raises, finished, right int64 }

// readRows reads the technicians, and what happened to them from the events.
func readRows(ctx context.Context, db *sql.DB, h *history) (map[string]row, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	found, err := tx.QueryContext(ctx, `SELECT t.id, t.generation, t.wrong_run, t.status = 'active', coalesce(f.last_step, 0),
		(SELECT count(*) FROM session s WHERE s.technician = t.id),
		(SELECT count(*) FROM session s WHERE s.technician = t.id AND s.generation <> t.generation)
		FROM technician t LEFT JOIN factor f ON f.technician = t.id`)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	rows := map[string]row{}
	for found.Next() {
		var id string
		var r row
		if err := found.Scan(&id, &r.generation, &r.wrongRun, &r.active, &r.lastStep, &r.sessions, &r.foreign); err != nil {
			return nil, err
		}
		rows[id] = r
	}
	if err := errors.Join(found.Err(), h.read(ctx, tx)); err != nil {
		return nil, err
	}
	for id, r := range rows {
		r.past = h.of[id]
		rows[id] = r
	}
	return rows, nil
}

// checkStored compares the database with what was acknowledged. By the contract's names: I1 counting of wrong answers,
// I2 no step twice, I3 no session of another generation, I4 no session without its factor, I8 one event for each change.
func checkStored(rows map[string]row, accounts []*account) error {
	for _, a := range accounts {
		r, there := rows[string(a.ID)]
		bad := ""
		switch {
		case !there || !r.active:
			bad = "is gone"
		case r.generation != 1+r.raises:
			bad = "I8: the generation does not match the events that raise it"
		case !a.raises.holds(r.raises):
			bad = fmt.Sprintf("I5, I8: a Save was lost or came by itself: %+v", a.raises)
		case !a.finish.holds(r.finished):
			bad = fmt.Sprintf("a sign-in was lost or came by itself: %+v", a.finish)
		case r.foreign != 0:
			bad = "I3: a session of another generation is stored"
		case r.sessions > r.finished:
			bad = "I4: more sessions than finished sign-ins"
		case r.right > a.finish.tried, r.finished-r.right > a.offTried:
			bad = fmt.Sprintf("I4: sessions without their factor; %d sign-ins were tried while it was Off", a.offTried)
		case !a.wrong.holds(r.wrongRun):
			bad = fmt.Sprintf("I1: wrong answers %+v", a.wrong)
		case r.lastStep < a.ackedStep || r.lastStep > max(a.step, a.ackedStep):
			bad = fmt.Sprintf("I2: the last step must be from %d to %d", a.ackedStep, a.step)
		}
		if bad != "" {
			return fmt.Errorf("%s: %s; stored %+v", a.UserName, bad, r)
		}
	}
	return nil
}

// asked is how much the server was asked about after the kills.
type asked struct{ good, dead, used int }

// checkAnswers asks the server: every acknowledged session that nothing ended is good, ended ones are not (I3, I5), and
// the digits of the last acknowledged sign-ins are not good for another one (I2). Every account is asked about after
// every kill.
func (n *asked) checkAnswers(ctx context.Context, accounts []*account, s *server.Server) error {
	shared := server.NewTransport(s.Port)
	defer shared.CloseIdleConnections()
	var used []*account // their passwords are hashed while the sessions are asked about
	for _, a := range accounts {
		if a.lastEnd && len(used) < 2 && a.wrong.tried < 3 {
			used = append(used, a)
		}
	}
	again := make(chan error, len(used))
	for _, a := range used {
		go func() { again <- replay(ctx, s.ClientWith(shared), a) }()
	}
	err := n.checkSessions(ctx, accounts, s.ClientWith(shared))
	for range used {
		err = errors.Join(err, <-again)
	}
	n.used += len(used)
	return err
}

func (n *asked) checkSessions(ctx context.Context, accounts []*account, c *server.Client) error {
	for _, a := range accounts {
		good, dead := a.tokens(len(a.live))
		if err := expect(ctx, c, good, dead); err != nil {
			return fmt.Errorf("%s: %w", a.UserName, err)
		}
		n.good, n.dead = n.good+len(good), n.dead+len(dead)
	}
	return nil
}

// replay gives the digits of the last sign-in once more.
func replay(ctx context.Context, c *server.Client, a *account) error {
	a.lastEnd = false
	page, err := c.Password(ctx, a.UserName, team.Password)
	if err != nil || page.Location != "/sign-in/code" {
		return fmt.Errorf("%s: the password led to %d %s: %w", a.UserName, page.Status, page.Location, err)
	}
	own := a.browser
	a.browser = c
	defer func() { a.browser = own }()
	if err := wrongAnswer(ctx, a, a.last); err != nil {
		return fmt.Errorf("%s: I2: %w", a.UserName, err)
	}
	return nil
}
