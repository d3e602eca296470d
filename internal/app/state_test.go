package app

import (
	"errors"
	"testing"

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
