package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"sallyport/internal/store/migrations"
	"sallyport/internal/testkit/need"
)

const (
	patience = 30 * time.Second // bounds every wait for a process
	owner    = "test"           // the server's superuser
	template = "sallyport_template"
)

// Server is one running server. Its folder goes, and its processes end, with the process that started it, however that
// one ends.
type Server struct {
	Folder string // data in data/, the socket beside it
	Port   int    // on 127.0.0.1
	bin    string
	as     *syscall.SysProcAttr
	keeper *exec.Cmd
	leash  io.Closer // the keeper ends the server when this is closed
	kept   *sql.DB   // to the database "postgres", of a server that nobody stops; nil on others
}

var shared = sync.OnceValues(func() (*Server, error) {
	s, err := start("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300")
	if err != nil {
		return nil, err
	}
	if s.kept, err = sql.Open("pgx", s.URL("postgres")); err != nil {
		return nil, err
	}
	return s, s.makeTemplate()
})

// Shared is the one server of this test process. Where PostgreSQL is missing, the test is skipped (or fails, see need).
func Shared(t testing.TB) *Server {
	t.Helper()
	Bin(t, "postgres")
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Start runs a server for this test alone, which it may stop and break. It keeps every promise of durability.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	Bin(t, "postgres")
	s, err := start(settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Run runs a server for a program that is no test, as Start does; the program ends it with Stop.
func Run(settings ...string) (*Server, error) { return start(settings...) }

// PID is the server's first process, which the processes of all connections are children of.
func (s *Server) PID() (int, error) {
	text, err := os.ReadFile(filepath.Join(s.Data(), "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(strings.TrimSpace(first))
}

// Bin is the path of one of PostgreSQL's programs.
func Bin(t testing.TB, name string) string {
	t.Helper()
	folder, err := programs()
	if err != nil {
		need.Missing(t, "postgresql")
	}
	return need.Program(t, filepath.Join(folder, name))
}

// programs is the folder of the newest PostgreSQL here.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return "", errors.Join(errors.New("no /usr/lib/postgresql/*/bin"), err)
	}
	newest, most := "", -1
	for _, path := range found {
		folder := filepath.Dir(path)
		if n, err := strconv.Atoi(filepath.Base(filepath.Dir(folder))); err == nil && n > most {
			newest, most = folder, n
		}
	}
	return newest, nil
}

// start makes a folder with a new cluster and runs it.
func start(settings ...string) (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, as: &syscall.SysProcAttr{Setpgid: true}}
	if s.Folder, err = os.MkdirTemp("", "pg-"); err != nil {
		return nil, err
	}
	if err := s.own(s.Folder); err != nil {
		return nil, err
	}
	if s.Port, err = freePort(); err != nil {
		return nil, err
	}
	if err := s.Run("initdb", "-D", s.Data(), "-U", owner, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"); err != nil {
		return nil, err
	}
	lines := append([]string{"listen_addresses = '127.0.0.1'", "port = " + strconv.Itoa(s.Port),
		"unix_socket_directories = '" + s.Folder + "'"}, settings...)
	if err := s.Configure(lines...); err != nil {
		return nil, err
	}
	return s, s.Up()
}

// Adopt is a server in a folder that somebody else filled, a standby for example; it is not running yet.
func (s *Server) Adopt() (*Server, error) {
	other := &Server{bin: s.bin, as: s.as}
	var err error
	if other.Folder, err = os.MkdirTemp("", "pg-"); err != nil {
		return nil, err
	}
	if other.Port, err = freePort(); err != nil {
		return nil, err
	}
	return other, s.own(other.Folder)
}

// own gives a folder to the user whom the server runs as: PostgreSQL refuses root.
func (s *Server) own(folder string) error {
	if os.Getuid() != 0 {
		return nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return err
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	gid, _ := strconv.Atoi(nobody.Gid)
	s.as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(folder, uid, gid)
}

// Data is the cluster's folder.
func (s *Server) Data() string { return filepath.Join(s.Folder, "data") }

// Configure adds lines to the server's configuration; they count from the next Up.
func (s *Server) Configure(lines ...string) error {
	f, err := os.OpenFile(filepath.Join(s.Data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("\n" + strings.Join(lines, "\n") + "\n")
	return errors.Join(err, f.Close())
}

// Run runs one of PostgreSQL's programs as the server's user, to its end.
func (s *Server) Run(program string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...)
	cmd.SysProcAttr, cmd.Dir, cmd.Env = s.as, s.Folder, []string{"PATH=" + s.bin + ":/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", program, err, out)
	}
	return nil
}

// keep starts the server and ends it, at once and with its folder, when nobody holds the other end of its input.
const keep = `"$1/postgres" -D "$2/data" >"$2/log" 2>&1 & pid=$!
read -r word
[ "$word" = rest ] || kill -QUIT $pid
[ "$word" != rest ] || kill -INT $pid
wait $pid
[ "$word" = rest ] || [ "$word" = crash ] || rm -rf "$2"`

// Up starts the server and waits until it answers.
func (s *Server) Up() error {
	s.keeper = exec.Command("/bin/sh", "-c", keep, "keep", s.bin, s.Folder)
	s.keeper.SysProcAttr, s.keeper.Dir = s.as, s.Folder
	leash, err := s.keeper.StdinPipe()
	if err != nil {
		return err
	}
	s.leash = leash
	if err := s.keeper.Start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		if err = s.answers(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(s.Folder, "log"))
			return fmt.Errorf("the server does not answer: %w\n%s", err, log)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (s *Server) answers(ctx context.Context) error {
	db, err := sql.Open("pgx", s.URL("postgres"))
	if err != nil {
		return err
	}
	return errors.Join(db.PingContext(ctx), db.Close())
}

// Down stops the server as an operator would; Up starts it again.
func (s *Server) Down() { s.end("rest\n") }

// Crash ends the server without a word to its clients; Up starts it again.
func (s *Server) Crash() { s.end("crash\n") }

// Stop ends the server and removes its folder.
func (s *Server) Stop() {
	s.end("")
	_ = os.RemoveAll(s.Folder)
}

func (s *Server) end(word string) {
	if s.leash == nil {
		return
	}
	_, _ = io.WriteString(s.leash.(io.Writer), word)
	_ = s.leash.Close()
	_ = s.keeper.Wait()
	s.leash = nil
}

// URL is the address of a database of that name, through the socket.
func (s *Server) URL(name string) string {
	q := url.Values{"host": {s.Folder}, "port": {strconv.Itoa(s.Port)}}
	return (&url.URL{Scheme: "postgres", User: url.User(owner), Path: "/" + name, RawQuery: q.Encode()}).String()
}

// TCP is the address of the same database through 127.0.0.1 and that port: the server's own, or one in front of it.
func (s *Server) TCP(name string, port int) string {
	return (&url.URL{Scheme: "postgres", User: url.User(owner), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Path: "/" + name}).String()
}

// Exec runs statements in a database, each for itself.
func (s *Server) Exec(name string, statements ...string) error {
	db, err := sql.Open("pgx", s.URL(name))
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// makeTemplate makes the database that every test's is a copy of.
func (s *Server) makeTemplate() error {
	if err := s.Exec("postgres", `CREATE DATABASE `+template); err != nil {
		return err
	}
	db, err := sql.Open("pgx", s.URL(template))
	if err != nil {
		return err
	}
	return errors.Join(migrations.Postgres(context.Background(), db), db.Close())
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
