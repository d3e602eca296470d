package crash

import (
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// TestHashesElsewhere: the shipped server has its password hashes computed by a process of its own, which is not there
// before the first, comes back when somebody kills it, and is gone when the server is, however that ended.
func TestHashesElsewhere(t *testing.T) {
	ctx := t.Context()
	binary, err := server.Build(ctx, t.TempDir())
	check(t, err)
	folder := t.TempDir() + "/data"
	f, err := team.Make(ctx, folder)
	check(t, err)
	people, err := f.Add(ctx, team.Spec{Name: "dana", Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp},
		team.Spec{Name: "ilya", Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp})
	check(t, err)
	check(t, f.Close())
	port, err := server.FreePort()
	check(t, err)
	s, err := server.Start(binary, folder, port, io.Discard)
	check(t, err)
	defer s.Kill()
	check(t, s.Ready(ctx))
	if children(t, s) != nil {
		t.Error("it runs before there is anything to hash")
	}
	var last int
	for _, who := range people {
		_, err := s.Client().SignIn(ctx, who.UserName, team.Password, who.Digits(time.Now()))
		check(t, err)
		found := children(t, s)
		if len(found) != 1 || found[0] == last {
			t.Fatalf("beside the server: %d, before: %d", found, last)
		}
		last = found[0]
		if who.UserName == people[0].UserName {
			check(t, syscall.Kill(last, syscall.SIGKILL))
		}
	}
	check(t, syscall.Kill(last, syscall.SIGTERM)) // as a service manager does to all at once: it stays for those under way
	s.Kill()
	for alive(last) {
		select {
		case <-ctx.Done():
			t.Fatal("it outlives the server")
		case <-time.After(time.Millisecond):
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func children(t *testing.T, s *server.Server) []int {
	t.Helper()
	family, err := server.Family(s.PID())
	check(t, err)
	if len(family) == 1 {
		return nil
	}
	return family[1:]
}

// alive reports whether a process runs: one that nobody has waited for yet does not.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && len(text) > 0
}
