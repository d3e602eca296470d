package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"
)

// thin leaves out of a technician's history what an order always has a place for, and the search would have to place all
// the same: it is what makes the search short where a slow machine lets many answers overlap. What is left has an order
// exactly if the whole has one (TestThinKeepsTheVerdict).
func thin(part []porcupine.Operation) []porcupine.Operation {
	part = slices.DeleteFunc(slices.Clone(part), func(o porcupine.Operation) bool { return o.Output == later })
	part = slices.DeleteFunc(part, unseen(part))
	part = slices.DeleteFunc(part, implied(part))
	return slices.DeleteFunc(part, idle(part))
}

// base is the name that a sign-in began with.
func base(name string) string { return strings.TrimRight(name, "'") }

// unseen are acts that perhaps began something of which nothing else in the history speaks.
func unseen(part []porcupine.Operation) func(porcupine.Operation) bool {
	named := map[string]int{}
	for _, o := range part {
		q := o.Input.(question)
		named["sign-in "+base(q.SignIn)]++
		named[q.Token]++
		named[q.Within]++
	}
	return func(o porcupine.Operation) bool {
		q := o.Input.(question)
		if !mayBe(o.Output.(said)) {
			return false
		}
		begins := q.Act == begin || q.Act == confirm
		return q.Act == look || begins && (q.SignIn == "" || named["sign-in "+base(q.SignIn)] == 1) && (q.Token == "" || named[q.Token] == 1)
	}
}

// life is what is told of a session: from when it surely was, the first answer by whose end it surely was no more, and the last that began
// while it surely was.
type life struct{ since, dead, alive int64 }

// implied are looks at sessions that say what another answer says as well: what has ended has ended for good, and what
// lives later lived before.
func implied(part []porcupine.Operation) func(porcupine.Operation) bool {
	lives := map[string]*life{}
	for _, o := range part {
		if q := o.Input.(question); o.Output == yes && q.Token != "" && q.Act != look && q.Act != leave {
			lives[q.Token] = &life{since: o.Return, dead: never, alive: -never}
		}
	}
	of := func(o porcupine.Operation) (l *life, ends, looks, left bool) {
		q := o.Input.(question)
		switch {
		case q.Act == look:
			l, looks, ends = lives[q.Token], true, o.Output == no
		case q.Act == leave:
			l, left, ends = lives[q.Token], true, o.Output == yes
		case q.Act == confirm && o.Output == over:
			l, looks = lives[q.Within], true
		case (q.Act == confirm || q.Act == renew) && o.Output == out:
			l, looks, ends = lives[q.Within], true, true
		}
		if l == nil || o.Call <= l.since {
			return nil, false, false, false
		}
		return l, ends, looks, left
	}
	for _, o := range part {
		l, ends, looks, _ := of(o)
		switch {
		case l != nil && ends:
			l.dead = min(l.dead, o.Return)
		case looks:
			l.alive = max(l.alive, o.Call)
		}
	}
	return func(o porcupine.Operation) bool {
		l, ends, looks, left := of(o)
		switch {
		case left: // it may be what ended the session that was seen to have ended while it was under way
			return l.dead < o.Call
		case ends:
			return l.dead < o.Return
		}
		return looks && o.Call < l.alive
	}
}

// idle are the settings of the clock that no sign-in's end speaks of.
func idle(part []porcupine.Operation) func(porcupine.Operation) bool {
	begun := map[string]int64{}
	for _, o := range part {
		if q := o.Input.(question); q.Act == begin || q.Act == confirm {
			begun[q.SignIn] = o.Call
		}
	}
	return func(o porcupine.Operation) bool {
		jumped := o.Input.(question)
		return jumped.Act == jump && !jumped.Back && !slices.ContainsFunc(part, func(end porcupine.Operation) bool {
			q := end.Input.(question)
			return end.Output == over && (q.Act == answer || q.Act == resend) && !q.Rushed && end.Return > o.Call && begun[base(q.SignIn)] < o.Return
		})
	}
}

// whole is the model without thinning.
func (r rules) whole() porcupine.Model {
	m := r.model()
	m.Partition = nil
	return m
}

// A history made by chance, with answers that the door gave or perhaps did not give, has an order exactly if what is left of
// it has one.
func TestThinKeepsTheVerdict(t *testing.T) {
	verdicts, left, all := map[bool]int{}, 0, 0
	for seed := range uint64(6000) {
		history := byChance(rand.New(rand.NewPCG(seed, 5)))
		want := porcupine.CheckOperations(rules{}.whole(), history)
		thinned := thin(history)
		if got := porcupine.CheckOperations(rules{}.whole(), thinned); got != want {
			t.Fatalf("seed %d: %v, and thinned %v\n%s\n%s", seed, want, got, lines(history), lines(thinned))
		}
		verdicts[want]++
		left, all = left+len(thinned), all+len(history)
	}
	if verdicts[true] < 300 || verdicts[false] < 300 || left > all*8/10 {
		t.Errorf("%v, %d of %d are left: that shows little", verdicts, left, all)
	}
}

func lines(history []porcupine.Operation) string {
	var text strings.Builder
	for _, o := range history {
		text.WriteString("\n" + describe(o))
	}
	return text.String()
}

// byChance asks the model itself, one question after the other, changes few of its answers, and lets them overlap. Which
// questions are frequent is left to chance as well.
func byChance(random *rand.Rand) (h []porcupine.Operation) {
	tokens, names, within := []string{"t2"}, []string{"s1"}, map[string]string{}
	weights := make([]int, 10)
	for i := range weights {
		weights[i] = random.IntN(4)
	}
	states := []state{{Method: byText, Held: byApp}}
	for n := range 12 + random.IntN(8) {
		token, name := tokens[random.IntN(len(tokens))], names[random.IntN(len(names))]
		fresh, other := fmt.Sprint("t", n), fmt.Sprint("s", n)
		kinds := []question{{Act: look, Token: token}, {Act: look, Token: token}, {Act: look, Token: fmt.Sprint("t", random.IntN(20))}, {Act: leave, Token: token},
			{Act: begin, SignIn: other}, {Act: answer, SignIn: name, Within: within[name], Step: random.Int64N(12)},
			{Act: confirm, SignIn: other, Within: token}, {Act: renew, Within: token}, {Act: jump, Back: random.IntN(2) == 0}, {Act: everywhere}}
		var all []question
		for i, q := range kinds {
			all = append(all, slices.Repeat([]question{q}, weights[i])...)
		}
		switch {
		case n == 0:
			all = []question{{Act: save, Method: byApp}}
		case n == 2:
			all = []question{{Act: answer, SignIn: "s1", Step: 3}}
		case n == 1 || len(all) == 0:
			all = kinds[4:5]
		}
		q := all[random.IntN(len(all))]
		var possible []said
		for _, a := range []said{yes, no, over, out, ousted, later, failed, unknown} {
			if (q.Act == look || q.Act == leave) && (a == over || a == out || a == ousted) || q.Act == leave && a == no {
				continue // no page says so
			}
			if q.Act != jump && len(follow(states, q.bring(a, fresh), a)) > 0 || q.Act == jump && a == yes || q.Act == look && (a == yes || a == no) && random.IntN(5) == 0 {
				possible = append(possible, a)
			}
		}
		a := possible[random.IntN(len(possible))]
		if n < 3 {
			a = yes
		}
		q = q.bring(a, fresh)
		if after := follow(states, q, a); len(after) > 0 {
			states = after
		}
		if q.Token == fresh {
			tokens = append(tokens, fresh)
		}
		if q.SignIn == other {
			names, within[other] = append(names, other), q.Within
		}
		const tick = 10
		o := porcupine.Operation{ClientId: n, Input: q, Output: a, Call: int64(n+1)*tick - random.Int64N(2*tick), Return: int64(n+1)*tick + 1 + random.Int64N(2*tick)}
		if a == unknown && random.IntN(2) == 0 {
			o.Return = never
		}
		h = append(h, o)
	}
	return h
}

// bring names the session that the answer brings.
func (q question) bring(a said, token string) question {
	if a == yes && (q.Act == answer || q.Act == renew) {
		q.Token = token
	}
	return q
}

// follow are the states after that answer.
func follow(states []state, q question, a said) (after []state) {
	for _, s := range states {
		for _, n := range (rules{}).next(s, q, a) {
			if !slices.ContainsFunc(after, n.equal) {
				after = append(after, n)
			}
		}
	}
	return after
}
