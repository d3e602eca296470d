package ledger_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/keyring"
	"sallyport/internal/ledger"
	"sallyport/internal/store"
)

// Of many of them so many are pointed at as tell enough.
func TestManyBackdatedEvents(t *testing.T) {
	w := filled(t)
	var tamper []string
	for i := range 30 {
		tamper = append(tamper, strings.Replace(copyEvent(17, 9000+i, -1), "-1, at,", "-1, at - 86400000000,", 1))
	}
	w.behind(tamper...)
	if r := w.whole(""); len(r.Doubts) != 20 {
		t.Errorf("%d: %v", len(r.Doubts), r.Doubts)
	}
}

// A head that another key has signed says nothing, for or against, and is pointed at.
func TestHeadOfAnotherKeyIsNotCompared(t *testing.T) {
	w := filled(t)
	other, err := audit.NewSigner("another-log", keyring.Generate().SigningKey("audit head"))
	w.ok(err)
	h, err := other.SignHead(50, audit.Hash{}, w.clock.Now())
	w.ok(err)
	w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error { return tx.PutHead(w.ctx, h) }))
	if r := w.whole(""); r.Heads != 2 || len(r.Doubts) != 1 || !strings.Contains(r.Doubts[0], "size 50 was signed with another key") {
		t.Errorf("%d heads, %v", r.Heads, r.Doubts)
	}
	// Nor does it keep anything from being signed.
	h.Size = 61
	w.bulk(1)
	w.place()
	w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error { return tx.PutHead(w.ctx, h) }))
	_, err = w.log.Prove(w.ctx, host, 61)
	w.ok(err)
	if r := w.whole(w.head()); r.Heads != 3 || r.Kept != 1 {
		t.Errorf("%+v", r)
	}
}

// What is handed out as a signed head is one: not nothing at all, nor what somebody has put into the database.
func TestOnlySignedHeadsAreHandedOut(t *testing.T) {
	w := newWorld(t)
	if note, err := w.log.Head(w.ctx, host); sallyport.CodeOf(err) != "no_head" {
		t.Errorf("of an empty log: %q %v", note, err)
	}
	w.bulk(1)
	w.place()
	other, err := audit.NewSigner("another-log", keyring.Generate().SigningKey("audit head"))
	w.ok(err)
	h, err := other.SignHead(1, audit.Hash{}, w.clock.Now())
	w.ok(err)
	w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error { return tx.PutHead(w.ctx, h) }))
	if note, err := w.log.Head(w.ctx, host); err == nil {
		t.Errorf("of another key: %q", note)
	}
}

// Of more heads than are read at once the last one counts too.
func TestMoreHeadsThanAPage(t *testing.T) {
	w := filled(t)
	mine, err := audit.NewSigner("sallyport-audit-"+w.keys.ID(), w.keys.SigningKey("audit head"))
	w.ok(err)
	other, err := audit.NewSigner("another-log", keyring.Generate().SigningKey("audit head"))
	w.ok(err)
	w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error {
		for size := int64(61); size <= 1061; size++ {
			signer := other
			if size == 1061 {
				signer = mine
			}
			h, err := signer.SignHead(size, audit.Hash{}, w.clock.Now())
			if err != nil {
				return err
			}
			if err := tx.PutHead(w.ctx, h); err != nil {
				return err
			}
		}
		return nil
	}))
	if r := w.verify(""); r.First == nil || r.First.Kind != ledger.Cut || !strings.Contains(r.First.Words, "had 1061") {
		t.Errorf("%+v", r.First)
	}
}

// Two events at one place are seen where the one ends a page of what is read and the other begins the next.
func TestAddedEventOnTheNextPage(t *testing.T) {
	w := worldWith(t, false)
	w.bulk(1005)
	w.head()
	w.whole("")
	w.behind(`DROP INDEX event_leaf`, copyEvent(1000, 9000, 999))
	if r := w.verify(""); r.First == nil || r.First.Kind != ledger.Added || r.First.Event != 9000 || r.First.Place != 999 {
		t.Errorf("%+v", r.First)
	}
}

// ending is a store after whose n-th look somebody ends what is going on, or whose n-th look fails where there is an error.
type ending struct {
	store.Transactions[ledger.Tx]
	left int
	end  func()
	fail error
}

func (e *ending) Read(ctx context.Context, look func(ledger.Tx) error) error {
	if e.left--; e.left == 0 {
		if e.fail != nil {
			return e.fail
		}
		defer e.end()
	}
	return e.Transactions.Read(ctx, look)
}

// A verification that was ended, or for which the database was away for a moment, does not call the log whole, nor an event changed, at whatever moment that was.
func TestVerificationThatWasEnded(t *testing.T) {
	for name, tamper := range map[string]string{"whole": `SELECT 1`, "spoilt": `UPDATE event SET new_values = 'no JSON' WHERE id = 5`} {
		w := filled(t)
		w.behind(tamper)
		away := sallyport.E(sallyport.Unavailable, "away", "The database is away.")
		endedAfter := func(look int, fail error) (r ledger.Report, looks int, err error) {
			ctx, end := context.WithCancel(w.ctx)
			defer end()
			e := &ending{store.For[ledger.Tx](w.db), look, end, fail}
			s, err := ledger.New(ledger.Options{Store: e, Key: w.keys.SigningKey("audit head"), Origin: "sallyport-audit-" + w.keys.ID()})
			w.ok(err)
			r, err = s.Verify(ctx, host, nil)
			return r, look - e.left, err
		}
		want, looks, err := endedAfter(1000, nil)
		w.ok(err)
		for n := 1; n <= looks; n++ {
			if _, _, err := endedAfter(n, nil); err == nil && n < looks {
				t.Errorf("%s, ended after look %d of %d: no error", name, n, looks)
			}
			r, _, err := endedAfter(n, away)
			same := r.First != nil && (r.First.Kind == ledger.Stuck || want.First != nil && *r.First == *want.First)
			if err == nil && !same {
				t.Errorf("%s, the database away at look %d of %d: %+v", name, n, looks, r.First)
			}
		}
	}
}

// An event may claim to be five minutes older than one that was placed before it, as of a node whose clock is behind.
func TestHowOldAnEventMayBe(t *testing.T) {
	w := newWorld(t)
	w.bulk(1)
	newest := w.clock.Now()
	for i, by := range []time.Duration{0, 5 * time.Minute, 5*time.Minute + time.Microsecond} {
		e := audit.New(audit.SignInFinished, as(dana)).Event()
		e.At = newest.Add(-by)
		w.write(e)
		if r := w.whole(""); len(r.Doubts) != i/2 {
			t.Errorf("%v: %v", by, r.Doubts)
		}
	}
}

// What is written after the clock was set back, and before that is noticed, is older than what was placed before it for a
// reason that the log itself gives.
func TestClockIsSetBackBeforeItIsNoticed(t *testing.T) {
	w := newWorld(t)
	w.bulk(1)
	w.pass(-time.Hour)
	w.write(audit.New(audit.SignInFinished, as(dana)).Event(), audit.New(audit.SignInFinished, as(dana)).Event())
	if r := w.whole(""); len(r.Doubts) != 2 {
		t.Errorf("not noticed yet: %v", r.Doubts)
	}
	w.write(audit.New(audit.ClockJumped, host).Event(), audit.New(audit.SignInFinished, as(dana)).Event())
	if r := w.whole(""); len(r.Doubts) != 0 {
		t.Errorf("noticed: %v", r.Doubts)
	}
	late := audit.New(audit.SignInFinished, as(dana)).Event()
	late.At = w.clock.Now().Add(-time.Hour)
	w.write(late)
	w.pass(time.Hour)
	w.write(audit.New(audit.ClockJumped, host).Event())
	if r := w.whole(""); len(r.Doubts) != 1 {
		t.Errorf("another one, long before: %v", r.Doubts)
	}
}
