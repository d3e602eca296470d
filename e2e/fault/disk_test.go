package fault

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/testkit/database"
	"sallyport/internal/testkit/logs"
	"sallyport/internal/testkit/need"
	"sallyport/internal/testkit/postgres"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
	"sallyport/internal/testkit/wait"
)

// smallDisk is a disk of the test's own, of so many MB.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	if os.Geteuid() != 0 {
		need.Missing(t, "root, to mount a small disk")
	}
	path, err := os.MkdirTemp("", "disk-") // not below a folder of the test's, which is closed to others, PostgreSQL's user among them
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(path) })
	if err := syscall.Mount("tmpfs", path, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, fmt.Sprintf("size=%dm,mode=0755", size)); err != nil {
		need.Missing(t, "the right to mount a small disk: "+err.Error())
	}
	t.Cleanup(func() { _ = syscall.Unmount(path, syscall.MNT_DETACH) })
	return path
}

// fill writes until nothing more goes onto the disk.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 4096, 1} {
		for {
			if _, err := f.Write(make([]byte, size)); err != nil {
				break
			}
		}
	}
}

// TestD11_5: on a full disk nobody gets in (503, with words), who is in stays in, and when there is room again all goes on
// without repair.
func TestD11_5(t *testing.T) {
	database.OnlySQLite(t, "TestD11_5Postgres has the disk of a PostgreSQL")
	disk := smallDisk(t, 24)
	w := newFront(t, filepath.Join(disk, "data"), "", &logs.Buffer{})
	w.outlasts(disk)
	w.s.Kill()
	out, err := exec.Command(need.Program(t, "sqlite3"), filepath.Join(disk, "data", "sallyport.db"), "PRAGMA integrity_check").CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "ok" {
		t.Errorf("the database after that: %s %v", out, err)
	}
}

// TestD11_5Postgres is the same with PostgreSQL on the full disk, and the node on another one.
func TestD11_5Postgres(t *testing.T) {
	if !database.OnPostgres() {
		t.Skip("TestD11_5 has the disk of a SQLite file")
	}
	data, disk := filepath.Join(t.TempDir(), "data"), smallDisk(t, 128)
	t.Setenv("TMPDIR", disk)
	p := postgres.Start(t)
	t.Setenv("TMPDIR", filepath.Dir(data))
	if err := p.Exec("postgres", `CREATE DATABASE own`); err != nil {
		t.Fatal(err)
	}
	w := newFront(t, data, p.URL("own"), &logs.Buffer{})
	w.outlasts(disk)
	// Every row of every index is where it belongs.
	if err := p.Exec("own", `CREATE EXTENSION amcheck`, `SELECT bt_index_check(c.oid, true) FROM pg_class c JOIN pg_am a ON a.oid = c.relam
		WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relnamespace = 'public'::regnamespace`); err != nil {
		t.Errorf("the database after that: %v", err)
	}
}

// TestD11_5Logs has what the server says and the file that the audit log goes to on a full disk, from the start on, and the
// database on another one: people sign in and out as ever, the server ends when it is told to, and with room again the file
// gets what it has not taken.
func TestD11_5Logs(t *testing.T) {
	database.OnlySQLite(t, "about logs, whatever the database")
	disk := smallDisk(t, 1)
	audit, filler := filepath.Join(disk, "audit.jsonl"), filepath.Join(disk, "filler")
	log, err := os.OpenFile(filepath.Join(disk, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	fill(t, filler)
	w := newFront(t, filepath.Join(t.TempDir(), "data"), "", log, "SALLYPORT_AUDIT_FILE="+audit)
	w.inAndOut()
	said := func() int64 {
		info, err := log.Stat()
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	if n := said(); n != 0 {
		t.Errorf("the disk was not full: the server said %d bytes", n)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	has := func() string { text, _ := os.ReadFile(audit); return string(text) } // which could not even be made
	wait.Until(t, func() bool {
		text := has()
		return strings.Contains(text, `"type":"signin.finished"`) && strings.Contains(text, `"type":"session.ended"`)
	}, "with room again the file has %s", wait.Late(has))
	if err := w.s.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if said() == 0 {
		t.Error("the server says nothing with room again: nothing is tested")
	}
}

// inAndOut signs Dana in and out in a browser of her own, beside the one that stays in.
func (w *front) inAndOut() {
	t := w.t
	t.Helper()
	browser := w.s.Client()
	if _, err := browser.SignIn(t.Context(), w.dana.UserName, team.Password, w.dana.Digits(time.Now())); err != nil {
		t.Error(err)
	}
	if live, err := browser.Live(t.Context()); !live || err != nil {
		t.Errorf("signed in: live %v, %v", live, err)
	}
	if _, err := browser.Post(t.Context(), "/sign-out", nil); err != nil {
		t.Error(err)
	}
	if live, err := browser.Live(t.Context()); live || err != nil {
		t.Errorf("signed out: live %v, %v", live, err)
	}
	if live, err := w.in.Live(t.Context()); !live || err != nil {
		t.Errorf("the other session: live %v, %v", live, err)
	}
}

// front is a running server with a team of two, one of whom is signed in.
type front struct {
	t    *testing.T
	s    *server.Server
	dana team.Member
	in   *server.Client // Dana's
	log  io.Writer
}

func newFront(t *testing.T, data, address string, log io.Writer, env ...string) *front {
	t.Helper()
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	f, err := team.MakeOn(ctx, data, address)
	check(err)
	members, err := f.Add(ctx, team.Spec{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp},
		team.Spec{Name: "dana", Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp})
	check(err)
	tokens, err := f.SignIn(ctx, members...)
	check(err)
	check(f.Close())
	binary, err := server.Build(ctx, t.TempDir())
	check(err)
	port, err := server.FreePort()
	check(err)
	w := &front{t: t, dana: members[1], log: log}
	w.s, err = server.Start(binary, data, port, w.log, append(env, "SALLYPORT_DATABASE="+address)...)
	check(err)
	t.Cleanup(w.s.Kill)
	check(w.s.Ready(ctx))
	w.in = w.s.Client()
	w.in.HoldSession(tokens[1].Reveal())
	return w
}

// outlasts fills the disk, looks what becomes of sign-ins and of a session meanwhile, and makes room again.
func (w *front) outlasts(disk string) {
	t := w.t
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if live, err := w.in.Live(ctx); !live || err != nil {
		t.Fatalf("live %v, %v", live, err)
	}
	filler := filepath.Join(disk, "filler")
	refusals := 0
	for try := 0; try < 200 && refusals < 3; try++ { // the database may have room of its own for a while
		fill(t, filler)
		a, err := w.s.Client().Password(ctx, w.dana.UserName, team.Password)
		if err != nil {
			t.Fatal(err)
		}
		switch a.Status {
		case http.StatusServiceUnavailable:
			refusals++
		case http.StatusSeeOther, http.StatusTooManyRequests:
		default:
			t.Fatalf("a sign-in on a full disk is answered with %d: %s", a.Status, w.log)
		}
	}
	if refusals < 3 {
		t.Error("the disk was never full for the server")
	}
	if live, err := w.in.Live(ctx); !live || err != nil {
		t.Errorf("on the full disk: live %v, %v", live, err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if _, err := w.s.Client().SignIn(ctx, w.dana.UserName, team.Password, w.dana.Digits(time.Now())); err != nil {
		t.Errorf("with room again: %v\n%s", err, w.log)
	}
}
