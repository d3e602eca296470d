package interleave

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// digest stands for all that it was made of.
type digest [16]byte

func (d digest) with(parts ...any) digest {
	h := sha256.New()
	h.Write(d[:])
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			_ = binary.Write(h, binary.LittleEndian, int64(len(p)))
			h.Write([]byte(p))
		case int:
			_ = binary.Write(h, binary.LittleEndian, int64(p))
		case digest:
			h.Write(p[:])
		}
	}
	return digest(h.Sum(nil)[:16])
}

// known is what the runs have shown of the acts so far. A run that shows more lets the search begin anew, so that what it
// relied on was true of all runs when it ends.
type known struct {
	shown   tables // what an act sees of others
	fought  tables // both of two transactions that were open wrote rows there
	parted  tables // one held rows there, the other dropped some
	several tables // a transaction that had written rows there waited for others
	lenient tables // what was held for refused there was not
	grown   bool
}

func (k *known) learn(where *tables, more tables) {
	k.grown = k.grown || more&^*where != 0
	*where |= more
}

// past is what decides how an act goes on: what it was told in the transactions that it ended, and in the one that it is
// in. A transaction is told what was committed when it took its snapshot, what it wrote itself, and nothing else.
type past struct {
	ended     digest // its transactions, but for those that the database refused: they left nothing, and are run again
	in        bool   // within one
	each      bool   // with a snapshot for each statement
	saw       int    // how many commits there were at its snapshot
	sent      digest // its snapshot and its statements
	wrote     footprint
	before    footprint // what it wrote before its last statement
	last      tables    // that its last statement writes
	since     digest    // what others ended since somebody committed behind its snapshot
	behind    bool      // its last statement writes rows that were written since its snapshot
	doomed    bool      // for which it is held for one that will be refused
	woken     bool      // its last statement has waited
	conflicts uint64    // transactions of the act that were refused
}

// pasts are those of all acts of a run, and what is committed.
type pasts struct {
	*known
	play    *play
	acts    []past
	commits []footprint // those of which others see something
	chain   digest      // the same, each with what its act was told
	waiting []int       // acts, in the order in which they began to wait
	odd     int         // transactions that were refused, but not for rows that had changed
}

func (k *known) begin(p *play) *pasts {
	s := &pasts{known: k, play: p, acts: make([]past, len(p.actors))}
	for i, a := range p.actors {
		s.acts[i].conflicts = a.conflicts()
	}
	return s
}

// do lets an act send the statement before which it stands.
func (s *pasts) do(i int) error {
	next, a := *s.play.actors[i].next, &s.acts[i]
	matters := s.matters(i, next)
	if !next.ends {
		behind, doomed := s.behind(i, next) != 0, s.stale(i, next)
		s.enter(i, next)
		a.behind, a.doomed, a.woken = behind, doomed, false
	}
	woken, err := s.play.do(i)
	if err != nil {
		return err
	}
	if next.ends {
		s.leave(i, next)
	}
	woken.each(func(j int) { s.acts[j].sent, s.acts[j].woken = s.acts[j].sent.with("woken", s.chain), true })
	runs := s.play.runs()
	s.waiting = slices.DeleteFunc(s.waiting, func(j int) bool { return !runs.has(j) })
	if runs.has(i) {
		s.waiting = append(s.waiting, i)
		if !matters && !a.doomed {
			s.learn(&s.several, next.writes|next.holds|next.drops)
		}
	}
	for j := range s.acts {
		s.refused(j)
	}
	return nil
}

// enter adds a statement to its act's transaction.
func (s *pasts) enter(i int, next step) {
	a := &s.acts[i]
	if next.opens {
		*a = past{ended: a.ended, conflicts: a.conflicts, in: true, saw: len(s.commits)}
	} else {
		a.each = next.looks
	}
	if next.looks {
		a.sent = a.sent.with("looks", s.chain)
	}
	for j, other := range s.acts {
		if o := other.wrote; j != i && other.in {
			s.learn(&s.fought, next.writes&o.writes&^(next.appends|o.appends))
			s.learn(&s.parted, next.holds&o.drops|next.drops&o.holds)
		}
	}
	a.before, a.wrote, a.last = a.wrote, a.wrote.and(next.footprint), next.writes
	a.sent = a.sent.with(next.statement)
	s.learn(&s.shown, next.sees())
}

// leave ends an act's transaction.
func (s *pasts) leave(i int, last step) {
	a, conflicts := &s.acts[i], s.play.actors[i].conflicts()
	for j := range s.acts {
		if b := &s.acts[j]; j != i && b.in && b.saw < len(s.commits) {
			b.since = b.since.with(i, a.sent, last.statement)
		}
	}
	if conflicts != a.conflicts && !a.behind && !a.woken {
		s.odd++
	}
	if conflicts == a.conflicts {
		if a.doomed || a.woken {
			s.learn(&s.lenient, a.last)
		}
		a.ended = a.ended.with(last.statement, a.sent)
		if s.shows(last) {
			s.commits = append(s.commits, last.footprint)
			s.chain = s.chain.with(i, a.ended)
		}
	}
	*a = past{ended: a.ended, conflicts: conflicts}
}

// shows reports whether a step changes what others see.
func (s *pasts) shows(last step) bool { return last.commits() && last.writes&s.shown != 0 }

// behind are the rows that a statement writes and somebody has written since its snapshot.
func (s *pasts) behind(i int, next step) (all tables) {
	a := s.acts[i]
	if !a.in || next.looks || next.ends {
		return 0
	}
	for _, c := range s.commits[a.saw:] {
		all |= c.writes & next.writes &^ (c.appends | next.appends)
	}
	return all
}

// stale reports whether a statement will be refused for rows behind which it is, whatever others do.
func (s *pasts) stale(i int, next step) bool { return s.behind(i, next)&^s.lenient != 0 }

// refused looks whether a statement that was held for refused, or has waited, was refused: then it took no rows. Whether that
// is why the transaction is rolled back shows at its end.
func (s *pasts) refused(i int) {
	a, next := &s.acts[i], s.play.actors[i].next
	switch {
	case next == nil || !a.doomed && !a.woken:
	case next.statement != "ROLLBACK":
		if a.doomed {
			s.learn(&s.lenient, a.last)
		}
		a.doomed, a.woken = false, false
	case a.last&s.lenient == 0:
		a.wrote = a.before
	}
}

// alone is an act whose next step changes nothing for others and hangs on nothing that others may still do, so that no order
// is lost when it goes on at once: a read of its snapshot; a write to rows for which nobody else comes; a statement that
// will be refused; the end of a transaction of which others see nothing. Behind it the others still do, in some run, all that
// they could have done before it: one whom it concerns too comes there, and is learned of. -1: there is none.
func (s *pasts) alone() int {
	return slices.IndexFunc(s.play.actors, func(a *actor) bool { return a.next != nil && !s.matters(a.number, *a.next) })
}

func (s *pasts) matters(i int, next step) bool {
	a := s.acts[i]
	switch {
	case next.looks:
		return true
	case next.ends:
		return s.shows(next) || s.locks(a.wrote, footprint{})
	}
	return s.locks(next.footprint, a.wrote) && !s.stale(i, next)
}

// locks reports whether a statement may have to wait for others, or others for it, for which its transaction did not come
// before.
func (s *pasts) locks(f, before footprint) bool {
	before.writes &^= before.appends | s.several
	before.holds, before.drops = before.holds&^s.several, before.drops&^s.several
	return (f.writes&^f.appends)&^before.writes&s.fought|(f.holds&^before.holds|f.drops&^before.drops)&s.parted != 0
}

// committed stands for what is committed.
func (s *pasts) committed() digest {
	d := s.chain
	for _, a := range s.acts {
		d = d.with(a.ended)
	}
	return d
}

// point says where a run stands. Two runs that stand at one point go on alike.
func (s *pasts) point() digest {
	d := s.chain
	for _, j := range s.waiting {
		d = d.with("waits", j)
	}
	for i, a := range s.play.actors {
		d = d.with(i, s.acts[i].ended, s.acts[i].sent, s.acts[i].since)
		switch {
		case a.over:
			d = d.with("over")
		case a.next != nil:
			d = d.with(a.next.statement)
		}
	}
	return d
}
