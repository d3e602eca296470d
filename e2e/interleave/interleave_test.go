package interleave

import (
	"fmt"
	"os"
	"slices"
	"strconv"
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
	e := &explorer{search: s, begin: r.begin, seen: r.seen}
	e.judge = func(l []step) error {
		if e.schedules%1000 == 0 {
			r.t.Logf("progress: %d schedules of %s hold", e.schedules, names(r.acts))
		}
		return r.judge(l)
	}
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
	r := w.trial(list...)
	for _, s := range searches {
		began := time.Now()
		n, err := r.run(s)
		if err != nil {
			t.Errorf("%s: %v", names(list), err)
			return
		}
		t.Logf("held in %d schedules (%s) of %s: %d outcomes, %v; %d more were equal to others, %d were made again",
			n.schedules, s.extent(n), names(list), len(r.fits), time.Since(began).Round(time.Millisecond), n.cut, n.again)
	}
}

// extent is what was tried of all orders, in words.
func (s search) extent(n tally) string {
	what := "every order that differs"
	if s.rules == nil {
		what = fmt.Sprintf("every order that leaves a transaction in its midst %d times at most", s.switches)
	}
	if n.lost > 0 {
		what += fmt.Sprintf(", but for what lies behind %d points at which the database chose otherwise", n.lost)
	}
	if n.left > 0 {
		what += fmt.Sprintf(", as far as they were tried: %d points were left", n.left)
	}
	return what
}

// complete says whether the runs that take long are asked for: by SALLYPORT_INTERLEAVE, which scripts/soak sets to how many
// schedules of four acts it tries at most.
func complete() bool { return os.Getenv("SALLYPORT_INTERLEAVE") != "" }

// most is how many schedules of four acts are tried.
func most() int {
	n, _ := strconv.Atoi(os.Getenv("SALLYPORT_INTERLEAVE"))
	return n
}

// few is what a test tries in one scene, and what it tries beside that when it is complete.
type few struct {
	scene
	always, besides [][]act
}

// each tries acts at once under searches, in the scenes at the same time; when it is complete, each acts in a world of
// their own, as many at the same time as -parallel says.
func each(t *testing.T, scenes []few, searches ...search) {
	for _, f := range scenes {
		worlds := [][][]act{f.always}
		if complete() {
			worlds = nil
			for _, list := range slices.Concat(f.always, f.besides) {
				worlds = append(worlds, [][]act{list})
			}
		}
		for _, lists := range worlds {
			if len(lists) == 0 {
				continue
			}
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				w := f.on(t)
				for _, list := range lists {
					try(t, w, searches, list...)
				}
			})
		}
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

// TestThree runs three acts at once under every schedule of their statements that differs. When it is complete, those that
// have by far more are bounded, and say so.
func TestThree(t *testing.T) {
	each(t, []few{
		{held, [][]act{{save, finish, end}, {save, phone, end}}, [][]act{{save, finish, phone}, {finish, phone, end}}},
		{bare, [][]act{{save, first, end}}, [][]act{{save, first, second}, {first, second, end}}},
	}, search{rules: bySnapshot, most: 3 * most()})
}

// TestFour, when it is complete, runs four acts at once under as many schedules that differ as it is told, and under as many
// that leave a transaction in its midst once.
func TestFour(t *testing.T) {
	if !complete() {
		t.Skip("SALLYPORT_INTERLEAVE says how many schedules of four acts to try: all of them take hours")
	}
	each(t, []few{
		{held, nil, [][]act{{save, finish, phone, end}}},
		{bare, nil, [][]act{{save, first, second, end}}},
	}, search{rules: bySnapshot, most: most()}, search{switches: 1, local: quiet, most: most()})
}
