package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sallyport"
	"sallyport/internal/control"
	"sallyport/internal/store"
	"sallyport/internal/testkit/team"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sallyport": main})
}

// TestCommands runs every command as its own process, alone and beside a running server.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Setup: setUpScript, Condition: condition, Cmds: commandsOfScripts()})
}

// setUpScript keeps a script apart from whatever this machine has in /etc.
func setUpScript(env *testscript.Env) error {
	env.Setenv("SALLYPORT_CONFIG", os.DevNull)
	env.Setenv("SALLYPORT_OPERATIONS", "off")
	env.Setenv("SALLYPORT_LISTEN", "127.0.0.1:0")
	env.Setenv("TZ", "UTC")
	return nil
}

func condition(name string) (bool, error) {
	if name == "root" {
		return os.Getuid() == 0, nil
	}
	return false, fmt.Errorf("no condition %q", name)
}

// commandsOfScripts are what scripts may call beside testscript's own commands.
func commandsOfScripts() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"up": up, "down": down, "team": makeTeam, "as": as, "owner": owner, "mode": mode, "stale": stale, "deep": deep, "database": database, "ahead": ahead, "check": check, "picture": picture, "holds": holds, "verifier": verifier, "tamper": tamper, "fetch": fetch,
	}
}

// up starts "sallyport serve" with the arguments, waits until it answers, and sets $URL.
func up(ts *testscript.TestScript, neg bool, args []string) {
	cmd := exec.Command(inPath(ts), append([]string{"serve"}, args...)...)
	cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.Getenv("HOME")}
	for _, name := range []string{"SALLYPORT_CONFIG", "SALLYPORT_OPERATIONS", "SALLYPORT_LISTEN", "SALLYPORT_AUDIT_FILE", "SALLYPORT_DATABASE"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	cmd.Dir = ts.MkAbs(".")
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	cmd.Stderr = io.Discard
	ts.Check(cmd.Start())
	ts.Defer(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "Sallyport answers at "); ok {
			ts.Setenv("URL", url)
			ts.Setenv("SERVER", strconv.Itoa(cmd.Process.Pid))
			go io.Copy(io.Discard, out)
			servers.Store(cmd.Process.Pid, cmd)
			return
		}
	}
	ts.Fatalf("the server ended: %v", cmd.Wait())
}

var (
	// servers are those that up has started, by process id; scripts run side by side.
	servers sync.Map
	// held are the connections that keep a copy waiting, by the address of its target.
	held sync.Map
)

// down ends the server, with SIGTERM or with the signal that is named, and waits for its end.
func down(ts *testscript.TestScript, neg bool, args []string) {
	pid, err := strconv.Atoi(ts.Getenv("SERVER"))
	ts.Check(err)
	sig := syscall.SIGTERM
	if len(args) == 1 && args[0] == "KILL" {
		sig = syscall.SIGKILL
	}
	ts.Check(syscall.Kill(pid, sig))
	cmd, _ := servers.LoadAndDelete(pid)
	err = cmd.(*exec.Cmd).Wait()
	var exit *exec.ExitError
	if sig == syscall.SIGTERM && err != nil || sig == syscall.SIGKILL && !errors.As(err, &exit) {
		ts.Fatalf("end of the server: %v", err)
	}
}

// makeTeam makes a data folder with two technicians who are signed in.
func makeTeam(ts *testscript.TestScript, neg bool, args []string) {
	ctx := context.Background()
	f, err := team.Make(ctx, ts.MkAbs(args[0]))
	ts.Check(err)
	members, err := f.Add(ctx, team.Spec{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp},
		team.Spec{Name: "ines", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}, team.Spec{Name: "dana", Role: sallyport.Admin, Method: sallyport.MethodApp})
	ts.Check(err)
	tokens, err := f.SignIn(ctx, members...)
	ts.Check(err)
	ts.Setenv("DANA", tokens[2].Reveal())
	ts.Check(f.Close())
}

// as runs a program as another user: as UID program args…
func as(ts *testscript.TestScript, neg bool, args []string) {
	uid, err := strconv.Atoi(args[0])
	ts.Check(err)
	cmd := exec.Command(inPath(ts), args[2:]...)
	cmd.Env = []string{"SALLYPORT_CONFIG=" + os.DevNull, "PATH=" + ts.Getenv("PATH")}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	out, err := cmd.CombinedOutput()
	ts.Logf("%s", out)
	if (err != nil) != neg {
		ts.Fatalf("%v", err)
	}
	ts.Check(os.WriteFile(ts.MkAbs("as.out"), out, 0o600))
}

func inPath(ts *testscript.TestScript) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path := filepath.Join(dir, "sallyport"); exists(path) {
			return path
		}
	}
	ts.Fatalf("sallyport is not in the path")
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// owner checks who owns files, or gives them away: owner UID files… or owner -set UID files…
func owner(ts *testscript.TestScript, neg bool, args []string) {
	set := args[0] == "-set"
	if set {
		args = args[1:]
	}
	uid, err := strconv.Atoi(args[0])
	ts.Check(err)
	for _, name := range args[1:] {
		if set {
			ts.Check(os.Chown(ts.MkAbs(name), uid, uid))
			continue
		}
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := int(info.Sys().(*syscall.Stat_t).Uid); got != uid {
			ts.Fatalf("%s belongs to uid %d, not %d", name, got, uid)
		}
	}
}

// mode checks permission bits: mode 0600 files…
func mode(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if info.Mode().Perm() != os.FileMode(want) {
			ts.Fatalf("%s has mode %v", name, info.Mode())
		}
	}
}

// stale leaves a socket in a folder that nobody listens on.
func stale(ts *testscript.TestScript, neg bool, args []string) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(ts.MkAbs(args[0]), control.SocketName), Net: "unix"})
	ts.Check(err)
	l.SetUnlinkOnClose(false)
	ts.Check(l.Close())
}

// deep sets $DEEP to a folder whose path is longer than a socket's address may be.
func deep(ts *testscript.TestScript, neg bool, args []string) {
	path := ts.MkAbs(filepath.Join(strings.Repeat("long/", 10), strings.Repeat("d", 150)))
	ts.Check(os.MkdirAll(path, 0o700))
	ts.Setenv("DEEP", path)
}

// ahead makes a data folder remember a time one hour from now, as after a start with a wrong clock.
func ahead(ts *testscript.TestScript, neg bool, args []string) {
	ctx := context.Background()
	db, err := store.Open(ctx, store.Options{Folder: ts.MkAbs(args[0])})
	ts.Check(err)
	last := binary.BigEndian.AppendUint64(nil, uint64(time.Now().Add(time.Hour).UnixMicro()))
	ts.Check(db.Write(ctx, func(tx *store.Tx) error { return tx.PutMeta(ctx, "clock", last) }))
	ts.Check(db.Close())
}

// database checks that a file is a whole database with the user names given.
func database(ts *testscript.TestScript, neg bool, args []string) {
	dir, err := os.MkdirTemp(ts.MkAbs("."), "restore")
	ts.Check(err)
	copied, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(dir, "sallyport.db"), copied, 0o600))
	db, err := store.Open(context.Background(), store.Options{Folder: dir})
	ts.Check(err)
	defer db.Close()
	ts.Check(db.Read(context.Background(), func(tx *store.Tx) error {
		for _, name := range args[1:] {
			if _, err := tx.TechnicianByKey(context.Background(), name); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	}))
}

// check asks GET /session with a token, and wants the status: check TOKEN 204
func check(ts *testscript.TestScript, neg bool, args []string) {
	url := ts.Getenv("URL")
	r, err := http.NewRequest(http.MethodGet, url+"/session", nil)
	ts.Check(err)
	r.Header.Set("Cookie", "sallyport-"+url[strings.LastIndexByte(url, ':')+1:]+"="+args[0])
	resp, err := http.DefaultClient.Do(r)
	ts.Check(err)
	resp.Body.Close()
	if strconv.Itoa(resp.StatusCode) != args[1] {
		ts.Fatalf("GET /session answers %d", resp.StatusCode)
	}
}
