package storetest

import (
	"errors"
	"fmt"
	"time"

	"sallyport/internal/store"
)

// guess counts one try and fails unless want of them are counted then.
func (b *bench) guess(tx *store.Tx, key string, want int) {
	b.Helper()
	n, err := tx.CountGuesses(b.ctx, []string{key})
	if err != nil || n[key] != want {
		b.Fatalf("%s: %v, %v, want %d", key, n, err, want)
	}
}

// held fails unless key has that count and wait.
func (b *bench) held(key string, wrong int, until time.Time) {
	b.Helper()
	b.read(func(tx *store.Tx) error {
		g, err := tx.Guess(b.ctx, key)
		if g.Wrong != wrong || !g.WaitUntil.Equal(until) {
			b.Errorf("%s: %+v, want %d until %v", key, g, wrong, until)
		}
		return err
	})
}

var _ = register("guesses are kept for a day", func(b *bench) {
	const key = "mira|192.0.2.1"
	b.held(key, 0, time.Time{})
	b.write(func(tx *store.Tx) error {
		b.guess(tx, key, 1)
		b.guess(tx, key, 2)
		b.guess(tx, "other", 1)
		n, err := tx.EndGuesses(b.ctx, "other")
		none, again := tx.EndGuesses(b.ctx, "other")
		if n != 1 || none != 0 || again != nil {
			b.Errorf("ended %d, then %d, %v", n, none, again)
		}
		return err
	})
	b.held(key, 2, time.Time{})
	b.held("other", 0, time.Time{})
	b.Add(24*time.Hour - time.Second)
	b.held(key, 2, time.Time{})
	b.Add(time.Second)
	b.held(key, 0, time.Time{})
	b.write(func(tx *store.Tx) error { b.guess(tx, key, 1); return nil })
})

var _ = register("guess is not counted while a wait is running, unless it may be", func(b *bench) {
	until := b.Now().Add(time.Minute)
	b.write(func(tx *store.Tx) error {
		b.guess(tx, "k", 1)
		b.ok(tx.SetGuessWait(b.ctx, "k", until))
		if n, err := tx.CountGuesses(b.ctx, []string{"k", "other"}); len(n) != 1 || n["other"] != 1 || err != nil {
			b.Errorf("counted while waiting: %v %v", n, err)
		}
		if n, err := tx.CountGuesses(b.ctx, []string{"other", "k"}, "k", "x"); len(n) != 2 || n["k"] != 2 || n["other"] != 2 || err != nil {
			b.Errorf("not counted although it may be: %v %v", n, err)
		}
		return nil
	})
	b.held("k", 2, until)
	b.Add(time.Minute)
	b.write(func(tx *store.Tx) error { b.guess(tx, "k", 3); return nil })
})

var _ = register("guesses taken back leave somebody else's wait", func(b *bench) {
	mine, other := b.Now().Add(time.Minute), b.Now().Add(time.Hour)
	b.write(func(tx *store.Tx) error {
		for i := range 5 {
			b.guess(tx, "k", i+1)
		}
		b.ok(tx.SetGuessWait(b.ctx, "k", other))
		return tx.TakeGuesses(b.ctx, "k", 2, mine)
	})
	b.held("k", 3, other)
	b.write(func(tx *store.Tx) error {
		b.ok(tx.SetGuessWait(b.ctx, "k", mine))
		return tx.TakeGuesses(b.ctx, "k", 4, mine)
	})
	b.held("k", 0, time.Time{})
})

var _ = register("of a thousand guesses at once five are looked at", func(b *bench) {
	n := b.parallel(1000, func(tx *store.Tx) (bool, error) {
		n, err := tx.CountGuesses(b.ctx, []string{"k"})
		if n["k"] >= 5 {
			err = errors.Join(err, tx.SetGuessWait(b.ctx, "k", b.Now().Add(time.Second)))
		}
		return n["k"] > 0, err
	})
	if n != 5 {
		b.Errorf("%d were looked at", n)
	}
})

var _ = register("bucket takes what it has room for, and runs out", func(b *bench) {
	fill := func(want bool) {
		b.Helper()
		b.write(func(tx *store.Tx) error {
			ok, err := tx.Fill(b.ctx, "k", 10*time.Second, 30*time.Second)
			if ok != want {
				b.Errorf("filled %v, want %v", ok, want)
			}
			return err
		})
	}
	for range 3 {
		fill(true)
	}
	fill(false)
	b.read(func(tx *store.Tx) error {
		empty, err := tx.EmptyAt(b.ctx, "k", "other")
		if none, err := tx.EmptyAt(b.ctx); len(none) != 0 || err != nil || len(empty) != 1 || !empty["k"].Equal(b.Now().Add(30*time.Second)) {
			b.Errorf("empty at %v; of none: %v, %v", empty, none, err)
		}
		return err
	})
	b.Add(9999 * time.Millisecond)
	fill(false)
	b.Add(time.Millisecond)
	fill(true)
	fill(false)
	b.Add(time.Hour) // what ran out long ago leaves no more room than there is
	for range 3 {
		fill(true)
	}
	fill(false)
	b.Add(time.Hour)
	b.write(func(tx *store.Tx) error { _, err := tx.Sweep(b.ctx, false); return err })
	b.read(func(tx *store.Tx) error {
		empty, err := tx.EmptyAt(b.ctx, "k")
		if len(empty) != 0 {
			b.Error("a bucket that ran out was not swept")
		}
		return err
	})
})

var _ = register("bucket of one takes one of a thousand", func(b *bench) {
	n := b.parallel(1000, func(tx *store.Tx) (bool, error) { return tx.Fill(b.ctx, "once", time.Hour, time.Hour) })
	if n != 1 {
		b.Errorf("%d were let in", n)
	}
})

var _ = register("sweep is bounded", func(b *bench) {
	keys := make([]string, 7000)
	for i := range keys {
		keys[i] = fmt.Sprint(i)
	}
	count := func() (left int) {
		b.Helper()
		err := b.db.Write(b.ctx, func(tx *store.Tx) error {
			wrong, err := tx.CountGuesses(b.ctx, keys)
			left = 0
			for _, n := range wrong {
				left += n - 1 // what is there still would be counted for the second time
			}
			return errors.Join(err, errUndo)
		})
		if !errors.Is(err, errUndo) {
			b.Fatal(err)
		}
		return left
	}
	b.write(func(tx *store.Tx) error {
		_, err := tx.CountGuesses(b.ctx, keys)
		return err
	})
	for _, want := range []int{2000, 0} {
		b.Add(25 * time.Hour)
		b.write(func(tx *store.Tx) error { _, err := tx.Sweep(b.ctx, false); return err })
		b.Add(-25 * time.Hour)
		if left := count(); left != want {
			b.Errorf("%d of 7,000 rows are left, want %d: a sweep deletes 5,000", left, want)
		}
	}
})
