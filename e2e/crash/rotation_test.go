package crash

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/internal/testkit/postgres"
)

// D11.12: a rotation of the key is killed with kill -9: as soon as the key is in force, in the midst of the passwords, in the
// midst of the apps' secrets. On SQLite the server rotates at the command's wish, and is killed. Each time every secret opens,
// people whose secrets are sealed with either key sign in, and the older key is not dropped; in the end all is sealed with
// the new one.
func TestRotationKilled(t *testing.T) {
	w := newRotation(t, "")
	for _, p := range w.points() {
		w.midway(p, func() {
			s := w.serve()
			w.signIn(s)
			w.rotate(p, w.folder, func(*order) { s.Kill() })
			s.Kill()
		})
	}
	s := w.serve()
	w.finish()
	w.signIn(s)
	check(t, s.Stop())
	w.drop()
	s = w.serve()
	w.signIn(s)
	check(t, s.Stop())
}

// The same on PostgreSQL, where the command that rotates on one node is killed, and the server of another node goes on.
func TestRotationKilledBesideANode(t *testing.T) {
	w := newRotation(t, postgres.Database(t))
	other := filepath.Join(t.TempDir(), "data")
	check(t, os.Mkdir(other, 0o700))
	w.copyKey(w.folder, other)
	s := w.serve()
	w.signIn(s)
	for _, p := range w.points() {
		w.midway(p, func() {
			w.rotate(p, other, func(o *order) { check(t, o.cmd.Process.Kill()) })
			w.signIn(s)
		})
	}
	w.finish()
	w.signIn(s)
	w.drop()
	w.signIn(s)
	check(t, s.Stop())
}

// midway lets a rotation be killed until something is left to seal: a kill may come too late. Then all must open, and the
// older keys stay.
func (w *rotation) midway(p point, kill func()) {
	w.t.Helper()
	for range 10 {
		kill()
		left := w.opens()
		for id, n := range left {
			text, err := w.run(w.folder, "key", "drop", id)
			if err == nil || !strings.Contains(text, "still seals") && w.opens()[id] > 0 {
				w.t.Errorf("%s: a key that seals %d values is dropped: %v %s", p.name, n, err, text)
			}
		}
		if len(left) > 0 {
			w.t.Logf("killed with %s: %v of %d values are left", p.name, left, 2*rotated)
			return
		}
	}
	w.t.Errorf("no kill came before the end of the rotation, with %s", p.name)
}

// rotate gives the order on a folder and kills when the rotation has come to p. A node that lacks the new key gets it.
func (w *rotation) rotate(p point, folder string, kill func(*order)) {
	w.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	o := w.order(folder)
	for !w.reached(p) {
		select {
		case <-tick.C:
		case <-limit:
			w.t.Fatalf("the rotation never comes to %s: %s", p.name, w.tail())
		case <-o.done:
			if !strings.Contains(o.out.String(), "these nodes lack it") {
				return // it was faster
			}
			w.copyKey(folder, w.folder)
			o = w.order(folder)
		}
	}
	kill(o)
	<-o.done
}

// finish rotates to the end. The older keys are then not dropped at once: what began before may still write.
func (w *rotation) finish() {
	w.t.Helper()
	text, err := w.run(w.folder, "key", "rotate")
	if err != nil || !strings.Contains(text, " sealed again") {
		w.t.Fatalf("going on: %v %s", err, text)
	}
	w.t.Logf("%d kills in the midst of a rotation of %d values, each of which opens", len(w.points()), 2*rotated)
	if left := w.opens(); len(left) > 0 {
		w.t.Errorf("in the end older keys seal %v", left)
	}
	for _, id := range w.older() {
		if text, err := w.run(w.folder, "key", "drop", id); err == nil || !strings.Contains(text, "may still be under way") {
			w.t.Errorf("dropped at once: %v %s", err, text)
		}
	}
}

// drop lets the moment pass that older keys are kept for, and drops them: nothing needs them.
func (w *rotation) drop() {
	w.t.Helper()
	_, err := w.db.Exec(`UPDATE meta SET value = $1 WHERE name = 'key-since'`, []byte("0"))
	check(w.t, err)
	for _, id := range w.older() {
		if text, err := w.run(w.folder, "key", "drop", id); err != nil {
			w.t.Errorf("a key that seals nothing is not dropped: %v %s", err, text)
		}
	}
	if left := w.opens(); len(left) > 0 {
		w.t.Errorf("dropped keys seal %v", left)
	}
}
