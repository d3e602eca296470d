package interleave

import (
	"os"
	"strings"
	"testing"
	"time"
)

// run tries every schedule of the search, after the orders of whole transactions said which outcomes there may be.
func (r *trial) run(s search) (tally, error) {
	if r.fits == nil {
		fits := map[string]bool{}
		e := &explorer{search: search{whole: true, switches: -1}, begin: r.begin, seen: r.seen, judge: func(l []step) error {
			if err := r.judge(l); err != nil {
				return err
			}
			fits[r.outcome()] = true
			return nil
		}}
		if err := e.run(); err != nil {
			return e.tally, err
		}
		r.fits = fits
	}
	e := &explorer{search: s, begin: r.begin, seen: r.seen, judge: r.judge}
	err := e.run()
	return e.tally, err
}

func names(list []act) string {
	var all []string
	for _, a := range list {
		all = append(all, a.name)
	}
	return strings.Join(all, " × ")
}

// try runs acts at once under all schedules of the searches.
func try(t *testing.T, w *world, searches []search, list ...act) {
	t.Helper()
	began, r, all := time.Now(), w.trial(list...), 0
	for _, s := range searches {
		n, err := r.run(s)
		if err != nil {
			t.Errorf("%s: %v", names(list), err)
			return
		}
		all += n.schedules
	}
	t.Logf("held in %d schedules of %s: %d outcomes, %v", all, names(list), len(r.fits), time.Since(began).Round(time.Millisecond))
}

// complete says whether the runs that take long are asked for: by SALLYPORT_INTERLEAVE, which scripts/soak sets.
func complete() bool { return os.Getenv("SALLYPORT_INTERLEAVE") != "" }

// few is what a test tries in one scene, and what it tries beside that when it is complete.
type few struct {
	scene
	always, besides [][]act
}

// each tries acts at once under searches, in the scenes at the same time.
func each(t *testing.T, scenes []few, searches ...search) {
	for _, f := range scenes {
		list := f.always
		if complete() {
			list = append(list, f.besides...)
		}
		if len(list) == 0 {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			w := f.on(t)
			for _, acts := range list {
				try(t, w, searches, acts...)
			}
		})
	}
}

// TestPairs runs two acts at once under every schedule of their statements that differs. When it is complete, it runs
// them too under every schedule that leaves a transaction in its midst once, without leaving one out as equal.
func TestPairs(t *testing.T) {
	searches := []search{{rules: bySnapshot}}
	if complete() {
		searches = append(searches, search{switches: 1})
	}
	each(t, []few{
		{held, [][]act{{save, finish}, {save, phone}, {save, end}, {finish, phone}, {finish, end}, {phone, end}, {finish, twin}},
			[][]act{{finish, again}, {save, save}, {phone, phone}, {end, end}}},
		{bare, [][]act{{save, first}, {first, second}, {first, end}}, [][]act{{first, first}}},
	}, searches...)
}

// TestMore runs three acts at once, and all four when it is complete, under every schedule that leaves a transaction in its
// midst at most once.
func TestMore(t *testing.T) {
	each(t, []few{
		{held, [][]act{{save, finish, end}}, [][]act{{save, phone, end}, {finish, phone, end}, {save, finish, phone}, {save, finish, phone, end}}},
		{bare, nil, [][]act{{save, first, end}, {save, first, second}, {save, first, second, end}}},
	}, search{switches: 1, local: quiet})
}
