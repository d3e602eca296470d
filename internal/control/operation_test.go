package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/ledger"
)

// log is the keeper of the audit log as this face sees it: a note of what was asked.
type log struct {
	Ledger
	did []string
}

func (l *log) Verify(_ context.Context, _ sallyport.Actor, kept []byte) (ledger.Report, error) {
	l.did = append(l.did, "verify "+string(kept))
	return ledger.Report{}, nil
}

func (l *log) Prove(_ context.Context, _ sallyport.Actor, id int64) ([]byte, error) {
	l.did = append(l.did, fmt.Sprint("prove ", id))
	return []byte("proof"), nil
}

func (l *log) Erase(_ context.Context, _ sallyport.Actor, who, reason string) (ledger.Erased, error) {
	l.did = append(l.did, "erase "+who+" "+reason)
	return ledger.Erased{}, nil
}

// TestOperationsPassOn: each operation asks its use case for what the command said.
func TestOperationsPassOn(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	a, l := &accounts{rows: []sallyport.Row{{Technician: sallyport.Technician{ID: "id1", FirstName: "Dana", UserName: "dana", UserNameKey: "dana", Role: sallyport.Admin,
		Status: sallyport.Active, Method: sallyport.MethodApp, LastSignInAt: at}, SetUp: true, LiveSessions: 2}}}, &log{}
	f := face(t, a)
	f.o.Ledger = l
	c := Local(f, Peer{UID: 0})
	call := func(name string, in, out any) {
		t.Helper()
		if err := c.Call(t.Context(), name, in, out); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	call("technician/import", CSV{File: []byte("a,b"), Preview: true}, nil)
	call("technician/reset-factor", User{User: "Dana", Reason: "lost"}, nil)
	call("audit/verify", KeptLog{[]byte("head")}, nil)
	call("audit/prove", EventNumber{7}, nil)
	call("audit/erase", User{User: "dana", Reason: "asked"}, nil)
	var logo Logo
	call("policy/logo", None{}, &logo)
	var list []Technician
	call("technician/list", Search{}, &list)
	if want := []Technician{{"dana", "Dana", "admin", "active", "Authenticator App", true, 2, at}}; !slices.Equal(list, want) || logo != (Logo{}) {
		t.Errorf("%+v, %+v", list, logo)
	}
	for i, want := range []string{"preview: host", "list: host", "reset id1 lost: host", "list: host"} {
		if !strings.HasPrefix(a.did[i], want) {
			t.Errorf("%q, want %q", a.did[i], want)
		}
	}
	if want := []string{"verify head", "prove 7", "erase dana asked"}; !slices.Equal(l.did, want) {
		t.Errorf("%q", l.did)
	}
}

// TestNobodyOfThatName: what is done to one technician is done to nobody when there is none of the name, or nobody could look.
func TestNobodyOfThatName(t *testing.T) {
	a := &accounts{rows: []sallyport.Row{{Technician: sallyport.Technician{ID: "id1", UserName: "dana", UserNameKey: "dana"}}}}
	c := Local(face(t, a), Peer{UID: 0})
	for _, name := range []string{"technician/reset-factor", "technician/sign-out"} {
		for _, user := range []string{"dan", "danas", "", "a\u0000b"} {
			if err := c.Call(t.Context(), name, User{User: user}, nil); sallyport.CodeOf(err) != "no_such_user" {
				t.Errorf("%s %q: %v", name, user, err)
			}
		}
		a.fail = sallyport.ErrUnavailable
		if err := c.Call(t.Context(), name, User{User: "dana"}, nil); sallyport.KindOf(err) != sallyport.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.Call(t.Context(), "technician/list", Search{}, nil); sallyport.KindOf(err) != sallyport.Unavailable {
			t.Errorf("list: %v", err)
		}
		a.fail = nil
	}
	for _, did := range a.did {
		if !strings.HasPrefix(did, "list: ") {
			t.Errorf("did %q", did)
		}
	}
}

// TestRefusalsOnTheirWay: the command learns the cause of a fault, and of nothing else; the log has every command, who gave it
// and how it ended.
func TestRefusalsOnTheirWay(t *testing.T) {
	var lines bytes.Buffer
	a := &accounts{}
	f := face(t, a)
	f.o.Log = slog.New(slog.NewTextHandler(&lines, nil))
	c := Local(f, Peer{UID: 0})
	for kind, told := range map[sallyport.Kind]bool{sallyport.Internal: true, sallyport.Unavailable: true, sallyport.Invalid: false, sallyport.Conflict: false} {
		lines.Reset()
		a.fail = sallyport.E(kind, "any", "This is why.").Because(errors.New("the cause"))
		err := c.Call(t.Context(), "policy/list", None{}, nil)
		cause := errors.Unwrap(err)
		if got := cause != nil && cause.Error() == "the cause"; got != told {
			t.Errorf("%v: the cause is told: %v", kind, got)
		}
		if strings.Contains(lines.String(), `request_id=""`) {
			t.Errorf("%v: no id: %s", kind, lines.String())
		}
		for _, want := range []string{"operation=policy/list", `actor="uid 0`, "request_id=", "This is why."} {
			if !strings.Contains(lines.String(), want) {
				t.Errorf("%v: the log lacks %q: %s", kind, want, lines.String())
			}
		}
	}
	big := CSV{File: bytes.Repeat([]byte("x"), maxRequest)}
	if err := c.Call(t.Context(), "technician/import", big, nil); sallyport.CodeOf(err) != "bad_request" {
		t.Errorf("a request of more than %d bytes: %v", maxRequest, err)
	}
}

// TestCopiesLeaveNothing: what is handed over is not left in the folder, and of the folder only left copies are removed.
func TestCopiesLeaveNothing(t *testing.T) {
	f := face(t, &accounts{})
	if err := Local(f, Peer{UID: 0}).Backup(t.Context(), io.Discard); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(f.o.Folder); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
	for _, name := range []string{"backup-x.tmp", "backup-x.tmp-journal", "other.tmp", "backup-kept.db"} {
		if err := os.WriteFile(filepath.Join(f.o.Folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := removeCopies(f.o.Folder); err != nil {
		t.Fatal(err)
	}
	var kept []string
	left, err := os.ReadDir(f.o.Folder)
	for _, file := range left {
		kept = append(kept, file.Name())
	}
	if !slices.Equal(kept, []string{"backup-kept.db", "other.tmp"}) || err != nil {
		t.Errorf("kept %v, %v", kept, err)
	}
}

// TestUnknownPeerIsNobody: a connection whose peer the kernel does not tell is not taken for root's.
func TestUnknownPeerIsNobody(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	if p, ok := peerOf(ConnContext(t.Context(), here)); ok {
		t.Errorf("taken for %s", p.Name())
	}
}

// TestServerThatIsNotThere: no socket, a socket that nobody listens at, and a server that ends before it answers are told apart
// from what an operation refuses.
func TestServerThatIsNotThere(t *testing.T) {
	ask := func(folder string) string {
		return fmt.Sprint(Remote(folder).Call(t.Context(), "policy/list", None{}, nil))
	}
	const nobody, ended = "does not listen", "may or may not have been done"
	if err := ask(t.TempDir()); !strings.Contains(err, nobody) {
		t.Error(err)
	}
	folder := t.TempDir()
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(folder, SocketName), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	if err := ask(folder); !strings.Contains(err, nobody) {
		t.Error(err)
	}
	l, err := Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })}
	go func() { _ = s.Serve(l) }()
	defer s.Close()
	if err := ask(folder); !strings.Contains(err, ended) {
		t.Error(err)
	}
}
