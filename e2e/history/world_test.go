package history

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/app"
	"sallyport/internal/config"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// serveFolder, set in the environment, makes this program a server on that data folder: see TestMain.
const serveFolder, servePort = "SALLYPORT_HISTORY_FOLDER", "SALLYPORT_HISTORY_PORT"

func TestMain(m *testing.M) {
	folder := os.Getenv(serveFolder)
	if folder == "" {
		os.Exit(m.Run())
	}
	if err := serve(folder, os.Getenv(servePort)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve is the assembled server, whose clock is as far ahead as the last line of its input says, in seconds.
func serve(folder, port string) error {
	var ahead atomic.Int64
	in := bufio.NewScanner(os.Stdin)
	tell := func() {
		if n, err := strconv.ParseInt(in.Text(), 10, 64); err == nil {
			ahead.Store(n)
		}
	}
	if in.Scan() {
		tell()
	}
	go func() {
		for in.Scan() {
			tell()
		}
	}()
	loaded, err := config.Load(config.Sources{Lookup: func(string) (string, bool) { return "", false }, Flags: map[string]string{"data": folder,
		"listen": "127.0.0.1:" + port, "operations": "off", "requests_per_second": "0"}})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	a, err := app.New(ctx, loaded.Config, app.Options{AcceptClock: true, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load()) * time.Second) }})
	if err != nil {
		return err
	}
	return a.Run(ctx)
}

// world is the server's life, which ends and begins again while clients ask.
type world struct {
	t       testing.TB
	folder  string
	door    *server.Server // its address; the process is cmd
	cmd     *exec.Cmd
	in      io.Writer
	log     *os.File
	ahead   atomic.Int64 // seconds
	members []team.Member
	admin   string // a session of an administrator
	kills   int
	jumps   int

	mu      sync.Mutex
	rush    [][2]int64 // spans in which the clock was being set
	started time.Time
}

func newWorld(t testing.TB, people int) *world {
	t.Helper()
	w := &world{t: t, folder: filepath.Join(t.TempDir(), "data"), started: time.Now()}
	ctx := t.Context()
	port, err := server.FreePort()
	w.check(err)
	w.door = &server.Server{Port: port, URL: "http://localhost:" + strconv.Itoa(port)}
	f, err := team.Make(ctx, w.folder)
	w.check(err)
	w.check(f.Set(ctx, func(s *sallyport.Settings) { s.PermitOff, s.StepUpAfter = true, time.Hour }))
	specs := []team.Spec{{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}, {Name: "omar", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}}
	for i := range people {
		specs = append(specs, team.Spec{Name: fmt.Sprintf("tech%02d", i), Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp})
	}
	members, err := f.Add(ctx, specs...)
	w.check(err)
	tokens, err := f.SignIn(ctx, members[0])
	w.check(err)
	w.check(f.Close())
	w.members, w.admin = members[2:], tokens[0].Reveal()
	w.log, err = os.Create(filepath.Join(t.TempDir(), "log"))
	w.check(err)
	t.Cleanup(func() { _ = w.log.Close() })
	w.start()
	t.Cleanup(w.kill)
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) start() {
	w.t.Helper()
	w.cmd = exec.Command(os.Args[0])
	w.cmd.Env = append(os.Environ(), serveFolder+"="+w.folder, servePort+"="+strconv.Itoa(w.door.Port))
	w.cmd.Stdout, w.cmd.Stderr = w.log, w.log
	in, err := w.cmd.StdinPipe()
	w.check(err)
	w.in = in
	w.check(w.cmd.Start())
	w.tellTime()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := w.door.Client().Live(ctx); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			text, _ := os.ReadFile(w.log.Name())
			w.t.Fatalf("the server does not answer\n%s", text)
		}
	}
}

func (w *world) kill() {
	_ = w.cmd.Process.Kill()
	_ = w.cmd.Wait()
	w.kills++
}

func (w *world) tellTime() { fmt.Fprintln(w.in, w.ahead.Load()) }

// setClock moves the server's clock. What overlaps the move, or the second in which the server notices, is rushed.
func (w *world) setClock(by int64) (from, to int64) {
	from = w.now()
	w.ahead.Add(by)
	w.tellTime()
	w.jumps++
	to = from + int64(4*time.Second)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rush = append(w.rush, [2]int64{from, to})
	return from, to
}

// now is the test's own clock, in nanoseconds since the beginning.
func (w *world) now() int64 { return int64(time.Since(w.started)) }

// clock is the server's.
func (w *world) clock() time.Time {
	return time.Now().Add(time.Duration(w.ahead.Load()) * time.Second)
}

func (w *world) tail() string {
	text, _ := os.ReadFile(w.log.Name())
	return strings.ToValidUTF8(string(text[max(0, len(text)-2000):]), "?")
}
