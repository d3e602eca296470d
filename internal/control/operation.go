package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/identity"
)

// None is the request of an operation that needs nothing.
type None struct{}

// User names one technician by his user name.
type User struct {
	User   string
	Reason string // for the audit log, where the operation takes one
}

// Link is a one-use address and its end.
type Link struct {
	Link    string
	Expires time.Time
}

func (f *Face) rescue(ctx context.Context, actor sallyport.Actor, in User) (Link, error) {
	link, expires, err := f.o.Accounts.Rescue(ctx, actor, in.User)
	return Link{link, expires}, err
}

// Search selects technicians for the list.
type Search struct{ Text string }

// Technician is one line of the list.
type Technician struct {
	UserName, Name, Role, Status, Method string
	SetUp                                bool
	Sessions                             int
	LastSignIn                           time.Time
}

// pageSize is how many rows are read at a time.
const pageSize = 200

func (f *Face) list(ctx context.Context, actor sallyport.Actor, in Search) ([]Technician, error) {
	out := []Technician{}
	err := f.rows(ctx, actor, in.Text, func(r sallyport.Row) bool {
		out = append(out, Technician{UserName: r.UserName, Name: r.Name(), Role: string(r.Role), Status: string(r.Status),
			Method: r.Method.String(), SetUp: r.SetUp, Sessions: r.LiveSessions, LastSignIn: r.LastSignInAt})
		return true
	})
	return out, err
}

// rows walks the list page by page until each says stop.
func (f *Face) rows(ctx context.Context, actor sallyport.Actor, search string, each func(sallyport.Row) bool) error {
	for page, seen := 1, 0; ; page++ {
		p, err := f.o.Accounts.List(ctx, actor, sallyport.Filter{Search: search, Sort: "username", Page: page, Size: pageSize})
		if err != nil {
			return err
		}
		for _, r := range p.Rows {
			if !each(r) {
				return nil
			}
		}
		if seen += len(p.Rows); len(p.Rows) == 0 || seen >= p.Total {
			return nil
		}
	}
}

// find is the technician of a user name, compared as at sign-in (RFC 8265).
func (f *Face) find(ctx context.Context, actor sallyport.Actor, userName string) (sallyport.Technician, error) {
	unknown := sallyport.E(sallyport.NotFound, "no_such_user", fmt.Sprintf("There is no technician with the user name %q.", userName))
	_, key, _, err := identity.UserName(userName)
	if err != nil {
		return sallyport.Technician{}, unknown.Because(err)
	}
	var found *sallyport.Technician
	err = f.rows(ctx, actor, searched(key), func(r sallyport.Row) bool {
		if r.UserNameKey == key {
			found = &r.Technician
		}
		return found == nil
	})
	if err != nil || found == nil {
		if err == nil {
			err = unknown
		}
		return sallyport.Technician{}, err
	}
	return *found, nil
}

// searched is as much of a user name as may be searched for (256 bytes).
func searched(key string) string {
	r := []rune(key)
	return string(r[:min(len(r), 64)])
}

func (f *Face) add(ctx context.Context, actor sallyport.Actor, in account.Form) (account.Added, error) {
	return f.o.Accounts.Add(ctx, actor, in)
}

// CSV is a team's file as it is, in UTF-8 or not, and whether it is only to be looked at.
type CSV struct {
	File    []byte
	Preview bool
}

func (f *Face) importCSV(ctx context.Context, actor sallyport.Actor, in CSV) (account.Batch, error) {
	if in.Preview {
		return f.o.Accounts.PreviewImport(ctx, actor, bytes.NewReader(in.File))
	}
	return f.o.Accounts.Import(ctx, actor, bytes.NewReader(in.File))
}

// Reset is the answer to technician/reset-factor.
type Reset struct {
	EnrolmentCode string
	Expires       time.Time
	SetupUntil    time.Time
	SessionsEnded int
}

func (f *Face) resetFactor(ctx context.Context, actor sallyport.Actor, in User) (Reset, error) {
	t, err := f.find(ctx, actor, in.User)
	if err != nil {
		return Reset{}, err
	}
	r, err := f.o.Accounts.ResetFactor(ctx, actor, t.ID, in.Reason)
	return Reset{r.EnrolmentCode, r.ExpiresAt, r.SetupUntil, len(r.SessionsEnded)}, err
}

// SignedOut is the answer to technician/sign-out.
type SignedOut struct {
	Name          string
	SessionsEnded int
	CodeEnded     bool // an enrolment code that was read out works no more
}

func (f *Face) signOut(ctx context.Context, actor sallyport.Actor, in User) (SignedOut, error) {
	t, err := f.find(ctx, actor, in.User)
	if err != nil {
		return SignedOut{}, err
	}
	out, err := f.o.Accounts.SignOut(ctx, actor, t.ID)
	return SignedOut{t.Name(), len(out.SessionsEnded), out.CodeEnded}, err
}

// Setting is one setting as people read it.
type Setting struct{ Name, Value, Default, Unit, Range, Help string }

func (f *Face) policyList(ctx context.Context, actor sallyport.Actor, _ None) ([]Setting, error) {
	s, err := f.o.Accounts.Policy(ctx, actor)
	return settings(s), err
}

// Assignment gives a setting a value.
type Assignment struct{ Name, Value string }

func (f *Face) policySet(ctx context.Context, actor sallyport.Actor, in Assignment) ([]Setting, error) {
	s, err := f.o.Accounts.SetPolicy(ctx, actor, in.Name, in.Value)
	return settings(s), err
}

func settings(s sallyport.Settings) []Setting {
	var out []Setting
	for _, k := range sallyport.SettingKeys {
		out = append(out, Setting{k.Name, k.Get(s), k.Default, k.Unit, k.Range, k.Help})
	}
	return out
}

// A copy on its way has a name between these two.
const copyPrefix, copySuffix = "backup-", ".tmp"

// removeCopies removes what a process that was killed has left of its copies, with SQLite's journals beside them.
func removeCopies(folder string) error {
	files, err := os.ReadDir(folder)
	for _, f := range files {
		if strings.HasPrefix(f.Name(), copyPrefix) && strings.HasSuffix(strings.TrimSuffix(f.Name(), "-journal"), copySuffix) {
			err = errors.Join(err, os.Remove(filepath.Join(folder, f.Name())))
		}
	}
	return err
}

// backup makes a copy in the data folder and hands it over, so that it can be put where the server may not write.
func (f *Face) backup(w http.ResponseWriter, r *http.Request, actor sallyport.Actor) error {
	path := filepath.Join(f.o.Folder, copyPrefix+sallyport.NewID()+copySuffix)
	defer os.Remove(path)
	if err := f.o.Backup(r.Context(), actor, path); err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	// With a length the receiver notices a copy that broke off.
	w.Header().Set("Content-Length", fmt.Sprint(info.Size()))
	w.Header().Set("Content-Type", "application/octet-stream")
	_, err = io.Copy(w, file)
	if err != nil {
		panic(http.ErrAbortHandler) // the answer has begun: breaking it off is the only honest way
	}
	return nil
}
