package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"sallyport"
	"sallyport/internal/store/migrations"
)

// fileName is the database's name in its folder; SQLite keeps -wal and -shm beside it.
const fileName = "sallyport.db"

const defaultReaders = 4

// Exists reports whether a SQLite database lies in folder. A file without a byte is what a start left that was broken off
// before there was one.
func Exists(folder string) (bool, error) {
	info, err := os.Stat(filepath.Join(folder, fileName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.Size() > 0, err
}

// openSQLite opens the database in o.Folder. A file that does not take write-ahead logging with full synchronisation is
// refused: an acknowledged Save must survive the plug.
func openSQLite(ctx context.Context, o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.ReadOnlyConns < 1 {
		o.ReadOnlyConns = defaultReaders
	}
	path, err := filepath.Abs(filepath.Join(o.Folder, fileName))
	if err != nil {
		return nil, failure(err)
	}
	if err := private(path); err != nil {
		return nil, sallyport.ErrUnavailable.Because(err)
	}
	engine, err := sqliteDriver(o.Now)
	if err != nil {
		return nil, failure(err)
	}
	writer := sql.OpenDB(connector{engine, sqliteAddress(path, writerQuery)})
	if err := prepareFile(ctx, writer); err != nil {
		return nil, failure(errors.Join(err, writer.Close()))
	}
	readers := sql.OpenDB(connector{engine, sqliteAddress(path, readerQuery)})
	copier := sql.OpenDB(connector{engine, sqliteAddress(path, copierQuery)})
	copier.SetMaxIdleConns(0)
	return &DB{
		copier:  copier,
		writer:  newLane(writer, 1, "BEGIN IMMEDIATE"),
		readers: newLane(readers, o.ReadOnlyConns, "BEGIN"),
	}, nil
}

var (
	writerQuery = url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "trusted_schema(0)"},
		"_txlock": {"immediate"}, "_dqs": {"0"}, "_defensive": {"1"},
	}
	readerQuery = url.Values{
		"mode":    {"ro"},
		"_pragma": {"busy_timeout(5000)", "query_only(1)", "trusted_schema(0)"},
		"_dqs":    {"0"}, "_defensive": {"1"},
	}
	// VACUUM INTO counts as a write to SQLite, though not to the file it reads.
	copierQuery = url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)"}}
)

func sqliteAddress(path string, query url.Values) string {
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query.Encode()}).String()
}

// private makes the file before SQLite does, because SQLite asks for mode 0644; -wal and -shm follow the file's mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func prepareFile(ctx context.Context, writer *sql.DB) error {
	writer.SetMaxOpenConns(1)
	var journal string
	var synchronous, foreignKeys int
	for pragma, dest := range map[string]any{"journal_mode": &journal, "synchronous": &synchronous, "foreign_keys": &foreignKeys} {
		if err := writer.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(dest); err != nil {
			return fmt.Errorf("open the database: %w", err)
		}
	}
	if journal != "wal" || synchronous != 2 || foreignKeys != 1 {
		return fmt.Errorf("the database's file system does not allow a safe journal: %s, synchronous %d", journal, synchronous)
	}
	return migrations.SQLite(ctx, writer)
}

// sqliteDriver makes a driver of its own for one database, because functions are registered per driver and every
// database has its own clock.
func sqliteDriver(now func() time.Time) (*sqlite.Driver, error) {
	d := &sqlite.Driver{}
	err := d.RegisterFunction("now_us", &sqlite.FunctionImpl{
		Scalar: func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) { return now().UnixMicro(), nil },
	})
	return d, err
}

// connector opens connections with a driver that is registered under no name.
type connector struct {
	engine  *sqlite.Driver
	address string
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c.engine.Open(c.address)
}

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c.engine }

// sqlitePassing reports whether err may pass by itself or by an operator's hand: busy, disk full, file not readable.
func sqlitePassing(err error) bool {
	switch sqliteCode(err) & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY,
		lib.SQLITE_NOMEM, lib.SQLITE_PROTOCOL, lib.SQLITE_INTERRUPT:
		return true
	}
	return false
}

func sqliteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// Backup writes a consistent copy of the database to path, which must not exist, with mode 0600, and returns when it
// is on the disk. Writers go on meanwhile.
func (db *DB) Backup(ctx context.Context, path string) (err error) {
	if db.copier == nil {
		return sallyport.E(sallyport.Invalid, "backup_engine", "This database is on PostgreSQL: copy it with pg_dump, or with the tools that archive its log.")
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return sallyport.E(sallyport.Invalid, "backup_path", "The copy cannot be written there.").Because(err)
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = failure(errors.Join(err, os.Remove(path)))
		}
	}()
	if _, err := db.copier.ExecContext(ctx, `VACUUM INTO $1`, path); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("copy the database to the disk: %w", err)
	}
	if err := SyncFolder(filepath.Dir(path)); err != nil {
		return fmt.Errorf("copy the database to the disk: %w", err)
	}
	return nil
}

// Damaged says what is wrong with the pages of a SQLite file, all of which it reads; nil where nothing is. Whether each index holds
// what its table does is not looked at. PostgreSQL looks after its own.
func (db *DB) Damaged(ctx context.Context) error {
	if db.Shared() {
		return nil
	}
	said := "nothing"
	err := db.Read(ctx, func(tx *Tx) error {
		_, err := tx.one(ctx, `PRAGMA quick_check(1)`, nil, &said)
		return err
	})
	if err == nil && said != "ok" {
		err = errors.New(said)
	}
	return err
}

// SyncFolder returns when the names in a folder are on the disk: a new file's survives a power cut from then on. A file system
// that has no such question for folders is trusted.
func SyncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}
