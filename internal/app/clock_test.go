package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/config"
	"sallyport/internal/store"
)

func TestDriftNoticesASetClock(t *testing.T) {
	start := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
	cases := []struct {
		wall, monotonic, want time.Duration
	}{
		{time.Second, time.Second, 0}, {6 * time.Second, 2 * time.Second, 0}, {time.Hour, time.Second, time.Hour - time.Second},
		{-time.Hour, time.Second, -time.Hour - time.Second}, {10 * time.Second, 4 * time.Second, 6 * time.Second},
	}
	for _, c := range cases {
		d := newDrift(start, start)
		if got := d.step(start.Add(c.wall), start.Add(c.monotonic)); got != c.want {
			t.Errorf("wall %v, monotonic %v: %v, want %v", c.wall, c.monotonic, got, c.want)
		}
		if got := d.step(start.Add(c.wall+time.Second), start.Add(c.monotonic+time.Second)); c.want != 0 && got != 0 {
			t.Errorf("the same jump was noticed twice: %v", got)
		}
	}
}

// TestJumpIsNotForgotten: where the sign-ins could not be ended, the next look ends them, and once only.
func TestJumpIsNotForgotten(t *testing.T) {
	start := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
	var ended []time.Duration
	fail := errors.New("no database")
	j := jumps{drift: newDrift(start, start), end: func(_ context.Context, by time.Duration) error {
		ended = append(ended, by)
		return fail
	}}
	for n, want := range []error{nil, fail, fail, nil, nil} {
		wall, monotonic := start.Add(time.Duration(n)*time.Second), start.Add(time.Duration(n)*time.Second)
		if n > 0 {
			wall = wall.Add(time.Hour)
		}
		if n == 3 {
			fail = nil
		}
		if err := j.look(t.Context(), wall, monotonic); !errors.Is(err, want) {
			t.Errorf("look %d: %v", n, err)
		}
	}
	if want := []time.Duration{time.Hour, time.Hour, time.Hour}; !slices.Equal(ended, want) {
		t.Errorf("ended %v", ended)
	}
}

// TestJumpBackIsNotTakenForNone: a clock that was ahead, and is set right before the first jump could be dealt with, was set back
// all the same: what began meanwhile is ahead of it.
func TestJumpBackIsNotTakenForNone(t *testing.T) {
	start := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
	var ended []time.Duration
	fail := errors.New("no database")
	j := jumps{drift: newDrift(start, start), end: func(_ context.Context, by time.Duration) error {
		if fail == nil {
			ended = append(ended, by)
		}
		return fail
	}}
	for n, ahead := range []time.Duration{time.Hour, 2 * time.Hour, 0, 0} {
		if n == 3 {
			fail = nil
		}
		wall, monotonic := start.Add(time.Duration(n)*time.Second), start.Add(time.Duration(n)*time.Second)
		if err := j.look(t.Context(), wall.Add(ahead), monotonic); !errors.Is(err, fail) {
			t.Errorf("look %d: %v", n, err)
		}
	}
	if want := []time.Duration{2 * time.Hour, -2 * time.Hour}; !slices.Equal(ended, want) {
		t.Errorf("ended %v", ended)
	}
}

// TestJumpThatCannotBeEndedIsSaidOnce: it is tried again each second, and a disk that stays full does not fill the log with that.
func TestJumpThatCannotBeEndedIsSaidOnce(t *testing.T) {
	start := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
	full, away := errors.New("the disk is full"), errors.New("the database is away")
	fails := []error{full, full, full, away, away, nil, full}
	n := 0
	j := jumps{drift: newDrift(start, start), end: func(context.Context, time.Duration) error { return fails[n] }}
	var said []string
	for ; n < len(fails); n++ {
		ahead := time.Hour // the first jump, and after it was dealt with one more
		if n == len(fails)-1 {
			ahead += time.Hour
		}
		now := start.Add(time.Duration(n) * time.Second)
		if err := j.look(t.Context(), now.Add(ahead), now); j.news(err) {
			said = append(said, err.Error())
		}
	}
	if want := []string{full.Error(), away.Error(), full.Error()}; !slices.Equal(said, want) {
		t.Errorf("said %q", said)
	}
}

// TestDatabaseClockThatJumps: a jump of another clock is found by when it was read, however much later that is looked at, for
// this process may be stopped in between; and it is not forgotten where the sign-ins could not be ended.
func TestDatabaseClockThatJumps(t *testing.T) {
	start := time.Now().Add(-time.Hour)
	var ended []time.Duration
	fail := errors.New("no database")
	j := jumps{end: func(_ context.Context, by time.Duration) error {
		ended = append(ended, by)
		return fail
	}}
	for n, r := range []struct {
		wall, monotonic time.Duration
		want            error
	}{
		{0, 0, nil}, {time.Second, time.Second, nil}, {time.Minute, time.Minute, nil}, {62 * time.Minute, 2 * time.Minute, fail},
		{62*time.Minute + time.Second, 2*time.Minute + time.Second, nil}, {63 * time.Minute, 3 * time.Minute, nil},
	} {
		if n == 4 {
			fail = nil
		}
		err := errors.Join(j.saw(t.Context(), reading{}), j.saw(t.Context(), reading{wall: start.Add(r.wall), monotonic: start.Add(r.monotonic)}))
		if !errors.Is(err, r.want) {
			t.Errorf("reading %d: %v", n, err)
		}
	}
	if want := []time.Duration{time.Hour, time.Hour}; !slices.Equal(ended, want) {
		t.Errorf("ended %v", ended)
	}
}

// TestClockJumpEndsUnfinishedSignIns: what was begun before the clock was set is over, and one event says so.
func TestClockJumpEndsUnfinishedSignIns(t *testing.T) {
	ctx := t.Context()
	c := testCore(t, time.Now)
	hash, _ := sallyport.NewToken().Hash()
	now := time.Now()
	err := c.db.Write(ctx, func(tx *store.Tx) error {
		return tx.InsertSignIn(ctx, sallyport.SignIn{Hash: hash, Purpose: sallyport.PurposeSetup, CreatedAt: now, ExpiresAt: now.Add(time.Hour)})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.clockJumped(ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	var events []sallyport.Event
	err = c.db.Read(ctx, func(tx *store.Tx) error {
		if _, _, err := tx.SignIn(ctx, hash); sallyport.KindOf(err) != sallyport.Gone {
			t.Errorf("the sign-in lives: %v", err)
		}
		var err error
		events, err = tx.Events(ctx, sallyport.EventFilter{Type: "clock.jumped", Limit: 10})
		return err
	})
	if err != nil || len(events) != 1 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

// TestClockBehindIsRefused: a start more than 5 s before the last stored time needs --accept-clock.
func TestClockBehindIsRefused(t *testing.T) {
	ctx := t.Context()
	at := time.Now()
	c := testCore(t, func() time.Time { return at })
	if err := c.markTime(ctx); err != nil {
		t.Fatal(err)
	}
	at = at.Add(-4 * time.Second)
	if err := c.checkClock(ctx, false); err != nil {
		t.Errorf("4 s behind: %v", err)
	}
	at = at.Add(-2 * time.Second)
	if err := c.checkClock(ctx, false); err == nil {
		t.Error("6 s behind, and nobody asked")
	}
	if err := c.checkClock(ctx, true); err != nil {
		t.Errorf("accepted: %v", err)
	}
	at = at.Add(time.Hour)
	if err := c.note(ctx, "an act that no mark of the time has followed yet"); err != nil {
		t.Fatal(err)
	}
	at = at.Add(-6 * time.Second)
	if err := c.checkClock(ctx, false); err == nil {
		t.Error("6 s behind the newest event, and nobody asked")
	}
}

// TestClockSetBackIsOver: where a clock that was ahead was set right, and what follows from that is done, a start right
// afterwards asks nobody: a server that ended before the next mark would come back by no restart.
func TestClockSetBackIsOver(t *testing.T) {
	ctx, at := t.Context(), time.Now()
	c := testCore(t, func() time.Time { return at })
	const ahead = time.Hour
	at = at.Add(ahead)
	if err := c.markTime(ctx); err != nil {
		t.Fatal(err)
	}
	at = at.Add(-ahead)
	if err := c.checkClock(ctx, false); err == nil {
		t.Fatal("a clock that is behind was taken")
	}
	if err := c.clockJumped(ctx, -ahead); err != nil {
		t.Fatal(err)
	}
	if err := c.checkClock(ctx, false); err != nil {
		t.Errorf("a start afterwards: %v", err)
	}
}

// testCore opens a core over a folder of the test's own.
func testCore(t *testing.T, now func() time.Time) *core {
	t.Helper()
	folder := t.TempDir()
	f, err := openFolder(folder, true)
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Config{Data: folder, Key: folder + "/key"}
	c, err := openCore(context.Background(), cfg, f, "http://localhost:8080", Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.close() })
	return c
}
