package app

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sallyport/internal/config"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// A primary that was replaced is known by its timeline, however far its marks are; a database that is behind, by its marks.
func TestCompare(t *testing.T) {
	at := func(epoch, mark, timeline int64) seen {
		return seen{epoch, mark, store.Primary{System: "7", Timeline: timeline}}
	}
	had := at(1, 5, 2)
	for _, c := range []struct {
		now          seen
		fine, behind bool
	}{
		{now: at(1, 4, 1)}, {now: at(1, 5, 1)}, {now: at(1, 6, 1)},
		{now: at(1, 4, 2), behind: true}, {now: at(1, 4, 3), behind: true}, {now: at(0, 9, 1), behind: true}, {now: at(0, 9, 2), behind: true},
		{now: at(1, 5, 2), fine: true}, {now: at(1, 6, 2), fine: true}, {now: at(1, 5, 3), fine: true}, {now: at(2, 0, 1), fine: true},
	} {
		s, err := openState(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.put(had); err != nil {
			t.Fatal(err)
		}
		err = (&core{state: s}).compare(c.now, had)
		var old *store.OldPrimaryError
		if (err == nil) != c.fine || err != nil && errors.As(err, &old) == c.behind {
			t.Errorf("%+v after %+v: %v", c.now, had, err)
		}
	}
}

// What was seen never falls, whichever of two comes last to write it down, in memory or in the file.
func TestSeenOnlyGrows(t *testing.T) {
	folder, newest := t.TempDir(), seen{Epoch: 1, Mark: 6}
	s, err := openState(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, now := range []seen{newest, {Epoch: 1, Mark: 5}, {Mark: 9}} {
		if err := s.put(now); err != nil {
			t.Fatal(err)
		}
	}
	again, err := openState(folder)
	if err != nil || s.get() != newest || again.get() != newest {
		t.Errorf("%s, and %v in the file: %v", s.get(), again, err)
	}
}

// Of two primaries of one epoch the one that was replaced is not kept, whichever is written down last; of a later epoch the one
// is kept that was accepted.
func TestNewestPrimaryIsKept(t *testing.T) {
	s, err := openState(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(epoch, mark, timeline int64) seen {
		return seen{epoch, mark, store.Primary{System: "7", Timeline: timeline}}
	}
	for _, c := range []struct{ now, kept seen }{
		{at(1, 5, 2), at(1, 5, 2)}, {at(1, 6, 1), at(1, 6, 2)}, {seen{Epoch: 1, Mark: 7}, at(1, 7, 2)}, {at(2, 8, 1), at(2, 8, 1)},
	} {
		if err := s.put(c.now); err != nil || s.get() != c.kept {
			t.Errorf("%s at %+v after it: %s at %+v, want %+v, %v", c.now, c.now.Primary, s.get(), s.get().Primary, c.kept.Primary, err)
		}
	}
}

// A note that names half a primary is damaged, as is one without a number.
func TestDamagedNoteIsNotRead(t *testing.T) {
	for _, text := range []string{`{"epoch":1,"mark":2,"system":"7"}`, `{"epoch":1,"mark":2,"timeline":2}`, `{"epoch":1,"mark":2,"system":"7","timeline":-1}`,
		`{"epoch":1}`, `{"mark":2}`, `{"epoch":-1,"mark":2}`, `{"epoch":1,"mark":2}{}`} {
		if s, err := readSeen([]byte(text)); err == nil {
			t.Errorf("%s is read as %s", text, s)
		}
	}
}

// A folder that has lost its SQLite database is not begun anew in: set-up would be open again.
func TestLostFileIsNotBegunAnew(t *testing.T) {
	dir := t.TempDir()
	s, err := openState(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.put(seen{Mark: 1}); err != nil {
		t.Fatal(err)
	}
	c := &core{folder: &folder{path: dir}, now: time.Now}
	if err := c.openDatabase(t.Context(), false); err == nil {
		t.Error("opened", c.db.Close())
	}
	if there, err := store.Exists(dir); there || err != nil {
		t.Errorf("it is there now: %v", err)
	}
}

// A mark that this node raises while it looks at the database is no loss.
func TestLookWhileTheMarkRises(t *testing.T) {
	ctx, s := t.Context(), postgres.Shared(t)
	c := coreOf(t, config.Config{Data: t.TempDir(), Database: s.URL(s.Name(t)), Key: t.TempDir() + "/key"}, Options{})
	ended := make(chan error)
	go func() {
		var err error
		for range 100 {
			err = errors.Join(err, c.markTime(ctx))
		}
		ended <- err
	}()
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
		if err := c.agree(ctx); err != nil {
			t.Error(err)
		}
	}
}

// After one step back the program of before finds what the newer version wrote, who may keep more in it.
func TestSeenOfANewerVersion(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, stateFile), []byte(`{"epoch":2,"mark":77,"system":"7","timeline":3,"next":{"mark":1}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := openState(folder)
	if err != nil {
		t.Fatal(err)
	}
	if want := (seen{Epoch: 2, Mark: 77, Primary: store.Primary{System: "7", Timeline: 3}}); s.get() != want {
		t.Errorf("read as %+v", s.get())
	}
}
