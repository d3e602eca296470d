package interleave

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// step is a statement that an act is about to send.
type step struct {
	act       int
	statement string
	opens     bool   // the first of its transaction, which takes the snapshot
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
	wrote   footprint // of the transaction so far
	may     *tables   // what the act sees, as far as it is known
	grown   bool      // this play has shown more
	next    *step     // before what it stands; nil while it runs, waits for a lock, or is over
	over    bool
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
	s := step{act: a.number, statement: statement}
	switch {
	case strings.HasPrefix(statement, "BEGIN"):
		a.fresh, a.wrote = true, footprint{}
		return
	case statement == "COMMIT" || statement == "ROLLBACK":
		s.ends, s.footprint = true, a.wrote
	default:
		s.opens, s.footprint = a.fresh, of(statement)
		a.wrote = a.wrote.and(s.footprint)
		s.may = a.learn(s.sees())
	}
	a.fresh = false
	a.says <- word{a.number, &s}
	<-a.release
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

// play is one run of a few acts at once under a schedule.
type play struct {
	actors  []*actor
	words   chan word
	waiting func() (map[int][]int, error) // which act waits for locks of which
}

// start lets each act run to its first statement.
func start(actors []*actor, acts []func(), waiting func() (map[int][]int, error)) (*play, error) {
	p := &play{actors: actors, words: make(chan word), waiting: waiting}
	for i, a := range actors {
		*a = actor{number: i, says: p.words, release: make(chan struct{}), in: true, may: a.may}
		go func() {
			acts[i]()
			a.in = false
			p.words <- word{act: i}
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
	a.next = nil
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

// patience bounds every wait for an act or for the database.
const patience = 60 * time.Second

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
	limit, twice := time.Now().Add(patience), false
	for p.runs() != 0 {
		free := p.runs()
		if twice {
			p.listen(2 * deadlock)
		} else {
			p.listen(deadlock / 4)
		}
		if p.runs() != free {
			twice = false
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
		if time.Now().After(limit) {
			return fmt.Errorf("acts %b say nothing, and wait for %v", p.runs(), held)
		}
	}
	return nil
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
