package fault

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/session"
	"sallyport/internal/store"
	"sallyport/internal/testkit/database"
)

// deed is something that is done over a connection that will be lost.
type deed struct {
	name string
	held bool // the technician has proved his mailbox
	in   bool // and is signed in
	run  func(w *world, before row) said
	// changed says whether all of it happened; an error says that a part of it did.
	changed func(before, after row) (bool, error)
}

var deeds = []deed{
	{"sign-in", true, false, signIn, func(before, after row) (bool, error) {
		return after.finished == 1, whole(after.finished == 1, after.Generation == before.Generation, len(after.sessions) == after.finished)
	}},
	{"set-up within a sign-in", false, false, signIn, func(before, after row) (bool, error) {
		in := after.finished == 1
		return in, whole(in, (after.factor != nil) == in, after.raised == after.finished, len(after.sessions) == after.finished,
			after.Generation == before.Generation+sallyport.Generation(after.raised))
	}},
	{"Save", true, true, save, func(before, after row) (bool, error) {
		saved := after.Method == sallyport.MethodApp
		return saved, whole(saved, (after.raised == 1) == saved, (len(after.sessions) == 0) == saved, (after.Version == before.Version+1) == saved,
			after.Generation == before.Generation+sallyport.Generation(after.raised))
	}},
}

// whole is the error of a deed that was done in part.
func whole(done bool, parts ...bool) error {
	for i, fits := range parts {
		if !fits {
			return fmt.Errorf("part %d does not fit to done=%v", i, done)
		}
	}
	return nil
}

// said is what the doer of a deed was told, and what he holds of it afterwards.
type said struct {
	err     error
	session sallyport.Token
	signIn  sallyport.Token // at which the code was asked for
	code    string
}

func signIn(w *world, before row) said { return w.signIn(before.Technician) }

func save(w *world, before row) said {
	form := account.FormOf(before.Technician)
	form.Method = sallyport.MethodApp
	_, err := w.desk.Save(w.t.Context(), w.admin, before.ID, form, before.Version)
	return said{err: err}
}

// TestLostAtEveryStatement loses the connection at the k-th point of each deed, for every k: before each statement,
// before each COMMIT, and after each COMMIT but before its answer. Nobody is told of a success that was not committed,
// nothing is done by half, what was not to be done is not, and what is said is that it did not work (D11.4, D11.6).
func TestLostAtEveryStatement(t *testing.T) {
	for _, d := range deeds {
		t.Run(d.name, func(t *testing.T) {
			w := newWorld(t)
			for k := 1; ; k++ {
				var at store.Point
				lost, err := w.try(d, k, w.line.cut, func() (lost, unknown bool) {
					lost, at = w.line.mend()
					return lost, lost && at == store.AfterCommit
				})
				if err != nil {
					t.Fatalf("lost at point %d (%v): %v", k, at, err)
				}
				if !lost {
					t.Logf("lost at each of %d points", k-1)
					return
				}
			}
		})
	}
}

// messageStride is how many messages lie between two that are the last one; make soak tries every one of them.
const messageStride = 12

// TestLostAfterEveryMessage cuts the connections to PostgreSQL after the k-th message of each deed, in either direction:
// within statements, too, and where a server has done what nobody hears of any more (D11.4).
func TestLostAfterEveryMessage(t *testing.T) {
	if !database.OnPostgres() {
		t.Skip("on PostgreSQL alone: there are no messages on SQLite")
	}
	stride := messageStride
	if os.Getenv("SALLYPORT_SOAK") != "" {
		stride = 1
	}
	for _, d := range deeds {
		t.Run(d.name, func(t *testing.T) {
			w, between := wiredWorld(t)
			unknown := 0
			first := 1 + rand.IntN(stride)
			for k := first; ; k += stride {
				lost, err := w.try(d, k, between.cut, func() (bool, bool) {
					lost, open := between.mend()
					if open {
						unknown++
					}
					return lost, open
				})
				if err != nil {
					t.Fatalf("lost after message %d: %v", k, err)
				}
				if lost {
					continue
				}
				t.Logf("lost at each of %d messages from the %dth on, every %dth of them, %d times with a COMMIT under way", (k-first)/stride, first, stride, unknown)
				if k < 40 {
					t.Error("these were too few messages for such a deed: nothing is tested")
				}
				return
			}
		})
	}
}

// try does a deed for somebody new while the connection is lost at the k-th point of some kind, and judges what is left of it.
func (w *world) try(d deed, k int, cut func(int), mend func() (lost, unknown bool)) (lost bool, err error) {
	w.t.Helper()
	dana := w.add(fmt.Sprint("dana", k), sallyport.ReadOnlyTechnician, d.held)
	if d.in {
		w.hold(dana)
	}
	before := w.row(dana.ID)
	cut(k)
	told := d.run(w, before)
	lost, unknown := mend()
	return lost, w.judge(d, before, told, unknown)
}

func (w *world) usable(token sallyport.Token) bool {
	usable, err := w.door.Check(w.t.Context(), token)
	return usable && err == nil
}

// judge looks at what is stored, and at what the memory says of it.
func (w *world) judge(d deed, before row, told said, unknown bool) error {
	after, done := w.row(before.ID), told.err == nil
	changed, err := d.changed(before, after)
	switch {
	case err != nil:
		return err
	case !done && !lossSaid[sallyport.KindOf(told.err)]:
		return fmt.Errorf("what was said of the loss: %w", told.err)
	case done && !changed:
		return fmt.Errorf("told of a success that was not committed")
	case !done && changed && !unknown:
		return fmt.Errorf("told of a failure that was committed")
	case done && told.session != "" && !w.usable(told.session):
		return fmt.Errorf("the session that was handed out is not let in")
	case after.WrongRun > 1:
		return fmt.Errorf("one answer was counted %d times", after.WrongRun)
	}
	live := map[sallyport.Hash]bool{}
	for _, s := range after.sessions {
		live[s.Hash] = true
	}
	for _, s := range append(before.sessions, after.sessions...) {
		if w.door.Memory() == nil {
			continue
		}
		if usable, err := w.door.Memory().Check(w.t.Context(), s.Hash); err != nil || usable != live[s.Hash] {
			return fmt.Errorf("the memory does not agree with the database: live %v", live[s.Hash])
		}
	}
	if err := w.replay(before.ID, told, changed); err != nil {
		return err
	}
	if d.in || done {
		return nil
	}
	if again := w.signIn(before.Technician); again.err != nil {
		return fmt.Errorf("no way on: %w", again.err)
	}
	return nil
}

// lossSaid are the kinds of what may be said when the connection was lost: that it cannot be done now, or is to be begun
// again. Nobody is told that he typed something wrong, and nothing is a fault of the program's.
var lossSaid = map[sallyport.Kind]bool{sallyport.Unavailable: true, sallyport.Gone: true, sallyport.Conflict: true}

// replay gives the old code at the old sign-in again, as a browser does that sends its form once more and somebody who has read
// it: there is one success in all, whatever was said of the first one.
func (w *world) replay(id sallyport.TechnicianID, told said, in bool) error {
	if told.code == "" {
		return nil
	}
	successes := 0
	if in {
		successes++
	}
	for range 2 {
		out, err := w.door.Answer(w.t.Context(), told.signIn, session.Answer{Kind: session.AnswerCode, Typed: told.code}, browser)
		switch {
		case err == nil && out.Session != "":
			successes++
		case sallyport.KindOf(err) != sallyport.Gone && sallyport.KindOf(err) != sallyport.Conflict:
			return fmt.Errorf("what was said of the old code: %w", err)
		}
	}
	if after := w.row(id); successes > 1 || after.finished > 1 || len(after.sessions) > 1 {
		return fmt.Errorf("one code let in %d times, with %d events and %d sessions", successes, after.finished, len(after.sessions))
	}
	return nil
}

// hold gives a technician a live session.
func (w *world) hold(t sallyport.Technician) sallyport.Hash {
	w.t.Helper()
	hash, _ := sallyport.NewToken().Hash()
	now := w.clock.Now()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.CreateSession(ctx, sallyport.Session{Hash: hash, Technician: t.ID, Generation: t.Generation, Method: string(t.Method),
			Address: browser.Address, Browser: browser.Browser, CreatedAt: now, UsedAt: now, ProvedAt: now, ExpiresAt: now.Add(sessionLife)}, 0)
		return err
	})
	return hash
}
