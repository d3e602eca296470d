package store

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"sallyport"
	"sallyport/internal/store/migrations"
)

// How many connections one node opens at most, and how long each thing may take.
const (
	postgresWriters = 8
	postgresReaders = 7
	postgresChecks  = 2
	postgresWatch   = 1

	connectTime   = 5 * time.Second
	stepTime      = time.Second      // a step of the schema waits for a table, and others behind it: well below lockTime
	statementTime = 8 * time.Second  // the server gives up a statement
	lockTime      = 3 * time.Second  // of which it waits for somebody else's lock
	answerTime    = 12 * time.Second // we give up a server that does not answer at all
	unhurriedTime = 10 * time.Minute // the same, for who is in no hurry
)

// openPostgres opens the database at o.Address. Write transactions are serializable, read transactions see one moment
// (docs/adr/0020).
func openPostgres(ctx context.Context, o Options) (*DB, error) {
	cfg, err := postgresConfig(o.Address)
	if err != nil {
		return nil, err
	}
	if o.ReadOnlyConns < 1 {
		o.ReadOnlyConns = postgresReaders
	}
	met := &primaries{newest: o.Seen}
	cfg.ValidateConnect = met.validate
	hosts := eachHost(cfg)
	lookFirst(ctx, hosts)
	warnings, err := preparePostgres(ctx, cfg)
	if err != nil {
		return nil, notOpened(err)
	}
	if !met.said() {
		warnings = append(warnings, "the database does not say which timeline it is on: a primary that was replaced and takes writes again is not noticed")
	}
	toWrite, greet := cfg, admit
	if o.Unhurried {
		toWrite, greet = unhurried(cfg), admitUnhurried
		toWrite.DialFunc = dialPatient(unhurriedTime)
	}
	return &DB{
		writer:    newLane(pool(toWrite, greet), postgresWriters, "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE").of(met),
		readers:   newLane(pool(cfg, nil), o.ReadOnlyConns, beginRead).of(met),
		watcher:   newLane(pool(cfg, nil), postgresWatch, beginRead).of(met),
		checks:    newLane(pool(cfg, tell(checking)), postgresChecks, "").of(met),
		turns:     &turns{},
		primaries: met,
		hosts:     hosts,
		warnings:  warnings,
	}, nil
}

const beginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

var errNotLetIn = sallyport.E(sallyport.Unavailable, "database_refuses",
	"PostgreSQL does not let Sallyport in. Please correct the user, the password or the name of the database in its address, or pg_hba.conf.")

// notOpened is why a database could not be opened. One that refuses whoever comes with this address will not let him in later.
func notOpened(err error) error {
	var said *pgconn.PgError
	if errors.As(err, &said) && (strings.HasPrefix(said.Code, "28") || said.Code == "3D000") { // authorization, no such database
		return errNotLetIn.Because(err)
	}
	return failure(fmt.Errorf("open the database: %w", err))
}

// Settings of the connections that write, and of those that look sessions up.
const (
	// A scan of a whole table would make every write of the table a conflict with the reader of one row of it. Where no index
	// can serve, as when all rows of the table setting are read, the scan then seems so dear that the server would compile the
	// statement to machine code first: 300 ms for what takes 20 µs.
	writing = `SET enable_seqscan = off; SET jit = off`
	// A look-up finds its sessions by an index. In a small team the server thinks that reading all rows is less work, but
	// comparing every row with every hash is five times the work; and whether it plans each look-up anew depends on how many
	// hashes the first five had.
	checking = writing + `; SET plan_cache_mode = force_generic_plan`
)

// pool opens connections by cfg, to whichever host takes them. One on which greet fails is closed; nil: nothing is asked of it.
func pool(cfg *pgx.ConnConfig, greet pgconn.AfterConnectFunc) *sql.DB {
	c := cfg.Copy()
	c.AfterConnect = greet
	return sql.OpenDB(hostsOf(c))
}

// tell tells a new connection settings. They are said after it was made, because a pooler in between may not know them.
func tell(settings string) pgconn.AfterConnectFunc {
	return func(ctx context.Context, c *pgconn.PgConn) error {
		_, err := c.Exec(ctx, settings).ReadAll()
		return err
	}
}

// CheckAddress says what is wrong with the address of a PostgreSQL database, nil where nothing is. It connects to nothing.
func CheckAddress(address string) error {
	_, err := postgresConfig(address)
	return err
}

var errAddress = errors.New("the database's address is not of the form postgres://user:password@host:5432/name")

// postgresConfig reads the address. A database that is not on this machine is spoken to over TLS with its certificate and
// name verified, or not at all.
func postgresConfig(address string) (*pgx.ConnConfig, error) {
	if !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://") {
		return nil, errAddress
	}
	mode := "verify-full"
	if plain, err := pgx.ParseConfig(withParam(address, "sslmode", "disable")); err != nil {
		return nil, errAddress // the cause quotes the address
	} else if allLocal(plain) {
		mode = "disable"
	}
	cfg, err := pgx.ParseConfig(withParam(address, "sslmode", mode))
	if err != nil {
		return nil, errors.New("the database's address, or a certificate file that it names, cannot be read")
	}
	if cfg.Database == "" {
		return nil, errors.New("the database's address names no database: postgres://user:password@host:5432/name")
	}
	for _, at := range places(cfg) {
		if !local(at.Host) && !verified(at.Host, at.TLSConfig) {
			return nil, fmt.Errorf("the database on %s is not on this machine: its address needs sslmode=verify-full", at.Host)
		}
	}
	limit(cfg)
	return cfg, nil
}

// withParam adds a parameter to an address that does not have it.
func withParam(address, name, value string) string {
	before, query, found := strings.Cut(address, "?")
	if !found {
		return address + "?" + name + "=" + value
	}
	if values, err := url.ParseQuery(query); err == nil && !values.Has(name) {
		return before + "?" + query + "&" + name + "=" + value
	}
	return address
}

// places are all hosts that cfg may connect to.
func places(cfg *pgx.ConnConfig) []*pgconn.FallbackConfig {
	first := &pgconn.FallbackConfig{Host: cfg.Host, Port: cfg.Port, TLSConfig: cfg.TLSConfig}
	return append([]*pgconn.FallbackConfig{first}, cfg.Fallbacks...)
}

func allLocal(cfg *pgx.ConnConfig) bool {
	for _, at := range places(cfg) {
		if !local(at.Host) {
			return false
		}
	}
	return true
}

// local reports whether host is a socket's folder or a loopback address.
func local(host string) bool {
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func verified(host string, t *tls.Config) bool {
	return t != nil && !t.InsecureSkipVerify && t.ServerName == host
}

// limit bounds every wait, for the server and for us.
func limit(cfg *pgx.ConnConfig) {
	cfg.ConnectTimeout = connectTime
	cfg.RuntimeParams["application_name"] = "sallyport"
	cfg.RuntimeParams["statement_timeout"] = ms(statementTime)
	cfg.RuntimeParams["lock_timeout"] = ms(lockTime)
	cfg.RuntimeParams["idle_in_transaction_session_timeout"] = ms(answerTime)
	cfg.RuntimeParams["timezone"] = "UTC"
	cfg.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite // never a standby
	cfg.OnNotice = noteNotice
	cfg.DialFunc = dialPatient(answerTime)
}

// unhurried is cfg for statements that take as long as a large table takes, whatever bound the role has.
func unhurried(cfg *pgx.ConnConfig) *pgx.ConnConfig {
	c := cfg.Copy()
	delete(c.RuntimeParams, "statement_timeout")
	delete(c.RuntimeParams, "idle_in_transaction_session_timeout")
	c.AfterConnect = tell(unbounded)
	c.DialFunc = dialUncancelled
	return c
}

const unbounded = `SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0`

// admitUnhurried is admit for a connection of unhurried.
func admitUnhurried(ctx context.Context, c *pgconn.PgConn) error {
	if err := tell(unbounded)(ctx, c); err != nil {
		return err
	}
	return admit(ctx, c)
}

func ms(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// preparePostgres brings the schema up to date and looks at the server. What it finds and does not like comes back as
// sentences.
func preparePostgres(ctx context.Context, cfg *pgx.ConnConfig) ([]string, error) {
	keeps, err := lookAtServer(ctx, hostsOf(cfg))
	if err != nil {
		return nil, err
	}
	if err := refusePooler(ctx, hostsOf(cfg)); err != nil { // before anything is set on a connection that others may get
		return nil, err
	}
	steps := unhurried(cfg) // a step may take long
	steps.AfterConnect = tell(unbounded + `; SET lock_timeout = ` + ms(stepTime))
	db := sql.OpenDB(hostsOf(steps))
	defer db.Close()
	warnings := append(keeps.warnings(), keeps.waitsForNone(len(places(cfg)))...)
	return warnings, migrations.Postgres(ctx, db)
}

// lookAtServer refuses a database that does not hold every text.
func lookAtServer(ctx context.Context, at *hosts) (keeps durability, err error) {
	db := sql.OpenDB(at)
	defer db.Close()
	var encoding string
	err = db.QueryRowContext(ctx, `SELECT current_setting('server_encoding'), current_setting('synchronous_commit'),
		current_setting('synchronous_standby_names'), current_setting('fsync')`).Scan(&encoding, &keeps.commit, &keeps.standbys, &keeps.fsync)
	if err == nil && encoding != "UTF8" {
		err = fmt.Errorf("the database's encoding is %s: make it with ENCODING 'UTF8'", encoding)
	}
	return keeps, err
}

// durability is what a server does before it calls a commit done, as its settings say.
type durability struct{ commit, standbys, fsync string }

// warnings say what can be lost. A commit that the standby has taken over the network and not yet put on its disk
// (remote_write) is lost only where both servers stop at once.
func (d durability) warnings() (said []string) {
	switch {
	case d.commit == "off":
		said = append(said, "synchronous_commit is off on the database: an acknowledged Save can be lost when its server stops, and what was ended can come back")
	case d.commit == "local" && d.standbys != "":
		said = append(said, "synchronous_commit is local on the database: an acknowledged Save is lost where the standby takes over before it has it, and what was ended can come back")
	}
	if d.fsync == "off" {
		said = append(said, "fsync is off on the database: it can be lost whole when its machine stops")
	}
	return said
}

// waitsForNone warns where the address names more hosts than one, and no standby must have what is acknowledged.
func (d durability) waitsForNone(hosts int) []string {
	if hosts < 2 || d.standbys != "" {
		return nil
	}
	return []string{"synchronous_standby_names is empty on the database, and its address names a second one: an acknowledged Save is lost where that one takes over before it has it, and what was ended can come back"}
}

// postgresPassing reports whether err may pass by itself or by an operator's hand.
func postgresPassing(err error) bool {
	if broken(err) {
		return true
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) || len(e.Code) != 5 {
		return false
	}
	switch e.Code[:2] {
	case "08", "40", "53", "57", "58": // connection, conflict, resources, operator, system
		return true
	}
	return e.Code == "55P03" || e.Code == "25006" || e.Code == "25P03" // lock, read-only, idle for too long
}

// broken reports whether err is of a PostgreSQL connection that is of no more use, or that could not be made. Somebody whose
// time ran out between two statements says nothing of it, though his error looks like one of the network.
func broken(err error) bool {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.SeverityUnlocalized == "FATAL" || e.SeverityUnlocalized == "PANIC" || e.Code == "25006"
	}
	var network net.Error
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, driver.ErrBadConn) {
		return true
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	return errors.As(err, &network) || pgconn.SafeToRetry(err) || ended(err)
}

// undone reports whether a COMMIT that failed has surely undone the transaction: the server itself said so.
func undone(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.SeverityUnlocalized == "ERROR"
}
