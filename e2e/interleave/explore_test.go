package interleave

import (
	"errors"
	"fmt"
	"math/bits"
)

// acts is a set of acts.
type acts uint8

func (a acts) has(i int) bool  { return a&(1<<i) != 0 }
func (a acts) with(i int) acts { return a | 1<<i }
func (a acts) first() int      { return bits.TrailingZeros8(uint8(a)) }
func (a acts) each(f func(int)) {
	for ; a != 0; a &= a - 1 {
		f(a.first())
	}
}

// node is a point of a schedule at which somebody was chosen to go on.
type node struct {
	enabled acts
	next    [8]step // of those enabled
	chosen  int
	try     acts // whom to choose here, in the end
	tried   acts
	sleep   acts   // whose going on from here was seen from elsewhere
	clock   [8]int // of the chosen step: up to which depth it follows each act
	cost    int    // switches away from acts that could go on, up to here
}

// search says which schedules are run.
type search struct {
	rules    rules // nil: none is left out as equal to another
	whole    bool  // transactions are not broken into
	switches int   // away from acts that could go on, at most; -1: any number
}

// tally is what a search tried.
type tally struct {
	schedules int
	cut       int // equal to others, noticed on the way
	again     int // runs that did not go as the one before them or were held up, and were made once more
	lost      int // places where none of several runs did, and the search began anew from there
}

// fitting is how often a run is made once more that does not go as the one before it: which of several waiting acts the
// database refuses may hang on its own timing.
const fitting = 20

var errOther = errors.New("the run went another way")

// explorer walks through the schedules of a few acts, each run from the beginning.
type explorer struct {
	search
	stack []node
	begin func() (*play, error)       // puts the rows back and starts the acts
	seen  func(p *play) error         // is called after each step
	judge func(schedule []step) error // is called after each run
	tally
	misses int
}

// run runs every schedule of the search.
func (e *explorer) run() error {
	for {
		p, err := e.begin()
		if err != nil {
			return err
		}
		depth := len(e.stack)
		whole, err := e.once(p)
		if p.slow() {
			err, e.stack = errors.Join(errOther, p.stop()), e.stack[:min(depth, len(e.stack))]
		}
		if errors.Is(err, errOther) {
			e.again++
			continue
		}
		if err == nil && whole {
			e.schedules++
			err = e.judge(e.schedule())
		} else if err == nil {
			e.cut++
		}
		switch {
		case err != nil:
			return fmt.Errorf("schedule %d: %w\n%s", e.schedules, err, e.story())
		case e.rules != nil && p.grown(): // what was held for equal may not be
			e.stack = nil
		case !e.back():
			return nil
		}
	}
}

// once runs the schedule that the stack begins, and adds to the stack what follows. False where all of what could follow
// was seen already.
func (e *explorer) once(p *play) (bool, error) {
	clocks := make([][8]int, len(p.actors)) // of each act's last step
	for i := range clocks {
		for q := range clocks[i] {
			clocks[i][q] = -1
		}
	}
	for depth := 0; ; depth++ {
		on := p.enabled()
		if on == 0 {
			if p.runs() != 0 {
				return false, fmt.Errorf("acts %b stand still", p.runs())
			}
			return true, nil
		}
		if depth < len(e.stack) && !e.stack[depth].fits(p) {
			if e.misses++; e.misses < fitting {
				return false, errors.Join(errOther, p.finish())
			}
			e.lost++
			e.stack = e.stack[:depth]
		}
		if depth == len(e.stack)-1 {
			e.misses = 0
		}
		if depth == len(e.stack) && !e.grow(p, on) {
			return false, p.finish()
		}
		n := &e.stack[depth]
		e.races(depth, &clocks[n.chosen])
		woken, err := p.do(n.chosen)
		if err != nil {
			return false, err
		}
		woken.each(func(i int) { join(&clocks[i], n.clock) })
		if err := e.seen(p); err != nil {
			return false, err
		}
	}
}

// fits reports whether a run has come to the same point as the one that the node is from.
func (n *node) fits(p *play) bool {
	same := n.enabled == p.enabled()
	n.enabled.each(func(i int) {
		s := p.actors[i].next
		same = same && s != nil && s.statement == n.next[i].statement && s.opens == n.next[i].opens
	})
	return same
}

// grow adds a node for where p stands. False where everything from here on was seen.
func (e *explorer) grow(p *play, on acts) bool {
	n := node{enabled: on, chosen: -1}
	on.each(func(i int) { n.next[i] = *p.actors[i].next })
	last := -1 // who went on until here
	if d := len(e.stack) - 1; d >= 0 {
		above := e.stack[d]
		last, n.cost = above.chosen, above.cost
		if e.rules != nil {
			(above.sleep | above.tried).each(func(i int) {
				if i != above.chosen && on.has(i) && !e.rules(above.next[i], above.next[above.chosen]) {
					n.sleep = n.sleep.with(i)
				}
			})
		}
	}
	may := on &^ n.sleep
	stays := last >= 0 && on.has(last)
	switch {
	case may == 0:
		return false
	case e.whole && stays && !n.next[last].opens, e.rules == nil && e.switches >= 0 && n.cost >= e.switches && stays && !n.next[last].opens:
		n.chosen, n.try = last, acts(0).with(last)
	case e.rules == nil:
		n.chosen, n.try = on.first(), on
		if stays {
			n.chosen = last
		}
	default:
		n.chosen = may.first()
		if stays && may.has(last) {
			n.chosen = last
		}
		n.try = acts(0).with(n.chosen)
	}
	e.stack = append(e.stack, n)
	e.choose(n.chosen)
	return true
}

// choose sets who goes on at the last node.
func (e *explorer) choose(i int) {
	d := len(e.stack) - 1
	n := &e.stack[d]
	n.chosen, n.cost = i, 0
	if d > 0 {
		above := e.stack[d-1]
		n.cost = above.cost
		if i != above.chosen && n.enabled.has(above.chosen) && !n.next[above.chosen].opens {
			n.cost++
		}
	}
}

// back goes back to the last node at which there is somebody left to choose. False when there is none.
func (e *explorer) back() bool {
	for len(e.stack) > 0 {
		n := &e.stack[len(e.stack)-1]
		n.tried = n.tried.with(n.chosen)
		if left := n.try &^ n.tried &^ n.sleep; left != 0 {
			e.choose(left.first())
			return true
		}
		e.stack = e.stack[:len(e.stack)-1]
	}
	return false
}

func (e *explorer) schedule() []step {
	list := make([]step, len(e.stack))
	for i, n := range e.stack {
		list[i] = n.next[n.chosen]
	}
	return list
}

// story is the schedule in words, for whoever must find out why.
func (e *explorer) story() string { return story(e.schedule()) }

func story(schedule []step) (text string) {
	for _, s := range schedule {
		text += "\n" + s.String()
	}
	return text
}
