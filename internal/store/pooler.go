package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

var (
	errPooler   = errors.New("what stands between this node and PostgreSQL gives each transaction another connection (a pooler in transaction mode): let it work in session mode, or connect to PostgreSQL itself")
	errSettings = errors.New("what stands between this node and PostgreSQL keeps settings of a connection from it (statement_timeout, lock_timeout): connect to PostgreSQL itself")
)

// refusePooler looks whether a connection stays the one that it is: locks that hold over several transactions, prepared
// statements and what nodes tell each other need that.
func refusePooler(ctx context.Context, at *hosts) error {
	one, err := at.connect(ctx)
	if err != nil {
		return err
	}
	defer one.Close(context.WithoutCancel(ctx))
	first, waits, err := backend(ctx, one)
	if err != nil {
		return err
	}
	if waits != ms(statementTime)+" "+ms(lockTime) {
		return errSettings
	}
	if uint32(first) == one.PgConn().PID() {
		return nil // nothing stands between
	}
	two, err := at.connect(ctx)
	if err != nil {
		return err
	}
	defer two.Close(context.WithoutCancel(ctx))
	// While another client is in a transaction, on what was ours a moment ago or on another, ours must be the same.
	for range poolerLooks {
		if _, err := two.Exec(ctx, `BEGIN`, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
		other, _, err := backend(ctx, two)
		if err != nil {
			return err
		}
		again, _, err := backend(ctx, one)
		if err != nil {
			return err
		}
		if other == first || again != first {
			return errPooler
		}
		if _, err := two.Exec(ctx, `ROLLBACK`, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	return nil
}

const poolerLooks = 3

// backend is the server's process behind a connection, and how long it works and waits at most, in milliseconds.
func backend(ctx context.Context, c *pgx.Conn) (pid int, waits string, err error) {
	err = c.QueryRow(ctx, `SELECT pg_backend_pid(), (SELECT string_agg(setting, ' ' ORDER BY name DESC) FROM pg_settings
		WHERE name IN ('statement_timeout', 'lock_timeout'))`, pgx.QueryExecModeSimpleProtocol).Scan(&pid, &waits)
	return pid, waits, err
}
