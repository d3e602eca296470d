package interleave

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// careless ends a sign-in as somebody would write it who trusts that nobody writes meanwhile: it looks whether the sign-in
// is there, and makes a session of the generation of the moment. At SERIALIZABLE, run again after a conflict, that is even
// right.
func careless(level sql.IsolationLevel) act {
	return act{name: "careless finish", events: []string{"signin.finished"}, do: func(ctx context.Context, w *world, s *server) (token sallyport.Token, err error) {
		for range 10 {
			var e *pgconn.PgError
			if token, err = w.carelessly(ctx, s, level); !errors.As(err, &e) || e.Code != "40001" {
				break
			}
			s.actor.refused.Add(1)
		}
		return token, err
	}}
}

func (w *world) carelessly(ctx context.Context, s *server, level sql.IsolationLevel) (sallyport.Token, error) {
	signIn, _ := w.signIns["sign-in"].Hash()
	token := sallyport.NewToken()
	hash, _ := token.Hash()
	stop := func(statement string) { s.actor.before(statement, w.schema.of) }
	stop("BEGIN ISOLATION LEVEL " + strings.ToUpper(level.String()))
	tx, err := s.raw.BeginTx(ctx, &sql.TxOptions{Isolation: level})
	if err != nil {
		return "", err
	}
	defer tx.Rollback() // where it is left off
	stop(carelessLook)
	var n int
	if err = tx.QueryRowContext(ctx, carelessLook, signIn[:]).Scan(&n); err == nil && n == 0 {
		err = sallyport.ErrNotFound
	}
	for _, do := range []struct {
		statement string
		args      []any
	}{{carelessEnd, []any{signIn[:]}}, {carelessSession, []any{hash[:], string(w.him.ID)}}, {carelessEvent, nil}} {
		if err == nil {
			stop(do.statement)
			_, err = tx.ExecContext(ctx, do.statement, do.args...)
		}
	}
	if err != nil {
		stop("ROLLBACK")
		_ = tx.Rollback()
		return "", err
	}
	stop("COMMIT")
	return token, tx.Commit()
}

const (
	carelessLook    = `SELECT count(*) FROM sign_in WHERE hash = $1`
	carelessEnd     = `DELETE FROM sign_in WHERE hash = $1`
	carelessSession = `INSERT INTO session (hash, technician, generation, method, address, browser, created_at, used_at, proved_at, expires_at)
		SELECT $1, id, generation, method, '', '', now_us(), now_us(), now_us(), now_us() + 1000000 FROM technician WHERE id = $2`
	carelessEvent = `INSERT INTO event (at, type, actor_kind, actor, actor_name, target, target_name, old_values, new_values, address, browser,
		request, reason, outcome, search) VALUES (now_us(), 'signin.finished', '', '', '', '', '', '', '', '', '', '', '', '', '')`
)

// The schedules find a Save between two statements of one transaction: the same act holds at SERIALIZABLE and is caught at
// READ COMMITTED, although each of its orders with Save as a whole is right.
func TestFindsReadCommitted(t *testing.T) {
	w := held.on(t)
	if n, err := w.trial(save, careless(sql.LevelSerializable)).run(search{rules: bySnapshot}); err != nil || n.schedules < 3 {
		t.Errorf("serializable: %d schedules, %v", n.schedules, err)
	}
	if m, err := w.trial(save, careless(sql.LevelSerializable)).chart(known{}); err != nil || m.ends < 2 {
		t.Errorf("serializable, from point to point: %+v, %v", m, err)
	}
	for name, find := range map[string]func(*trial) error{
		"every schedule": func(r *trial) error { _, err := r.run(search{rules: byTable}); return err },
		"one switch":     func(r *trial) error { _, err := r.run(search{switches: 1}); return err },
		"points":         func(r *trial) error { _, err := r.chart(known{}); return err },
	} {
		r := w.trial(save, careless(sql.LevelReadCommitted))
		err := find(r)
		if err == nil || !strings.Contains(err.Error(), "I5") {
			t.Errorf("%s: not found: %v", name, err)
		}
		if len(r.fits) != 2 {
			t.Errorf("%s: as wholes %d outcomes", name, len(r.fits))
		}
	}
}

// burns says that a step was unused, whatever the database says.
type burns struct{ session.Tx }

// UseStep implements session.Tx.
func (b burns) UseStep(ctx context.Context, id sallyport.TechnicianID, step int64, _ error) error {
	_, err := b.Tx.BurnStep(ctx, id, step)
	return err
}

type burning struct{ session.Store }

// Write implements session.Store.
func (b burning) Write(ctx context.Context, f func(session.Tx) error) error {
	return b.Store.Write(ctx, func(tx session.Tx) error { return f(burns{tx}) })
}

// Two browsers that get in with one step of the app are found.
func TestFindsStepUsedTwice(t *testing.T) {
	w := held.on(t)
	for _, s := range w.servers {
		s.door = w.through(s.db, burning{store.For[session.Tx](s.db)})
	}
	_, err := w.trial(finish, twin).run(search{rules: bySnapshot})
	_, too := w.trial(finish, twin).chart(known{})
	for _, err := range []error{err, too} {
		if err == nil || !strings.Contains(err.Error(), "I2") {
			t.Errorf("not found: %v", err)
		}
	}
}
