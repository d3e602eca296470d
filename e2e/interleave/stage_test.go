package interleave

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// step is a statement that an act is about to send.
type step struct {
	act       int
	statement string
	opens     bool   // the first of its transaction, which takes the snapshot
	looks     bool   // sees what is committed at its moment: the first, or each at READ COMMITTED
	ends      bool   // COMMIT or ROLLBACK
	may       tables // of the first: what its act sees in all of its transactions, at most
	footprint
}

func (s step) String() string {
	return fmt.Sprintf("%d: %s", s.act, strings.Join(strings.Fields(s.statement), " "))
}

// commits reports whether something is changed for others.
func (s step) commits() bool { return s.statement == "COMMIT" && s.writes != 0 }

// actor carries out one act on a node of its own, and stops before each statement until it is let go.
type actor struct {
	number  int
	says    chan<- word
	release chan struct{}
	in      bool      // a play is on: statements are stopped
	fresh   bool      // BEGIN was the last statement
	each    bool      // each statement takes a snapshot of its own
	wrote   footprint // of the transaction so far
	may     *tables   // what the act sees, as far as it is known
	grown   bool      // this play has shown more
	next    *step     // before what it stands; nil while it runs, waits for a lock, or is over
	over    bool
	sent    *step         // what it was let go to send
	gone    atomic.Bool   // it is to leave off
	refused atomic.Uint64 // transactions that the database refused and that are run again, but for those that the node counts
	again   func() uint64 // those that the node counts; nil: none
}

// conflicts counts the transactions of an act that were refused and run again.
func (a *actor) conflicts() uint64 {
	n := a.refused.Load()
	if a.again != nil {
		n += a.again()
	}
	return n
}

// word is what an actor says: that it stands before a statement, or that it is over.
type word struct {
	act  int
	step *step // nil: it is over
}

// before is the hook of the actor's node.
func (a *actor) before(statement string, of func(string) footprint) {
	if !a.in {
		return
	}
	if a.gone.Load() {
		a.leave(statement)
		return
	}
	s := step{act: a.number, statement: statement}
	switch {
	case strings.HasPrefix(statement, "BEGIN"):
		a.fresh, a.each, a.wrote = true, strings.HasSuffix(statement, "READ COMMITTED"), footprint{}
		return
	case statement == "COMMIT" || statement == "ROLLBACK":
		s.ends, s.footprint = true, a.wrote
	default:
		s.opens, s.looks, s.footprint = a.fresh, a.fresh || a.each, of(statement)
		a.wrote = a.wrote.and(s.footprint)
		s.may = a.learn(s.sees())
	}
	a.fresh = false
	a.says <- word{a.number, &s}
	<-a.release
	if a.gone.Load() {
		a.leave(statement)
	}
}

// leave ends the act where it stands, unless its transaction can be ended first.
func (a *actor) leave(statement string) {
	if statement != "COMMIT" && statement != "ROLLBACK" {
		runtime.Goexit()
	}
}

// learn returns what the act sees in all of its transactions, as far as that is known.
func (a *actor) learn(sees tables) tables {
	if a.may == nil {
		a.may = new(tables)
	}
	a.grown = a.grown || sees&^*a.may != 0
	*a.may |= sees
	return *a.may
}

// enter begins a play: the act is stopped from now on.
func (a *actor) enter(i int, says chan<- word) {
	a.number, a.says, a.release, a.in = i, says, make(chan struct{}), true
	a.fresh, a.each, a.wrote, a.grown, a.next, a.over, a.sent = false, false, footprint{}, false, nil, false, nil
	a.gone.Store(false)
}

// play is one run of a few acts at once under a schedule.
type play struct {
	actors  []*actor
	words   chan word
	waiting func() (map[int][]int, error) // which act waits for locks of which
	began   time.Time
}

// calm is in what time a run is over unless the machine held it up. Then the database may have given up a wait for a lock, or
// an act that stood: what such a run shows is not counted.
const calm = 2 * time.Second

// slow reports whether the run was held up.
func (p *play) slow() bool { return time.Since(p.began) > calm }

// start lets each act run to its first statement.
func start(actors []*actor, acts []func(), waiting func() (map[int][]int, error)) (*play, error) {
	p := &play{actors: actors, words: make(chan word), waiting: waiting, began: time.Now()}
	for i, a := range actors {
		a.enter(i, p.words)
		go func() {
			defer func() {
				a.in = false
				p.words <- word{act: i}
			}()
			acts[i]()
		}()
	}
	return p, p.settle()
}

// enabled are the acts that stand before a statement.
func (p *play) enabled() (set acts) {
	for i, a := range p.actors {
		if a.next != nil {
			set = set.with(i)
		}
	}
	return set
}

// grown reports whether an act has shown that it sees more than was known.
func (p *play) grown() bool {
	return slices.ContainsFunc(p.actors, func(a *actor) bool { return a.grown })
}

// runs are the acts that were let go and said nothing since: they compute, or wait for a lock.
func (p *play) runs() (set acts) {
	for i, a := range p.actors {
		if a.next == nil && !a.over {
			set = set.with(i)
		}
	}
	return set
}

// do lets an act send the statement before which it stands, and returns which waiting acts that set free.
func (p *play) do(i int) (woken acts, err error) {
	stuck, a := p.runs(), p.actors[i]
	held := !a.next.ends
	a.sent, a.next = a.next, nil
	a.release <- struct{}{}
	if held && stuck != 0 { // locks are kept to the end of a transaction
		p.listen(deadlock)
		if a.next != nil && a.next.statement != "ROLLBACK" && p.runs() == stuck {
			return 0, nil
		}
	}
	err = p.settle()
	return stuck &^ p.runs(), err
}

// patience is how many waits in which nothing happens are waited for an act or for the database. They are counted, so that
// a machine that stood still for a while makes nothing of them.
const patience = 30000

// deadlock is after which wait for a lock the database looks for a circle.
const deadlock = time.Millisecond

// listen waits for the next word of anybody, but not for long.
func (p *play) listen(most time.Duration) {
	short := time.NewTimer(most)
	defer short.Stop()
	select {
	case w := <-p.words:
		p.heard(w)
	case <-short.C:
	}
}

func (p *play) heard(w word) {
	a := p.actors[w.act]
	a.next, a.over = w.step, w.step == nil
}

// settle waits until each act stands before a statement, is over, or waits for a lock that one of those holds. What waits
// is found by asking the database, never by the time that it takes. It is asked twice, so that a wait that closes a circle
// comes after the database looked at the older one, and is the one that it breaks: the same in every run but a few.
func (p *play) settle() error {
	twice, asked := false, 0
	for p.runs() != 0 {
		if p.computes() {
			if err := p.hear(); err != nil {
				return err
			}
			continue
		}
		free := p.runs()
		if twice {
			p.listen(2 * deadlock)
		} else {
			p.listen(deadlock / 4)
		}
		if p.runs() != free {
			twice, asked = false, 0
			continue
		}
		held, err := p.waiting()
		switch {
		case err != nil:
			return err
		case !p.stuck(held):
			twice = false
		case twice:
			return nil
		default:
			twice = true
		}
		if asked++; asked > patience {
			return fmt.Errorf("acts %b say nothing, and wait for %v", p.runs(), held)
		}
	}
	return nil
}

// hear waits for the next word of anybody.
func (p *play) hear() error {
	on := p.runs()
	for range patience {
		if p.listen(2 * deadlock); p.runs() != on {
			return nil
		}
	}
	return fmt.Errorf("acts %b say nothing", on)
}

// computes reports whether somebody runs who cannot wait for a lock: it reads, ends its transaction, or is between two.
func (p *play) computes() bool {
	return slices.ContainsFunc(p.actors, func(a *actor) bool {
		return a.next == nil && !a.over && (a.sent == nil || a.sent.ends || a.sent.writes|a.sent.holds == 0)
	})
}

// stuck reports whether every act that runs waits for one that stands, through others or not. A circle is not stuck: the
// database breaks it.
func (p *play) stuck(held map[int][]int) bool {
	stands := p.enabled()
	for range p.actors {
		for waits, holders := range held {
			for _, h := range holders {
				if stands.has(h) {
					stands = stands.with(waits)
				}
			}
		}
	}
	return p.runs()&^stands == 0
}

// stop lets nobody go on: each act ends its transaction, where it has one, and leaves off.
func (p *play) stop() error {
	for _, a := range p.actors {
		a.gone.Store(true)
	}
	for _, a := range p.actors {
		if a.next != nil {
			a.next = nil
			a.release <- struct{}{}
		}
	}
	for p.runs() != 0 {
		if err := p.hear(); err != nil {
			return err
		}
	}
	return nil
}

// finish lets the acts go on one after the other to their ends.
func (p *play) finish() error {
	for {
		on := p.enabled()
		if on == 0 && p.runs() == 0 {
			return nil
		}
		if on == 0 {
			return fmt.Errorf("acts %v stand still", p.runs())
		}
		if _, err := p.do(on.first()); err != nil {
			return err
		}
	}
}
