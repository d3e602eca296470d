package fault

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/testkit/database"
	"sallyport/internal/testkit/need"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// smallDisk is a disk of 24 MB of the test's own.
func smallDisk(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		need.Missing(t, "root, to mount a small disk")
	}
	path := t.TempDir()
	if err := syscall.Mount("tmpfs", path, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, "size=24m,mode=0755"); err != nil {
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
	database.OnlySQLite(t, "PostgreSQL has its own disk")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	disk := smallDisk(t)
	data := filepath.Join(disk, "data")
	f, err := team.Make(ctx, data)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
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
	log := &record{}
	s, err := server.Start(binary, data, port, log)
	check(err)
	t.Cleanup(s.Kill)
	check(s.Ready(ctx))
	dana, in := members[1], s.Client()
	in.HoldSession(tokens[1].Reveal())
	live, err := in.Live(ctx)
	if !live || err != nil {
		t.Fatalf("live %v, %v", live, err)
	}

	filler := filepath.Join(disk, "filler")
	refusals := 0
	for try := 0; try < 200 && refusals < 3; try++ { // the journal may have room of its own for a while
		fill(t, filler)
		a, err := s.Client().Password(ctx, dana.UserName, team.Password)
		check(err)
		switch a.Status {
		case http.StatusServiceUnavailable:
			refusals++
		case http.StatusSeeOther, http.StatusTooManyRequests:
		default:
			t.Fatalf("a sign-in on a full disk is answered with %d: %s", a.Status, log)
		}
	}
	if refusals < 3 {
		t.Error("the disk was never full for the server")
	}
	if live, err := in.Live(ctx); !live || err != nil {
		t.Errorf("on the full disk: live %v, %v", live, err)
	}

	check(os.Remove(filler))
	if _, err := s.Client().SignIn(ctx, dana.UserName, team.Password, dana.Digits(time.Now())); err != nil {
		t.Errorf("with room again: %v\n%s", err, log)
	}
	s.Kill()
	out, err := exec.Command(need.Program(t, "sqlite3"), filepath.Join(data, "sallyport.db"), "PRAGMA integrity_check").CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "ok" {
		t.Errorf("the database after that: %s %v", out, err)
	}
}

// record takes what a server says that runs beside the test.
type record struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}
