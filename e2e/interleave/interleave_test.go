package interleave

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// wholes gathers how the orders of whole transactions end.
func (r *trial) wholes() error {
	if r.fits != nil {
		return nil
	}
	_, err := r.search(search{whole: true, switches: -1})
	if err == nil {
		r.fits = r.found
	}
	return err
}

// run tries every schedule of the search, after the orders of whole transactions said which outcomes there may be.
func (r *trial) run(s search) (tally, error) {
	if err := r.wholes(); err != nil {
		return tally{}, err
	}
	return r.search(s)
}

func (r *trial) search(s search) (tally, error) {
	r.found = map[string]bool{}
	e := &explorer{search: s, begin: r.begin, seen: r.seen, judge: r.judge}
	err := e.run()
	return e.tally, err
}

// chart goes to every point to which schedules lead, after the orders of whole transactions said which outcomes there may be.
func (r *trial) chart(k known) (*atlas, error) {
	if err := r.wholes(); err != nil {
		return nil, err
	}
	r.found = map[string]bool{}
	m := &atlas{known: k, begin: r.begin, seen: r.seen, judge: r.judge, rows: func() (string, error) {
		lines, err := r.rows()
		return strings.Join(lines, "\n"), err
	}}
	m.told = func() {
		if n := m.ends + m.met; n > 0 && n%500 == 0 {
			r.t.Logf("progress: %d schedules of %s hold, %d points", n, names(r.acts), len(m.points))
		}
	}
	return m, m.run()
}

func names(list []act) string {
	var all []string
	for _, a := range list {
		all = append(all, a.name)
	}
	return strings.Join(all, " × ")
}

// try runs acts at once under all schedules of the searches, and then from point to point, which must end as the first of
// them does; when it is complete and there is one, also with a choice before every write.
func try(t *testing.T, w *world, searches []search, list ...act) {
	t.Helper()
	r := w.trial(list...)
	var want map[string]bool
	for _, s := range searches {
		began := time.Now()
		n, err := r.run(s)
		if err != nil {
			t.Errorf("%s: %v", names(list), err)
			return
		}
		if want == nil {
			want = r.found
		}
		t.Logf("held in %d schedules (%s) of %s: %d outcomes, %v; %d more were equal to others, %d were made again",
			n.schedules, s.extent(n), names(list), len(r.fits), time.Since(began).Round(time.Millisecond), n.cut, n.again)
	}
	kinds := []known{{}}
	if complete() && len(searches) > 0 {
		kinds = append(kinds, wary)
	}
	for _, k := range kinds {
		began := time.Now()
		m, err := r.chart(k)
		if err != nil {
			t.Errorf("%s: %v", names(list), err)
			return
		}
		if want != nil && !maps.Equal(r.found, want) {
			t.Errorf("%s: from point to point %d outcomes, of %d", names(list), len(r.found), len(want))
		}
		t.Logf("held in %d schedules (%s) of %s: %d outcomes, %v; they lead through %d points and stand for %.4g orders; %d refusals for more than a changed row; %d were made again",
			m.ends+m.met, m.extent(k), names(list), len(r.found), time.Since(began).Round(time.Millisecond), len(m.points), m.orders(), m.odd, m.again)
	}
}

// wary knows of no write and no end of a transaction that it concerns one act alone.
var wary = known{shown: ^tables(0), fought: ^tables(0), parted: ^tables(0), several: ^tables(0), lenient: ^tables(0)}

// extent is what was tried of all orders, in words.
func (m *atlas) extent(k known) string {
	what := "every order, gone on with once where orders meet"
	if k == wary {
		what = "every order of all writes, gone on with once where orders meet"
	}
	if m.lost > 0 {
		what += fmt.Sprintf(", but for what lies behind %d points at which the database chose otherwise", m.lost)
	}
	return what
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
	return what
}

// complete says whether the runs that take long are asked for, as scripts/soak does.
func complete() bool { return os.Getenv("SALLYPORT_INTERLEAVE") != "" }

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

// TestThree runs three acts at once in every order. When it is complete, those that have few enough are also run under each
// schedule that differs, and with a choice before every write.
func TestThree(t *testing.T) {
	var searches []search
	if complete() {
		searches = append(searches, search{rules: bySnapshot})
	}
	each(t, []few{
		{held, [][]act{{save, finish, end}, {save, phone, end}}, nil},
		{bare, [][]act{{save, first, end}}, nil},
	}, searches...)
	each(t, []few{
		{held, [][]act{{save, finish, phone}, {finish, phone, end}}, nil},
		{bare, [][]act{{save, first, second}, {first, second, end}}, nil},
	})
}

// TestFour, when it is complete, runs four acts at once in every order.
func TestFour(t *testing.T) {
	if !complete() {
		t.Skip("SALLYPORT_INTERLEAVE is not set: every order of four acts takes minutes")
	}
	each(t, []few{
		{held, [][]act{{save, finish, phone, end}}, nil},
		{bare, [][]act{{save, first, second, end}}, nil},
	})
}
