package factor

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/argon2"

	"sallyport"
)

func TestHashAndVerify(t *testing.T) {
	h, ctx := NewHasher(2), context.Background()
	stored, err := h.Hash(ctx, "correct horse battery staple")
	if err != nil || !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%q, %v", stored, err)
	}
	for password, want := range map[string]bool{"correct horse battery staple": true, "correct horse battery stapl": false, "": false,
		"Correct horse battery staple": false, "correct horse battery staple ": false} {
		if ok, renew, err := h.Verify(ctx, stored, password, false); ok != want || renew || err != nil {
			t.Errorf("%q: %v, %v, %v", password, ok, renew, err)
		}
	}
	if again, _ := h.Hash(ctx, "correct horse battery staple"); again == stored {
		t.Error("two hashes share a salt")
	}
}

// TestD9_3 types one password composed and decomposed.
func TestD9_3(t *testing.T) {
	h, ctx := NewHasher(1), context.Background()
	stored, err := h.Hash(ctx, "Zo\u00eb f\u00e4hrt \u212bngstr\u00f6m")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := h.Verify(ctx, stored, "Zoe\u0308 fa\u0308hrt A\u030angstro\u0308m", true); !ok || err != nil {
		t.Errorf("decomposed: %v, %v", ok, err)
	}
}

func TestDummyIsAsMuchWorkAndMatchesNothing(t *testing.T) {
	h := NewHasher(0)
	before := h.Calls()
	if ok, renew, err := h.Verify(context.Background(), h.Dummy(), "anything at all", false); ok || renew || err != nil {
		t.Errorf("%v, %v, %v", ok, renew, err)
	}
	p, err := parsePHC(h.Dummy())
	if h.Calls() != before+1 || err != nil || !p.isCurrent() || h.Dummy() == NewHasher(1).Dummy() {
		t.Errorf("%d calls, %+v, %v", h.Calls()-before, p, err)
	}
}

func TestRenew(t *testing.T) {
	h, salt := NewHasher(1), []byte("sixteen bytes ok")
	old := phc{8 * 1024, 1, 1, salt, argon2.IDKey([]byte("right"), salt, 1, 8*1024, 1, 32)}.String()
	if ok, renew, err := h.Verify(context.Background(), old, "right", false); !ok || !renew || err != nil {
		t.Errorf("right: %v, %v, %v", ok, renew, err)
	}
	if ok, renew, err := h.Verify(context.Background(), old, "wrong", false); ok || renew || err != nil {
		t.Errorf("wrong: %v, %v, %v", ok, renew, err)
	}
}

func TestEndlessPasswordIsRefusedAfterTheSameWork(t *testing.T) {
	h := NewHasher(1)
	stored, err := h.Hash(context.Background(), strings.Repeat("a", typedBytes))
	if err != nil {
		t.Fatal(err)
	}
	before := h.Calls()
	if ok, _, _ := h.Verify(context.Background(), stored, strings.Repeat("a", typedBytes)+"b", false); ok || h.Calls() != before+1 {
		t.Error("a cut password matches")
	}
}

func TestMalformedHashesAreErrors(t *testing.T) {
	h := NewHasher(1)
	good := h.Dummy()
	parts := strings.Split(good, "$")
	with := func(i int, s string) string {
		p := append([]string{}, parts...)
		p[i] = s
		return strings.Join(p, "$")
	}
	for _, bad := range []string{"", "$", "plain", good + "$", good[1:], with(1, "argon2i"), with(2, "v=16"), with(3, "m=19456,t=2"),
		with(3, "m=0,t=2,p=1"), with(3, "m=19456,t=0,p=1"), with(3, "m=19456,t=2,p=0"), with(3, "m=4294967295,t=2,p=1"), with(3, "m=-1,t=2,p=1"),
		with(3, "t=2,m=19456,p=1"), with(3, "m=19456,t=2,p=1,x=1"), with(3, "m=7,t=1,p=1"), with(4, ""), with(5, ""), with(5, "AAAA"), with(5, parts[5]+"="), with(5, "***"),
		with(5, strings.Repeat("A", 400)), with(0, "x"), with(4, strings.Repeat("A", 40)+"="), with(4, strings.Repeat("A", 20)), with(5, strings.Repeat("A", 20)),
		with(3, "m=262145,t=2,p=1"), with(3, "m=19456,t=17,p=1"), with(3, "m=19456,t=2,p=9")} {
		ok, _, err := h.Verify(context.Background(), bad, "x", true)
		if ok || sallyport.CodeOf(err) != "password_hash" || !errors.Is(err, errPHC) {
			t.Errorf("%q: %v, %v", bad, ok, err)
		}
	}
	if h.Calls() != 0 {
		t.Error("something was computed")
	}
	if _, err := parsePHC(with(3, "m=262144,t=16,p=8")); err != nil {
		t.Errorf("the most that a hash may ask for: %v", err)
	}
}

// Any difference from what new hashes have is one to be renewed.
func TestIsCurrent(t *testing.T) {
	salt, digest := make([]byte, saltSize), make([]byte, hashSize)
	for name, p := range map[string]phc{"memory": {memory + 1, passes, threads, salt, digest}, "passes": {memory, passes + 1, threads, salt, digest},
		"threads": {memory, passes, threads + 1, salt, digest}, "salt": {memory, passes, threads, digest, digest}, "digest": {memory, passes, threads, salt, salt}} {
		if p.isCurrent() || !current(salt, digest).isCurrent() {
			t.Errorf("%s: not noticed", name)
		}
	}
}

// What is computed elsewhere counts as it came: a digest that is right for half its length, or too short, is no match,
// and a failure is no wrong password.
func TestWhatWasComputedElsewhere(t *testing.T) {
	right := make([]byte, hashSize)
	stored := current(make([]byte, saltSize), right).String()
	half := append(make([]byte, hashSize-1), 1)
	broken := errors.New("the other process is gone")
	for name, c := range map[string]struct {
		derive Derive
		ok     bool
		err    error
	}{
		"right":     {func(Work) ([]byte, error) { return right, nil }, true, nil},
		"last byte": {func(Work) ([]byte, error) { return half, nil }, false, nil},
		"short":     {func(Work) ([]byte, error) { return right[:16], nil }, false, errDigest},
		"failed":    {func(Work) ([]byte, error) { return right, broken }, false, broken},
		"panic":     {func(Work) ([]byte, error) { panic("no memory") }, false, ErrBusy},
	} {
		h := NewHasherOver(1, c.derive)
		ok, renew, err := h.Begin(t.Context(), stored, "x", false)()
		if ok != c.ok || renew || !errors.Is(err, c.err) || err != nil && !errors.Is(err, ErrBusy) || h.queue.free != 1 {
			t.Errorf("%s: %v, %v, %v", name, ok, renew, err)
		}
	}
}

// No password makes more work than the longest that somebody can have.
func TestEndlessPasswordIsCut(t *testing.T) {
	longest := 0
	h := NewHasherOver(1, func(w Work) ([]byte, error) {
		longest = max(longest, len(w.Password))
		return make([]byte, w.Size), nil
	})
	if ok, _, err := h.Verify(t.Context(), h.Dummy(), strings.Repeat("a", typedBytes+1), false); ok || err != nil || longest != typedBytes {
		t.Errorf("%v, %v, %d bytes", ok, err, longest)
	}
}

// The door lets in a few more than keep the workers busy, and says whether somebody is alone.
func TestDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHasher(1)
		var leave func()
		for n := 1; n <= 4; n++ {
			var err error
			if leave, err = h.Enter(t.Context(), false); err != nil || h.Alone() != (n == 1) {
				t.Errorf("the %d. is let in: %v; alone %v", n, err, h.Alone())
			}
		}
		if _, err := h.Enter(t.Context(), true); !errors.Is(err, ErrBusy) {
			t.Errorf("the fifth: %v", err)
		}
		for n := range 3 {
			if leave(); h.Alone() != (n == 2) {
				t.Errorf("%d left: alone %v", n+1, h.Alone())
			}
		}
		if h.door.most != 256 {
			t.Errorf("%d may wait", h.door.most)
		}
	})
}

func FuzzParsePHC(f *testing.F) {
	f.Add(NewHasher(1).Dummy())
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePHC(s)
		if err != nil {
			return
		}
		if p.memory > memoryMost || p.passes > passesMost || p.threads > threadsMost || p.passes*uint32(p.threads) == 0 || len(p.digest) < 16 {
			t.Fatalf("%q asks for %+v", s, p)
		}
		if again, err := parsePHC(p.String()); err != nil || again.String() != p.String() {
			t.Fatalf("%q is not stable", s)
		}
	})
}

// TestQueueServesKnownBrowsersFirst fills the one place and lets three of each lane wait.
func TestQueueServesKnownBrowsersFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &queue{free: 1}
		if err := q.enter(t.Context(), laneUnknown); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var order []string
		wait := func(name string, lane int) {
			go func() {
				if err := q.enter(t.Context(), lane); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
				q.leave()
			}()
			synctest.Wait()
		}
		for _, n := range []string{"u1", "u2", "u3"} {
			wait(n, lane(false))
		}
		for _, n := range []string{"k1", "k2", "k3"} {
			wait(n, lane(true))
		}
		q.leave()
		synctest.Wait()
		if got := strings.Join(order, " "); got != "k1 k2 k3 u1 u2 u3" {
			t.Errorf("served %s", got)
		}
	})
}

// TestD7_11 sends 5,000 at once to two workers of 1 s each: four get through, the others learn after 2 s when to come
// back, never more than two run at once, and nobody is left in the queue.
func TestD7_11(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &queue{free: 2}
		var mu sync.Mutex
		running, most, served, busy := 0, 0, 0, 0
		start := time.Now()
		for range 5000 {
			go func() {
				err := q.enter(t.Context(), laneUnknown)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					var e *sallyport.Error
					if !errors.Is(err, ErrBusy) || !errors.As(err, &e) || e.RetryAfter <= 0 || e.Kind != sallyport.Unavailable || time.Since(start) != 2*time.Second {
						t.Errorf("after %v: %v", time.Since(start), err)
					}
					busy++
					return
				}
				running, served = running+1, served+1
				most = max(most, running)
				mu.Unlock()
				<-time.After(time.Second - time.Millisecond)
				mu.Lock()
				running--
				q.leave()
			}()
		}
		synctest.Wait()
		<-time.After(10 * time.Second)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if most != 2 || served+busy != 5000 || served < 4 || served > 8 || q.free != 2 || len(q.lanes[laneUnknown]) != 0 {
			t.Errorf("most %d, served %d, busy %d, free %d, waiting %d", most, served, busy, q.free, len(q.lanes[laneUnknown]))
		}
	})
}

// TestFullQueueSaysSoAtOnce: whose turn would not come in time is not kept waiting for that.
func TestFullQueueSaysSoAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &queue{most: 3}
		ctx, cancel := context.WithCancel(t.Context())
		for _, lane := range []int{laneUnknown, laneKnown} {
			for range 3 {
				go func() { _ = q.enter(ctx, lane) }()
			}
		}
		synctest.Wait()
		start := time.Now()
		for _, lane := range []int{laneUnknown, laneKnown} {
			if err := q.enter(ctx, lane); !errors.Is(err, ErrBusy) || time.Since(start) != 0 {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		}
		cancel()
	})
}

func TestQueueLetsGoOfWhoHangsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &queue{}
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan error, 1)
		go func() { got <- q.enter(ctx, laneKnown) }()
		synctest.Wait()
		cancel()
		if err := <-got; !errors.Is(err, ErrBusy) || !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		q.leave()
		if q.free != 1 || len(q.lanes[laneKnown]) != 0 {
			t.Error("the place went to somebody who had left")
		}
		if err := q.enter(ctx, laneKnown); !errors.Is(err, context.Canceled) || q.free != 1 {
			t.Errorf("a cancelled request took a place: %v", err)
		}
	})
}

func TestHasherUnderParallelUse(t *testing.T) {
	h := NewHasher(2)
	stored, err := h.Hash(context.Background(), "right")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			password := []string{"right", "wrong"}[i%2]
			ok, _, err := h.Verify(context.Background(), stored, password, i%4 == 0)
			if err == nil && ok != (password == "right") {
				t.Errorf("%s: %v", password, ok)
			}
			if err != nil && !errors.Is(err, ErrBusy) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if h.queue.free != 2 {
		t.Errorf("%d places free", h.queue.free)
	}
}
