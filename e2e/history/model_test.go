package history

import (
	"reflect"
	"slices"

	"github.com/anishathalye/porcupine"
)

// act is what is asked of the door about one technician.
type act string

const (
	begin      act = "begin"      // the right password
	answer     act = "answer"     // digits of the app, in a sign-in
	look       act = "look"       // is this session let in?
	leave      act = "leave"      // its owner ends it
	everywhere act = "everywhere" // an administrator signs the technician out
	shut       act = "deactivate"
	open       act = "activate"
	method     act = "save" // an administrator turns the method to App or Off
	jump       act = "jump" // the clock is set
)

// said is what the door answered.
type said string

const (
	yes     said = "yes"  // in, live, done; begin: the code is asked for
	no      said = "no"   // wrong digits, not live, wrong password
	over    said = "over" // the sign-in is no more
	later   said = "later"
	unknown said = "" // no answer came: it may have happened, now or later, or not at all
)

// question is the input of an operation. Sign-ins and sessions are named by tokens of the test.
type question struct {
	Who    int
	Act    act
	SignIn string
	Token  string // look, leave; the session that an answer brought
	Step   int64  // answer: whose digits; 0: wrong ones
	Off    bool   // save: the new method
	Rushed bool   // an administrator's act or a jump of the clock overlapped it
}

// state is one technician, as one door after the other's request would see him. Slices are sorted and never changed.
type state struct {
	Shut, Off bool
	Last      int64    // the newest TOTP step used
	SignIns   []string // that wait for their digits
	Frail     []string // of these, those that may be gone: the clock was set since
	Live      []string // sessions
}

func with(list []string, item string) []string {
	out := append(slices.Clone(list), item)
	slices.Sort(out)
	return out
}

func without(list []string, item string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == item })
}

// rules is the sequential door. loosened takes rules away, for the test that the check can fail.
type rules struct{ reuse, forget bool }

// next are the states that may follow, none where the answer is impossible.
func (r rules) next(s state, q question, a said) []state {
	if a == later { // a refusal that claims nothing
		return []state{s}
	}
	if a == unknown {
		return append(r.certain(s, q, yes), s)
	}
	return r.certain(s, q, a)
}

func (r rules) certain(s state, q question, a said) []state {
	only := func(possible bool) []state {
		if possible {
			return []state{s}
		}
		return nil
	}
	switch q.Act {
	case look:
		return only((a == yes) == slices.Contains(s.Live, q.Token))
	case begin:
		if a != yes {
			return only(s.Shut || q.Rushed)
		}
		return r.began(s, q)
	case answer:
		return r.answered(s, q, a)
	case jump:
		s.Frail = slices.Clone(s.SignIns)
		return []state{s}
	case leave:
		s.Live = without(s.Live, q.Token)
		return []state{s}
	}
	if a != yes {
		return only(true) // another administrator was first, or it is so already
	}
	return r.ruled(s, q)
}

// began: the password was right. Where the method is Off, that is all.
func (r rules) began(s state, q question) []state {
	switch {
	case s.Shut, (q.Token != "") != s.Off && q.Token != "":
		return nil
	case s.Off && q.Token != "":
		s.Live = with(s.Live, q.Token)
	case s.Off:
		return []state{s} // nobody got to know the session's token
	case q.SignIn != "":
		s.SignIns = with(s.SignIns, q.SignIn)
	}
	return []state{s}
}

func (r rules) answered(s state, q question, a said) []state {
	there, frail := slices.Contains(s.SignIns, q.SignIn), slices.Contains(s.Frail, q.SignIn)
	right := q.Step > s.Last || r.reuse && q.Step > 0
	switch {
	case a == over && (!there || frail || q.Rushed):
		s.SignIns, s.Frail = without(s.SignIns, q.SignIn), without(s.Frail, q.SignIn)
		return []state{s}
	case a == no && there && (!right || q.Rushed):
		return []state{s}
	case a == yes && there && right:
		s.SignIns, s.Frail, s.Last = without(s.SignIns, q.SignIn), without(s.Frail, q.SignIn), q.Step
		if q.Token != "" {
			s.Live = with(s.Live, q.Token)
		}
		return []state{s}
	}
	return nil
}

// ruled: an administrator's act ends everything older.
func (r rules) ruled(s state, q question) []state {
	switch {
	case q.Act == shut:
		s.Shut = true
	case q.Act == open:
		s.Shut = false
	case q.Act == method && q.Off == s.Off:
		return nil
	case q.Act == method:
		s.Off = q.Off
	}
	if !r.forget {
		s.Live, s.SignIns, s.Frail = nil, nil, nil
	}
	return []state{s}
}

// model is the door for porcupine: each technician by himself.
func (r rules) model() porcupine.Model {
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{state{}} },
		Step: func(s, input, output any) []any {
			var out []any
			for _, n := range r.next(s.(state), input.(question), output.(said)) {
				out = append(out, n)
			}
			return out
		},
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
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
		},
		Equal: func(a, b any) bool { return reflect.DeepEqual(a, b) },
	}
	return m.ToModel()
}
