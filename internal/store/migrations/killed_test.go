package migrations_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"

	"sallyport/internal/store/migrations"
	"sallyport/internal/testkit/postgres"
)

// killAt, set in the environment, makes this program one that brings the schema of killEngine's database killAddress to the
// newest step, and is killed before that statement: see TestMain.
const killAt, killEngine, killAddress = "SALLYPORT_KILL_AT", "SALLYPORT_KILL_ENGINE", "SALLYPORT_KILL_ADDRESS"

func TestMain(m *testing.M) {
	at, err := strconv.Atoi(os.Getenv(killAt))
	if err != nil {
		os.Exit(m.Run())
	}
	if err := engines[os.Getenv(killEngine)].up(os.Getenv(killAddress), at); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// engine is how a database is opened, brought to the newest step, and read.
type engine struct {
	driver driver.Driver
	steps  func(context.Context, *sql.DB) error
	tables string // says what there is but goose's own
}

var engines = map[string]engine{
	"sqlite": {&sqlite.Driver{}, migrations.SQLite,
		`SELECT coalesce(group_concat(sql, ';'), '') FROM (SELECT sql FROM sqlite_master WHERE tbl_name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%' ORDER BY name)`},
	"postgres": {stdlib.GetDefaultDriver(), migrations.Postgres,
		`SELECT concat((SELECT string_agg(concat_ws(' ', c.relname, c.relkind, c.reloptions, a.attname, format_type(a.atttypid, a.atttypmod)), ';' ORDER BY c.relname, a.attnum)
			FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'goose%'),
			(SELECT string_agg(proname, ';' ORDER BY proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
			(SELECT string_agg(conname, ';' ORDER BY conname) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conname NOT LIKE 'goose%'))`},
}

func (e engine) up(address string, at int) error {
	db := sql.OpenDB(&mortal{e.driver, address, &at})
	return errors.Join(e.steps(context.Background(), db), db.Close())
}

// state is the last step that was taken, -1 before goose's own, and what there is.
func (e engine) state(t *testing.T, address string) (version int, tables string) {
	t.Helper()
	never := -1
	db := sql.OpenDB(&mortal{e.driver, address, &never})
	defer db.Close()
	if err := db.QueryRow(`SELECT max(version_id) FROM goose_db_version`).Scan(&version); err != nil {
		version = -1
	}
	if err := db.QueryRow(e.tables).Scan(&tables); err != nil {
		t.Fatal(err)
	}
	return version, tables
}

// D11.10: a program that brings the schema to the newest step is killed with kill -9 before every statement that it sends,
// BEGIN and COMMIT among them. A step has then been taken whole or not at all, and the next start goes on.
func TestD11_10(t *testing.T) {
	for name, e := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const how = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_txlock=immediate"
			address, clean := "file:"+filepath.Join(t.TempDir(), "killed.db")+how, "file:"+filepath.Join(t.TempDir(), "clean.db")+how
			if name == "postgres" {
				address, clean = postgres.Empty(t), postgres.Empty(t)
			}
			if err := e.up(clean, -1); err != nil {
				t.Fatal(err)
			}
			newest, want := e.state(t, clean)
			seen := map[int]string{newest: want}
			kills, last := 0, -1
			for at := 1; killed(t, name, address, at); at++ {
				kills++
				version, tables := e.state(t, address)
				if was, ok := seen[version]; ok && was != tables {
					t.Fatalf("killed before statement %d after step %d: a part of a step is there\n%s\nand was\n%s", at, version, tables, was)
				}
				if seen[version] = tables; version > last {
					last, at = version, 0
				}
			}
			if version, tables := e.state(t, address); version != newest || tables != want {
				t.Errorf("in the end step %d of %d:\n%s\nwant\n%s", version, newest, tables, want)
			}
			t.Logf("killed before each of %d statements", kills)
			if kills < 50 || len(seen) < 4 {
				t.Error("too few to mean anything")
			}
		})
	}
}

// killed runs this program on the database, to be killed before a statement, and says whether it was.
func killed(t *testing.T, engine, address string, at int) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), killAt+"="+strconv.Itoa(at), killEngine+"="+engine, killAddress+"="+address)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return false
	}
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("%v\n%s", err, out)
	}
	return true
}

// mortal opens connections whose process is killed before one of their statements.
type mortal struct {
	driver  driver.Driver
	address string
	left    *int // statements until then; negative: it is not
}

// Connect implements driver.Connector.
func (m *mortal) Connect(context.Context) (driver.Conn, error) {
	c, err := m.driver.Open(m.address)
	return &conn{c, m}, err
}

// Driver implements driver.Connector.
func (m *mortal) Driver() driver.Driver { return m.driver }

func (m *mortal) statement() {
	if *m.left--; *m.left == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

type conn struct {
	driver.Conn
	m *mortal
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.m.statement()
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.m.statement()
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

// BeginTx implements driver.ConnBeginTx.
func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	c.m.statement()
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	return &transaction{tx, c.m}, err
}

type transaction struct {
	driver.Tx
	m *mortal
}

// Commit implements driver.Tx.
func (t *transaction) Commit() error {
	t.m.statement()
	return t.Tx.Commit()
}
