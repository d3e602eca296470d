package policy

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// rule is one of the waits in the contract's words.
type rule struct {
	wait func(int) time.Duration
	free int           // wrong answers without a wait
	most time.Duration // the longest
}

var rules = map[string]rule{"factor": {FactorWait, 4, 15 * time.Minute}, "password": {PasswordWait, 4, 15 * time.Minute},
	"wide": {WideWait, 12, 15 * time.Minute}, "account": {AccountWait, 4, 30 * time.Second}}

// naive doubles a second for each wrong answer beyond the first that costs one.
func (r rule) naive(wrong int) time.Duration {
	if wrong <= r.free {
		return 0
	}
	wait := time.Second
	for i := r.free + 1; i < wrong && wait < r.most; i++ {
		wait += wait
	}
	return min(wait, r.most)
}

// Waits never shrink while answers are wrong, never exceed their longest, and are what counting by hand gives.
func TestWaitsAgainstCounting(t *testing.T) {
	for name, r := range rules {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				wrong := rapid.OneOf(rapid.IntRange(-5, 40), rapid.IntRange(-5, 1<<62)).Draw(t, "wrong")
				got := r.wait(wrong)
				if got < 0 || got > r.most {
					t.Fatalf("%v after %d", got, wrong)
				}
				if wrong < 10_000 && got != r.naive(wrong) {
					t.Fatalf("%v after %d, want %v", got, wrong, r.naive(wrong))
				}
				if more := rapid.IntRange(0, 100).Draw(t, "more"); wrong < 1<<62 && r.wait(wrong+more) < got {
					t.Fatalf("%v after %d, and less after %d more", got, wrong, more)
				}
			})
		})
	}
}

// Somebody who tries as soon as he may, or at any other moments, tries no more often in a day than the waits leave room
// for: the free ones, the doubling ones, then one every longest wait.
func TestTriesOfADay(t *testing.T) {
	const day = 24 * time.Hour
	most := map[string]int{"factor": 110, "password": 110, "wide": 118, "account": 2888}
	for name, r := range rules {
		t.Run(name, func(t *testing.T) {
			if n := tries(r, day, func() time.Duration { return 0 }); n > most[name] {
				t.Errorf("%d tries in a day, want at most %d", n, most[name])
			}
			rapid.Check(t, func(t *rapid.T) {
				late := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Hour)), 8, 8).Draw(t, "late")
				i := 0
				n := tries(r, day, func() time.Duration { i++; return time.Duration(late[i%len(late)]) })
				if n > most[name] {
					t.Fatalf("%d tries in a day", n)
				}
			})
		})
	}
}

// tries counts those that fit into a span, each so late after its wait.
func tries(r rule, span time.Duration, late func() time.Duration) (n int) {
	for at := time.Duration(0); at < span && n < 10_000; n++ {
		at += r.wait(n+1) + late()
	}
	return n
}

// bucket is a Bucket filled as the store fills one, and every moment at which something was let in.
type bucket struct {
	Bucket
	now, emptyAt time.Duration
	let          []time.Duration
}

func (b *bucket) fill() bool {
	if b.emptyAt > b.now+b.Room()-b.Every {
		return false
	}
	b.emptyAt = max(b.emptyAt, b.now) + b.Every
	b.let = append(b.let, b.now)
	return true
}

// naive is what a bucket of drops says: each drop that was let in is worth one, and one runs out every so often while
// there are any. It keeps counts and a rest, no moment in the future.
type naive struct {
	Bucket
	drops int
	rest  time.Duration // since the last one ran out
}

func (n *naive) pass(span time.Duration) {
	n.rest += span
	gone := int(n.rest / n.Every)
	if gone >= n.drops {
		n.drops, n.rest = 0, 0
		return
	}
	n.drops, n.rest = n.drops-gone, n.rest-time.Duration(gone)*n.Every
}

func (n *naive) fill() bool {
	if n.drops >= n.Burst {
		return false
	}
	if n.drops == 0 {
		n.rest = 0
	}
	n.drops++
	return true
}

// TestBucketsMachine: each throttle lets in what a bucket counted by hand lets in, and in no window more than its burst
// and one for every so often.
func TestBucketsMachine(t *testing.T) {
	for name, rule := range map[string]Bucket{"spray": SprayBucket, "network": NetworkBucket, "wide": WideBucket, "one": {time.Minute, 1}} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				b, model := &bucket{Bucket: rule}, &naive{Bucket: rule}
				t.Repeat(map[string]func(*rapid.T){
					"some": func(t *rapid.T) {
						for range rapid.IntRange(1, 2*rule.Burst).Draw(t, "n") {
							if got, want := b.fill(), model.fill(); got != want {
								t.Fatalf("at %v: let in %v, counted by hand %v", b.now, got, want)
							}
						}
					},
					"time goes on": func(t *rapid.T) {
						span := time.Duration(rapid.Int64Range(0, int64(rule.Room())/2).Draw(t, "span"))
						b.now += span
						model.pass(span)
					},
					"": func(t *rapid.T) { b.windows(t) },
				})
			})
		})
	}
}

// windows looks at every window that begins and ends with something that was let in.
func (b *bucket) windows(t *rapid.T) {
	last := len(b.let) - 1
	for from := range b.let {
		span := b.let[last] - b.let[from]
		if n, most := last-from+1, b.Burst+int(span/b.Every); n > most {
			t.Fatalf("%d in %v, the rule lets in %d", n, span, most)
		}
	}
}
