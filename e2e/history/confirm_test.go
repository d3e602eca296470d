package history

import (
	"slices"
	"time"
)

// proofLasts is how long a proof lets its session do what is sensitive.
const proofLasts = 5 * time.Minute

// fresh says whether the proof of l may be new enough while a clock shows that, and whether it may be too old.
func (r rules) fresh(l session, shows clock) (may, mayNot bool) {
	return r.trusting || shows.Early-l.Proved.Late <= int64(proofLasts), shows.Late-l.Proved.Early > int64(proofLasts)
}

// setBack is when a proof was given by a clock that was set back since, and shows that then: at the latest now.
func (c clock) setBack(shows clock) clock { return clock{min(c.Early, shows.Early), c.Late} }

// confirmed: a live session begins to prove itself again.
func (r rules) confirmed(s state, q question, a said) []state {
	l, live := s.live(q.Within)
	switch a {
	case out:
		return only(!live || l.Frail, s.out(q.Within))
	case over:
		return only(live, s) // it began, and something ended that at once
	}
	i := signIn{Name: q.SignIn, Within: q.Within}
	if proof, _, _ := s.step(i); a != yes || !live || proof == "" {
		return nil
	}
	return []state{s.put(s.asks(i, q))}
}

// renewed: ten new recovery codes, and nothing older lives on but the session that acts, under a new token and with the
// proof that it has.
func (r rules) renewed(s state, q question, a said) []state {
	l, live := s.live(q.Within)
	fresh, old := r.fresh(l, q.Shows)
	switch {
	case a == out:
		return only(!live || l.Frail, s.out(q.Within))
	case !live:
		return nil
	case a == stale:
		return only(old, s)
	case a == factors:
		return only(fresh && s.Held != s.Method, s)
	case a != yes || !fresh || s.Held != s.Method:
		return nil
	}
	s = r.end(s)
	s.Sheet, s.Gone = q.Fresh, nil
	return []state{s.enter(session{Token: q.Token, Proved: l.Proved})}
}

// proved gives the session that was proved again its new token. Other sign-ins that are to prove it go on with that.
func (s state) proved(i signIn, q question) state {
	token := q.Token
	if token == "" {
		token = "? " + i.Name // nobody learned of it
	}
	s.SignIns = slices.Clone(s.SignIns)
	for n := range s.SignIns {
		if s.SignIns[n].Within == i.Within {
			s.SignIns[n].Within = token
		}
	}
	return s.out(i.Within).enter(session{Token: token, Proved: q.Shows})
}

// wronged is what a wrong answer leaves: a sent code has one try less, and a session that was to be proved ends at the
// third.
func (r rules) wronged(s state, i signIn, q question) (t state, last said) {
	t, last = s, no
	if proof, _, _ := s.step(i); proof == byText && q.Way == "" {
		if t = s.tried(i); i.Code.Tries == tries-1 {
			last = spent
		}
	}
	l, live := s.live(i.Within)
	if !live {
		return t, last
	}
	if l.Wrong++; l.Wrong >= tries && !r.tireless {
		return t.out(l.Token), ousted
	}
	return t.enter(l), last
}
