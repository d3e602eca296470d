package interleave

import (
	"errors"
	"fmt"
)

// way is a schedule that leads to a point, and who goes on from there.
type way struct {
	path []int
	from digest
	next int // -1: the way is all of the schedules
}

// atlas walks through the points to which the schedules of a few acts lead, and leaves each once in every direction. Each
// way is gone from the beginning.
type atlas struct {
	known
	begin  func() (*play, error)       // puts the rows back and starts the acts
	seen   func(p *play) error         // is called after each step
	judge  func(schedule []step) error // is called after each run to the end
	rows   func() (string, error)      // what is committed; nil: it is not compared
	told   func()                      // is called after each run; nil: nobody asks
	ways   []way                       // to be gone
	points map[digest]bool             // that were come to
	stored map[digest]string           // rows by what is held for committed
	leads  map[digest][]digest         // from a point to those that come next; the end of all acts is the empty one
	misses int
	sketch
}

// sketch is what an atlas tried.
type sketch struct {
	ends  int // runs to the end of all acts
	met   int // runs to a point from which another run goes on
	again int // runs that did not go as the one before them or were held up, and were made once more
	lost  int // ways on which none of several runs came through
	odd   int // transactions that were refused, but not for rows that had changed
	anew  int // how often the search began anew, because the acts had shown more of themselves
}

// run goes all ways.
func (m *atlas) run() error {
	m.start()
	for len(m.ways) > 0 {
		w := m.ways[len(m.ways)-1]
		m.ways = m.ways[:len(m.ways)-1]
		p, err := m.begin()
		if err != nil {
			return err
		}
		r := &walk{atlas: m, pasts: m.known.begin(p), stored: map[digest]string{}}
		err = errors.Join(r.follow(w), p.stop())
		switch {
		case p.slow():
			m.again++
			m.ways = append(m.ways, w)
		case errors.Is(err, errOther):
			m.repeat(w)
		case err != nil:
			return fmt.Errorf("%w\n%s", err, story(r.schedule))
		default:
			m.keep(r)
			if m.told != nil {
				m.told()
			}
		}
	}
	return nil
}

// start begins the search, also anew.
func (m *atlas) start() {
	m.ways, m.points, m.stored = []way{{next: -1}}, map[digest]bool{}, map[digest]string{}
	m.leads = map[digest][]digest{}
	m.grown, m.sketch = false, sketch{again: m.again, anew: m.anew}
}

// repeat has a way gone once more.
func (m *atlas) repeat(w way) {
	if m.misses++; m.misses < fitting {
		m.again++
		m.ways = append(m.ways, w)
		return
	}
	m.lost++
	m.misses = 0
}

// keep keeps what a run came to.
func (m *atlas) keep(r *walk) {
	m.misses = 0
	m.odd += r.pasts.odd
	if m.grown {
		m.anew++
		m.start()
		return
	}
	for _, here := range r.came {
		m.points[here] = true
	}
	for held, rows := range r.stored {
		m.stored[held] = rows
	}
	for i, to := range append(r.came, r.last) {
		from := r.from
		if i > 0 {
			from = r.came[i-1]
		}
		m.leads[from] = append(m.leads[from], to)
	}
	m.ways = append(m.ways, r.found...)
	if r.met {
		m.met++
	} else {
		m.ends++
	}
}

// walk is one run, and what it came to.
type walk struct {
	*atlas
	*pasts
	schedule []step
	path     []int
	came     []digest
	found    []way
	stored   map[digest]string
	met      bool
	from     digest // the point at which its way ends
	last     digest // the one that another run goes on from
}

// step lets an act go on.
func (r *walk) step(i int) error {
	if !r.play.enabled().has(i) {
		return errOther
	}
	r.schedule, r.path = append(r.schedule, *r.play.actors[i].next), append(r.path, i)
	if err := r.do(i); err != nil {
		return err
	}
	return r.seen(r.play)
}

// follow goes a way, and from its end on to the end of the acts or to a point from which another run goes on.
func (r *walk) follow(w way) error {
	for _, i := range w.path {
		if err := r.step(i); err != nil {
			return err
		}
	}
	r.from = w.from
	if w.next >= 0 {
		if r.point() != w.from {
			return errOther
		}
		if err := r.step(w.next); err != nil {
			return err
		}
	}
	for r.play.enabled() != 0 {
		i := r.alone()
		if i < 0 {
			var err error
			if i, err = r.choose(); err != nil || r.met {
				return err
			}
		}
		if err := r.step(i); err != nil {
			return err
		}
	}
	if r.play.runs() != 0 {
		return fmt.Errorf("acts %b stand still", r.play.runs())
	}
	if r.play.slow() {
		return errOther
	}
	return r.judge(r.schedule)
}

// choose says who goes on at the point to which the run has come, and notes the others, unless another run was there.
func (r *walk) choose() (int, error) {
	here, on := r.point(), r.play.enabled()
	r.met = r.points[here]
	if err := r.compare(); err != nil || r.met {
		r.last = here
		return 0, err
	}
	r.came = append(r.came, here)
	(on & (on - 1)).each(func(j int) { r.found = append(r.found, way{append([]int(nil), r.path...), here, j}) })
	return on.first(), nil
}

// compare looks whether what is committed is what was committed whenever the same was held for committed.
func (r *walk) compare() error {
	held := r.committed()
	was, known := r.atlas.stored[held]
	if r.rows == nil || known && !r.met {
		return nil
	}
	is, err := r.rows()
	if err == nil && known && is != was {
		err = fmt.Errorf("two orders that were held for equal leave\n%s\nand\n%s", was, is)
	}
	r.stored[held] = is
	return err
}

// orders is how many schedules there are of what was gone through, without the steps that go on alone.
func (m *atlas) orders() float64 {
	known := map[digest]float64{{}: 1}
	var count func(digest) float64
	count = func(from digest) float64 {
		if n, ok := known[from]; ok {
			return n
		}
		var n float64
		for _, to := range m.leads[from] {
			n += count(to)
		}
		known[from] = n
		return n
	}
	var n float64
	for _, to := range m.leads[digest{}] {
		n += count(to)
	}
	return n
}
