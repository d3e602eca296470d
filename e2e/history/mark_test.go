package history

import (
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// mark makes the history of what the clients wrote down: what is not known is said as far as it can be.
func (w *world) mark(lines []*line) []porcupine.Operation {
	w.readLogs()
	lines = slices.DeleteFunc(lines, func(l *line) bool {
		return mayBe(l.a) && (l.q.Act == look || l.q.Act == begin || l.q.Act == confirm && !l.q.AtOnce) // nothing can be seen of it
	})
	for _, l := range lines {
		w.settle(l)
	}
	w.surround(lines)
	w.bind(lines)
	var history []porcupine.Operation
	for _, l := range lines {
		l.q.Shows = w.shows(l.span)
		for _, o := range l.parts() {
			history = append(history, porcupine.Operation{ClientId: l.client, Input: o.q, Output: o.a, Call: l.from, Return: l.to})
		}
	}
	for _, end := range w.trouble.ends {
		for who := range people {
			history = append(history, porcupine.Operation{ClientId: clients, Input: question{Who: who, Act: jump, Back: anyMeets(w.trouble.backs, end), Shows: w.shows(end)}, Output: yes, Call: end.from, Return: end.to})
		}
	}
	return history
}

// parts are the operations of a line. A proof that is given with the wish to give it is two of them: the second may come
// after what others did in between.
func (l *line) parts() []line {
	if l.q.Act != confirm || !l.q.AtOnce || l.a == out {
		return []line{*l}
	}
	first, second := *l, *l
	first.q = question{Who: l.q.Who, Act: confirm, SignIn: l.q.SignIn, Within: l.q.Within, Call: l.q.Call, None: true, Shows: l.q.Shows}
	if first.a = yes; mayBe(l.a) || l.a == later {
		first.a = unknown
	}
	second.q.Act = answer
	return []line{first, second}
}

// settle says until when an act without an answer was under way, and which answers to look say nothing: a node that
// cannot look lets nobody in.
func (w *world) settle(l *line) {
	if l.a == unknown {
		l.to = w.lastMoment(l)
	}
	if (l.q.Act != look || l.a != no) && l.a != out || w.pg == nil {
		return
	}
	doubtful := l.to-l.from > int64(2*time.Second)
	for i := range w.nodes {
		doubtful = doubtful || l.asked.has(i) && (anyMeets(w.trouble.unfit[i], l.span) || anyMeets(w.trouble.cuts[i], l.span))
	}
	if doubtful {
		l.a = later
	}
}

// lastMoment is when every node that was asked had been killed: nothing is under way any more.
func (w *world) lastMoment(l *line) int64 {
	last := l.to
	for i := range w.nodes {
		if !l.asked.has(i) {
			continue
		}
		k := slices.IndexFunc(w.trouble.kills[i], func(kill span) bool { return kill.to >= l.from })
		if k < 0 {
			return never
		}
		last = max(last, w.trouble.kills[i][k].to)
	}
	return last
}

// surround notes what overlapped an operation. A sign-in is several transactions: an administrator's act, a set-up, or a
// clock that was set may have come between two of them, and a second answer beside the first.
func (w *world) surround(lines []*line) {
	ends, within := map[int][]*line{}, map[string][]*line{}
	for _, l := range lines {
		if slices.Contains([]act{everywhere, shut, open, save, reset}, l.q.Act) ||
			(l.q.Enrols || l.q.Act == renew) && (l.a == yes || mayBe(l.a)) {
			ends[l.q.Who] = append(ends[l.q.Who], l)
		}
		if l.q.Act == answer || l.q.Act == resend || l.q.AtOnce {
			within[l.q.SignIn] = append(within[l.q.SignIn], l)
		}
	}
	beside := func(all []*line, l *line) bool {
		return slices.ContainsFunc(all, func(o *line) bool { return o != l && o.meets(l.span) })
	}
	for _, l := range lines {
		l.q.Rushed = beside(ends[l.q.Who], l) || anyMeets(w.trouble.sets, l.span) || anyMeets(w.trouble.ends, l.span)
		l.q.Crowded = l.q.SignIn != "" && beside(within[l.q.SignIn], l)
	}
}
