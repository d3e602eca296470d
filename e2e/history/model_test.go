package history

import (
	"cmp"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
)

// code is the newest one sent for a sign-in. With None there is none.
type code struct {
	None   bool
	Unseen bool   // perhaps there is none: nobody saw the page
	Digits string // empty: not known, but it came after Born
	Born   int64
	Tries  int // comparisons so far
}

// signIn waits for digits, or for a code that stands in their place.
type signIn struct {
	Name   string
	Within string // the session that is to be proved again
	Opened bool   // the old factor was given
	Spoken bool   // the enrolment code was
	Frail  bool   // it may be gone: the clock was set since
	Code   code
}

// session is one that is let in.
type session struct {
	Token  string
	Proved clock // when, as its server's clock showed it
	Wrong  int   // answers where it was to be proved again
	Frail  bool  // it may be gone: the clock was set back since, and where it began later than that shows it ended
}

// state is one technician, as one door after the other's request would see him. Slices are never changed.
type state struct {
	Shut    bool
	Method  string
	Held    string // what he proved: byApp, byText or nothing
	Key     int    // of the app
	Last    int64  // the newest step of it that was used
	Sheet   int    // of recovery codes, 0 where nobody knows one
	Needed  bool   // an enrolment code must be given before a set-up
	Word    string // that code; empty where nobody knows one
	SignIns []signIn
	Live    []session
	Used    []string // codes that led to something, sorted
	Gone    []int    // recovery codes of the sheet that were used, sorted
}

func (s state) equal(o state) bool {
	return s.Shut == o.Shut && s.Method == o.Method && s.Held == o.Held && s.Key == o.Key && s.Last == o.Last &&
		s.Sheet == o.Sheet && s.Needed == o.Needed && s.Word == o.Word && slices.Equal(s.Gone, o.Gone) &&
		slices.Equal(s.SignIns, o.SignIns) && slices.Equal(s.Live, o.Live) && slices.Equal(s.Used, o.Used)
}

// find returns a sign-in by its name.
func (s state) find(name string) (signIn, bool) {
	i := slices.IndexFunc(s.SignIns, func(i signIn) bool { return i.Name == name })
	if i < 0 {
		return signIn{}, false
	}
	return s.SignIns[i], true
}

// put stores i in the place of the sign-in of that name.
func (s state) put(i signIn) state {
	s = s.drop(i.Name)
	s.SignIns = append(s.SignIns, i)
	slices.SortFunc(s.SignIns, func(a, b signIn) int { return strings.Compare(a.Name, b.Name) })
	return s
}

func (s state) drop(name string) state {
	s.SignIns = slices.DeleteFunc(slices.Clone(s.SignIns), func(i signIn) bool { return i.Name == name })
	return s
}

// live returns a session by its token.
func (s state) live(token string) (session, bool) {
	i := slices.IndexFunc(s.Live, func(l session) bool { return l.Token == token })
	if i < 0 {
		return session{}, false
	}
	return s.Live[i], true
}

// enter stores a session in the place of the one of that token. One without is somebody's who never learned of it.
func (s state) enter(l session) state {
	if l.Token == "" {
		return s
	}
	s.Live = append(slices.DeleteFunc(slices.Clone(s.Live), func(o session) bool { return o.Token == l.Token }), l)
	slices.SortFunc(s.Live, func(a, b session) int { return strings.Compare(a.Token, b.Token) })
	return s
}

// seen notes that a session is let in: nothing has ended it.
func (s state) seen(l session) state {
	if !l.Frail {
		return s
	}
	l.Frail = false
	return s.enter(l)
}

// out ends a session, with the sign-ins that were to prove it again.
func (s state) out(token string) state {
	s.Live = slices.DeleteFunc(slices.Clone(s.Live), func(l session) bool { return l.Token == token })
	s.SignIns = slices.DeleteFunc(slices.Clone(s.SignIns), func(i signIn) bool { return i.Within != "" && i.Within == token })
	return s
}

func with[T cmp.Ordered](list []T, item T) []T {
	if slices.Contains(list, item) {
		return list
	}
	all := append(slices.Clone(list), item)
	slices.Sort(all)
	return all
}

// step is what a sign-in waits for: the kind of proof, and whether it sets that proof up or opens the door to it.
func (s state) step(i signIn) (proof string, sets, opens bool) {
	switch {
	case i.Within != "" && s.Method == off:
		return byPassword, false, false
	case s.Held == s.Method:
		return s.Method, false, false
	case i.Within != "":
		return "", false, false
	case s.Held != "" && !i.Opened:
		return s.Held, false, true
	case s.Held == "" && s.Needed && !i.Spoken:
		return byWord, false, true
	}
	return s.Method, true, false
}

// rules is the sequential door. Each taken away makes one that breaks a promise, for the tests that the check can fail.
type rules struct{ reuse, forget, tireless, old, trusting bool }

// next are the states that may follow, none where the answer is impossible.
func (r rules) next(s state, q question, a said) []state {
	switch {
	case a == later:
		return []state{s}
	case !mayBe(a):
		return r.certain(s, q, a)
	}
	return append(append(r.certain(s, q, yes), r.counted(s, q)...), s)
}

func (r rules) certain(s state, q question, a said) []state {
	switch q.Act {
	case look:
		l, live := s.live(q.Token)
		if a == no {
			return only(!live || l.Frail, s.out(q.Token))
		}
		return only(live, s.seen(l))
	case begin:
		return r.began(s, q, a)
	case answer:
		return r.answered(s, q, a)
	case resend:
		return r.resent(s, q, a)
	case confirm:
		return r.confirmed(s, q, a)
	case renew:
		return r.renewed(s, q, a)
	case jump:
		s.SignIns = slices.Clone(s.SignIns)
		for i := range s.SignIns {
			s.SignIns[i].Frail = true
		}
		s.Live = slices.Clone(s.Live)
		for i := range s.Live {
			if q.Back {
				s.Live[i].Frail = true
				s.Live[i].Proved = s.Live[i].Proved.setBack(q.Shows)
			}
		}
		return []state{s}
	case leave:
		return []state{s.out(q.Token)}
	}
	if a != yes {
		return []state{s} // another administrator was first, or it is so already
	}
	return r.ruled(s, q)
}

func only(possible bool, s state) []state {
	if possible {
		return []state{s}
	}
	return nil
}

// began: the password was right. Where the method is Off, that is all.
func (r rules) began(s state, q question, a said) []state {
	switch {
	case a != yes:
		return only(s.Shut || q.Rushed, s)
	case s.Shut || (q.Token != "") != (s.Method == off):
		return nil
	case s.Method == off:
		return []state{s.enter(session{Token: q.Token, Proved: q.Shows})}
	}
	return []state{s.put(s.asks(signIn{Name: q.SignIn}, q))}
}

// asks sends the code that i waits for, if that is what it waits for.
func (s state) asks(i signIn, q question) signIn {
	i.Code = code{None: true}
	if proof, _, _ := s.step(i); proof == byText && !q.None {
		i.Code = code{Digits: q.Digits, Born: q.Call, Unseen: q.Digits == ""}
	}
	return i
}

// resent: a fresh code, and the old one is dead.
func (r rules) resent(s state, q question, a said) []state {
	i, there := s.find(q.SignIn)
	if a == over {
		return only(!there || i.Frail || q.Rushed, s.drop(q.SignIn))
	}
	if proof, _, _ := s.step(i); a != yes || !there || proof != byText {
		return nil
	}
	return []state{s.put(s.asks(i, q))}
}

// ruled: an administrator's act ends everything older.
func (r rules) ruled(s state, q question) []state {
	switch q.Act {
	case shut:
		s.Shut = true
	case open:
		s.Shut = false
	case save:
		if q.Method == s.Method {
			return nil
		}
		s.Method = q.Method
	case reset:
		if s.Shut || s.Method == off {
			return nil
		}
		s = r.end(s)
		s.Held, s.Key, s.Last, s.Sheet, s.Gone = "", 0, 0, 0, nil
		s.Needed, s.Word = true, q.Word
		return []state{s}
	}
	return []state{r.end(s)}
}

// end lets nothing older live on.
func (r rules) end(s state) state {
	if !r.forget {
		s.Live, s.SignIns, s.Word = nil, nil, ""
	}
	return s
}

// model is the door for porcupine: each technician by himself, who has an app and was just turned to text messages.
func (r rules) model() porcupine.Model {
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{state{Method: byText, Held: byApp}} },
		Step: func(s, input, output any) []any {
			var out []any
			for _, n := range r.next(s.(state), input.(question), output.(said)) {
				out = append(out, n)
			}
			return out
		},
		Partition: partition,
		Equal:     func(a, b any) bool { return a.(state).equal(b.(state)) },
	}
	return m.ToModel()
}

// partition are the parts of each technician, without what tells nothing.
func partition(history []porcupine.Operation) [][]porcupine.Operation {
	parts := byWho(history)
	for i := range parts {
		parts[i] = thin(parts[i])
	}
	return parts
}

func byWho(history []porcupine.Operation) [][]porcupine.Operation {
	parts := map[int][]porcupine.Operation{}
	for _, o := range history {
		who := o.Input.(question).Who
		parts[who] = append(parts[who], o)
	}
	var out [][]porcupine.Operation
	for _, p := range parts {
		out = append(out, p)
	}
	return out
}
