package history

import (
	"slices"

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

// signIn waits for digits.
type signIn struct {
	Name   string
	Opened bool // the old factor was given
	Frail  bool // it may be gone: the clock was set since
	Code   code
}

// state is one technician, as one door after the other's request would see him. Slices are never changed.
type state struct {
	Shut    bool
	Method  string
	Held    string   // what he proved: byApp, byText or nothing
	Key     int      // of the app
	Last    int64    // the newest step of it that was used
	SignIns []signIn // by name
	Live    []string // sessions, sorted
	Used    []string // codes that led to something, sorted
}

func (s state) equal(o state) bool {
	return s.Shut == o.Shut && s.Method == o.Method && s.Held == o.Held && s.Key == o.Key && s.Last == o.Last &&
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
	slices.SortFunc(s.SignIns, func(a, b signIn) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return s
}

func (s state) drop(name string) state {
	s.SignIns = slices.DeleteFunc(slices.Clone(s.SignIns), func(i signIn) bool { return i.Name == name })
	return s
}

func with(list []string, item string) []string {
	if item == "" || slices.Contains(list, item) {
		return list
	}
	out := append(slices.Clone(list), item)
	slices.Sort(out)
	return out
}

// step is what a sign-in waits for: the kind of proof, and whether it sets that proof up or opens the door to it.
func (s state) step(i signIn) (proof string, sets, opens bool) {
	switch {
	case s.Held == s.Method:
		return s.Method, false, false
	case s.Held != "" && !i.Opened:
		return s.Held, false, true
	}
	return s.Method, true, false
}

// rules is the sequential door. Each taken away makes one that breaks a promise, for the tests that the check can fail.
type rules struct{ reuse, forget, tireless, old bool }

// next are the states that may follow, none where the answer is impossible.
func (r rules) next(s state, q question, a said) []state {
	switch {
	case a == later:
		return []state{s}
	case !mayBe(a):
		return r.certain(s, q, a)
	}
	return append(append(r.certain(s, q, yes), counted(s, q)...), s)
}

func (r rules) certain(s state, q question, a said) []state {
	switch q.Act {
	case look:
		return only((a == yes) == slices.Contains(s.Live, q.Token), s)
	case begin:
		return r.began(s, q, a)
	case answer:
		return r.answered(s, q, a)
	case resend:
		return r.resent(s, q, a)
	case jump:
		s.SignIns = slices.Clone(s.SignIns)
		for i := range s.SignIns {
			s.SignIns[i].Frail = true
		}
		return []state{s}
	case leave:
		s.Live = slices.DeleteFunc(slices.Clone(s.Live), func(t string) bool { return t == q.Token })
		return []state{s}
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
		s.Live = with(s.Live, q.Token)
		return []state{s}
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
		s.Held, s.Key, s.Last = "", 0, 0
	}
	return []state{r.end(s)}
}

// end lets nothing older live on.
func (r rules) end(s state) state {
	if !r.forget {
		s.Live, s.SignIns = nil, nil
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

func partition(history []porcupine.Operation) [][]porcupine.Operation {
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
