package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/testkit/need"
)

// accounts is the use cases as this face sees them: a list of rows and a note of who asked for what.
type accounts struct {
	rows []sallyport.Row
	did  []string
	fail error
	logo *account.Logo
}

func (a *accounts) note(actor sallyport.Actor, what string) error {
	a.did = append(a.did, fmt.Sprintf("%s: %s %s", what, actor.Kind, actor.Name))
	return a.fail
}

func (a *accounts) Rescue(_ context.Context, actor sallyport.Actor, name string) (string, time.Time, error) {
	return "http://localhost/rescue/x", time.Unix(900, 0), a.note(actor, "rescue "+name)
}

func (a *accounts) List(_ context.Context, actor sallyport.Actor, f sallyport.Filter) (account.Page, error) {
	from := min((f.Page-1)*f.Size, len(a.rows))
	return account.Page{Rows: a.rows[from:min(from+f.Size, len(a.rows))], Total: len(a.rows)}, a.note(actor, "list")
}

func (a *accounts) Add(_ context.Context, actor sallyport.Actor, f account.Form) (account.Added, error) {
	return account.Added{}, a.note(actor, "add "+f.Email)
}

func (a *accounts) PreviewImport(_ context.Context, actor sallyport.Actor, r io.Reader) (account.Batch, error) {
	return account.Batch{}, a.note(actor, "preview")
}

func (a *accounts) Import(_ context.Context, actor sallyport.Actor, r io.Reader) (account.Batch, error) {
	text, err := io.ReadAll(r)
	return account.Batch{Done: true}, errors.Join(err, a.note(actor, "import "+string(text)))
}

func (a *accounts) ResetFactor(_ context.Context, actor sallyport.Actor, id sallyport.TechnicianID, reason string) (account.FactorReset, error) {
	return account.FactorReset{}, a.note(actor, "reset "+string(id)+" "+reason)
}

func (a *accounts) SignOut(_ context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (account.SignedOut, error) {
	return account.SignedOut{SessionsEnded: make([]sallyport.Session, 3)}, a.note(actor, "sign-out "+string(id))
}

func (a *accounts) Policy(_ context.Context, actor sallyport.Actor) (sallyport.Settings, error) {
	return sallyport.DefaultSettings(), a.note(actor, "policy")
}

func (a *accounts) SetPolicy(_ context.Context, actor sallyport.Actor, name, value string) (sallyport.Settings, error) {
	return sallyport.DefaultSettings(), a.note(actor, "set "+name+"="+value)
}

func (a *accounts) Logo(context.Context) (*account.Logo, error) { return a.logo, a.fail }

func (a *accounts) SetLogo(_ context.Context, actor sallyport.Actor, picture []byte) (*account.Logo, error) {
	a.logo = &account.Logo{Type: "image/png", Width: 320, Height: 80, Tag: "0123456789abcdef", File: picture}
	return a.logo, a.note(actor, fmt.Sprintf("logo of %d bytes", len(picture)))
}

func (a *accounts) RemoveLogo(_ context.Context, actor sallyport.Actor) error {
	a.logo = nil
	return a.note(actor, "no logo")
}

func face(t *testing.T, a *accounts) *Face {
	t.Helper()
	return New(Options{Accounts: a, Folder: t.TempDir(), Owner: os.Getuid(), Log: slog.New(slog.DiscardHandler),
		Backup: func(_ context.Context, actor sallyport.Actor, path string) error {
			return errors.Join(a.note(actor, "backup"), os.WriteFile(path, bytes.Repeat([]byte("copy"), 1<<20), 0o600))
		}})
}

// over runs the face behind a real socket in folder.
func over(t *testing.T, f *Face, folder string) *Client {
	t.Helper()
	l, err := Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: f, ConnContext: ConnContext}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return Remote(folder)
}

func TestTheSameHereAndThroughTheSocket(t *testing.T) {
	me := Peer{UID: os.Getuid()}
	for name, connect := range map[string]func(*Face) *Client{
		"here":   func(f *Face) *Client { return Local(f, me) },
		"socket": func(f *Face) *Client { return over(t, f, t.TempDir()) },
	} {
		t.Run(name, func(t *testing.T) {
			a := &accounts{rows: []sallyport.Row{{Technician: sallyport.Technician{ID: "id1", UserName: "Dana", UserNameKey: "dana"}}}}
			c := connect(face(t, a))
			var link Link
			if err := c.Call(t.Context(), "rescue", User{User: "dana"}, &link); err != nil || link.Link == "" || !link.Expires.Equal(time.Unix(900, 0)) {
				t.Fatalf("%+v %v", link, err)
			}
			var out SignedOut
			if err := c.Call(t.Context(), "technician/sign-out", User{User: "DANA"}, &out); err != nil || out.SessionsEnded != 3 {
				t.Errorf("%+v %v", out, err)
			}
			if err := c.Call(t.Context(), "technician/import", CSV{File: []byte("a,b")}, nil); err != nil {
				t.Error(err)
			}
			var logo Logo
			if err := c.Call(t.Context(), "policy/logo/set", Picture{[]byte("\x89PNG")}, &logo); err != nil || logo != (Logo{"image/png", 320, 80, 4}) {
				t.Errorf("%+v %v", logo, err)
			}
			if err := c.Call(t.Context(), "policy/logo", None{}, &logo); err != nil || logo.Bytes != 4 {
				t.Errorf("%+v %v", logo, err)
			}
			if err := c.Call(t.Context(), "policy/logo/remove", None{}, &logo); err != nil || logo != (Logo{}) {
				t.Errorf("%+v %v", logo, err)
			}
			var b bytes.Buffer
			if err := c.Backup(t.Context(), &b); err != nil || b.Len() != 4<<20 {
				t.Errorf("copy of %d bytes, %v", b.Len(), err)
			}
			got := strings.Join(a.did, "; ")
			for _, want := range []string{"rescue dana: host " + me.Name(), "sign-out id1: host", "import a,b: host", "backup: host", "logo of 4 bytes: host", "no logo: host"} {
				if !strings.Contains(got, want) {
					t.Errorf("%q lacks %q", got, want)
				}
			}
			a.fail = sallyport.InvalidField("name", "no such setting").After(3 * time.Second)
			var e *sallyport.Error
			err := c.Call(t.Context(), "policy/set", Assignment{"x", "1"}, nil)
			if !errors.As(err, &e) || e.Kind != sallyport.Invalid || len(e.Fields) != 1 || e.Fields[0].Name != "name" || e.RetryAfter != 3*time.Second {
				t.Errorf("error %#v", err)
			}
			if err := c.Backup(t.Context(), io.Discard); sallyport.KindOf(err) != sallyport.Invalid {
				t.Errorf("backup: %v", err)
			}
		})
	}
}

// The log names each command, and an error only where there was one.
func TestCommandsAreLogged(t *testing.T) {
	for body, failed := range map[string]bool{"{}": false, "nonsense": true} {
		var said bytes.Buffer
		f := New(Options{Accounts: &accounts{}, Owner: os.Getuid(), Log: slog.New(slog.NewTextHandler(&said, nil))})
		r := httptest.NewRequest("POST", "/policy/list", strings.NewReader(body))
		f.ServeHTTP(httptest.NewRecorder(), r.WithContext(WithPeer(r.Context(), Peer{UID: 0})))
		if line := said.String(); !strings.Contains(line, "msg=command operation=policy/list actor=") || strings.Contains(line, "error=") != failed {
			t.Errorf("%s: %q", body, line)
		}
	}
}

func TestListWalksEveryPage(t *testing.T) {
	a := &accounts{}
	for i := range 2*pageSize + 7 {
		a.rows = append(a.rows, sallyport.Row{Technician: sallyport.Technician{UserName: fmt.Sprint(i)}})
	}
	var list []Technician
	if err := Local(face(t, a), Peer{UID: 0}).Call(t.Context(), "technician/list", Search{}, &list); err != nil || len(list) != len(a.rows) {
		t.Errorf("%d of %d, %v", len(list), len(a.rows), err)
	}
}

func TestOnlyOwnerAndRootAreHeard(t *testing.T) {
	a := &accounts{}
	f := face(t, a)
	f.o.Owner = 1000
	for uid, want := range map[int]bool{0: true, 1000: true, 1001: false, 65534: false, -1: false} {
		err := Local(f, Peer{UID: uid}).Call(t.Context(), "policy/list", None{}, nil)
		if (err == nil) != want {
			t.Errorf("uid %d: %v", uid, err)
		}
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest("POST", "/policy/list", strings.NewReader("{}")))
	if w.Code != 403 || len(a.did) != 2 {
		t.Errorf("without a peer: %d, did %q", w.Code, a.did)
	}
}

// TestKernelTellsWhoSpeaks lets another user speak through a socket that he can reach.
func TestKernelTellsWhoSpeaks(t *testing.T) {
	if folder := os.Getenv("SALLYPORT_TEST_SOCKET"); folder != "" {
		err := Remote(folder).Call(t.Context(), "policy/list", None{}, nil)
		var e *sallyport.Error
		if !errors.As(err, &e) || e.Code != "not_owner" {
			t.Fatalf("heard: %v", err)
		}
		return
	}
	if os.Getuid() != 0 {
		need.Missing(t, "root, who alone can become somebody else,")
	}
	// A folder that everybody can reach, unlike a data folder, so that only the kernel's word stands between.
	folder, err := os.MkdirTemp("/tmp", "sallyport-peer-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	a := &accounts{}
	over(t, face(t, a), folder)
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(folder, "test")
	for _, err := range []error{os.WriteFile(program, self, 0o755), os.Chmod(program, 0o755), os.Chmod(folder, 0o755), os.Chmod(filepath.Join(folder, SocketName), 0o666)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "-test.run=^TestKernelTellsWhoSpeaks$")
	cmd.Dir, cmd.Env = "/", []string{"SALLYPORT_TEST_SOCKET=" + folder}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if len(a.did) != 0 {
		t.Errorf("did %q", a.did)
	}
}

func TestSocketIsPrivateAndReplaced(t *testing.T) {
	deep := filepath.Join(t.TempDir(), strings.Repeat("d", 150))
	if err := os.Mkdir(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{t.TempDir(), deep} {
		path := filepath.Join(folder, SocketName)
		if err := os.WriteFile(path, []byte("stale"), 0o644); err != nil {
			t.Fatal(err)
		}
		l, err := Listen(folder)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o600|os.ModeSocket {
			t.Errorf("%v %v", info.Mode(), err)
		}
		conn, err := Dial(t.Context(), folder)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(path); err == nil {
			t.Error("left behind")
		}
		if _, err := Dial(t.Context(), folder); err == nil {
			t.Error("answered after the end")
		}
	}
}

func TestRequestsThatNoCommandMakes(t *testing.T) {
	f := face(t, &accounts{})
	for body, want := range map[string]int{`{"User":"x","Role":"admin"}`: 400, "nonsense": 400, "": 400, `[]`: 400, strings.Repeat(" ", maxRequest+1): 400} {
		r := httptest.NewRequest("POST", "/rescue", strings.NewReader(body))
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r.WithContext(WithPeer(r.Context(), Peer{UID: 0})))
		if w.Code != want {
			t.Errorf("%.20q: %d", body, w.Code)
		}
	}
	for _, r := range []*http.Request{httptest.NewRequest("GET", "/rescue", nil), httptest.NewRequest("POST", "/nonsense", nil)} {
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r.WithContext(WithPeer(r.Context(), Peer{UID: 0})))
		if w.Code != 404 && w.Code != 405 {
			t.Errorf("%s %s: %d", r.Method, r.URL, w.Code)
		}
	}
}

// Between the exchange of the program and the restart, a command speaks to a server of the version before, or of the one after.
func TestServersOfOtherVersionsAreCalledSo(t *testing.T) {
	a := &accounts{}
	c := over(t, face(t, a), t.TempDir())
	for what, err := range map[string]error{
		"an operation that it has not": c.Call(t.Context(), "technician/merge", User{User: "dana"}, nil),
		"a field that it has not":      c.Call(t.Context(), "technician/sign-out", map[string]any{"User": "dana", "Everywhere": true}, nil),
	} {
		if err == nil || !strings.Contains(err.Error(), "of another version") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if len(a.did) != 0 {
		t.Errorf("did %q", a.did)
	}
}

func TestACopyThatBreaksOffIsNoCopy(t *testing.T) {
	folder := t.TempDir()
	f := face(t, &accounts{})
	broken := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("half"))
	})
	l, err := Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: broken, ErrorLog: slog.NewLogLogger(f.o.Log.Handler(), slog.LevelDebug)}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	if err := Remote(folder).Backup(t.Context(), io.Discard); err == nil {
		t.Error("half a copy was taken for a whole one")
	}
}

func TestSettingsAreWhole(t *testing.T) {
	var list []Setting
	if err := Local(face(t, &accounts{}), Peer{UID: 0}).Call(t.Context(), "policy/list", None{}, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != len(sallyport.SettingKeys) {
		t.Errorf("%d of %d", len(list), len(sallyport.SettingKeys))
	}
	text, err := json.Marshal(list)
	if err != nil || !bytes.Contains(text, []byte(`"Value":"30"`)) {
		t.Errorf("%s %v", text, err)
	}
}

// Why the database, say, is away stands in the answer to whoever is on the host: a full disk does not pass by trying again.
func TestCauseOnTheHost(t *testing.T) {
	for _, err := range []*sallyport.Error{sallyport.ErrUnavailable, sallyport.E(sallyport.Internal, "internal", "Something went wrong here.")} {
		a := &accounts{fail: err.Because(errors.New("database or disk is full"))}
		err := Local(face(t, a), Peer{UID: os.Getuid()}).Call(t.Context(), "rescue", User{User: "dana"}, nil)
		var e *sallyport.Error
		if !errors.As(err, &e) || e.Unwrap() == nil || e.Unwrap().Error() != "database or disk is full" {
			t.Errorf("%v", err)
		}
	}
}

// What a server that was killed has left of a copy is gone with the next one's start; nothing else is.
func TestNoCopyIsLeft(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{copyPrefix + "abc" + copySuffix, copyPrefix + "abc" + copySuffix + "-journal", "backup-of-mine.db"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("copy"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	over(t, face(t, &accounts{}), folder)
	if left, err := filepath.Glob(filepath.Join(folder, "backup-*")); err != nil || len(left) != 1 || filepath.Base(left[0]) != "backup-of-mine.db" {
		t.Errorf("%q, %v", left, err)
	}
}

// A server that ends in the midst of an operation is not silence: whoever asked must look what became of it.
func TestServerThatEnds(t *testing.T) {
	folder := t.TempDir()
	l, err := Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = c.Read(make([]byte, 1))
			c.Close()
		}
	}()
	if err := Remote(folder).Call(t.Context(), "key/rotate", None{}, nil); err == nil || !strings.Contains(err.Error(), "may or may not have been done") {
		t.Errorf("%v", err)
	}
}
