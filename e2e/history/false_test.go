package history

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// falsified: the same history with one answer changed has no order, or the check would prove nothing.
func falsified(t *testing.T, history []porcupine.Operation) {
	refuted := 0
	for what, all := range map[string][]porcupine.Operation{
		"a session is let in again after it was refused":                refusedAgain(history),
		"a recovery code lets in again after it did":                    usedAgain(history, byRecovery),
		"an enrolment code is taken again after it was":                 usedAgain(history, byWord),
		"a session whose proof was too old does what takes a fresh one": aged(history, stale, yes),
		"a session whose proof is fresh is asked for one":               aged(history, yes, stale),
	} {
		found := map[porcupine.CheckResult]int{}
		for _, o := range all[:min(3, len(all))] {
			result := without(history, o)
			if found[result]++; result == porcupine.Ok {
				t.Errorf("%s, and nobody notices: %s", what, describe(o))
			}
		}
		t.Logf("falsified so that %s: %v", what, found)
		refuted += found[porcupine.Illegal]
	}
	if refuted == 0 {
		t.Error("no falsified answer was refuted")
	}
}

// falseTime is for the search of an order that there should not be. Where many answers never came it may be too short.
const falseTime = 5 * time.Second

// without looks for an order of the history up to o, which is an answer that did not come so.
func without(history []porcupine.Operation, o porcupine.Operation) porcupine.CheckResult {
	var part []porcupine.Operation
	for _, p := range history {
		switch {
		case p.Input.(question).Who != o.Input.(question).Who || p.Call > o.Return:
			continue
		case p.Input == o.Input && p.Call == o.Call && p.ClientId == o.ClientId:
			p = o
		case p.Return > o.Return: // what had begun may have happened
			p.Output, p.Return = unknown, never
		}
		part = append(part, p)
	}
	return porcupine.CheckOperationsTimeout(rules{}.model(), part, falseTime)
}

// refusedAgain are the answers that came after the session was surely refused, turned.
func refusedAgain(history []porcupine.Operation) (all []porcupine.Operation) {
	ended := map[string]int64{}
	for _, o := range history {
		if token, refused := refusal(o); refused && (ended[token] == 0 || o.Return < ended[token]) {
			ended[token] = o.Return
		}
	}
	for _, o := range history {
		if token, refused := refusal(o); refused && o.Call > ended[token] {
			o.Output = yes
			all = append(all, o)
		}
	}
	return all
}

// refusal is the session that an answer says is not let in.
func refusal(o porcupine.Operation) (token string, refused bool) {
	q := o.Input.(question)
	return q.Token + q.Within, q.Act == look && o.Output == no || o.Output == out
}

// usedAgain are the answers to codes that had surely led to something before and were refused, turned.
func usedAgain(history []porcupine.Operation, way string) (all []porcupine.Operation) {
	type code struct {
		sheet, nth int
		word       string
	}
	used := map[code]int64{}
	of := func(q question) code { return code{q.Sheet, q.Nth, q.Word} }
	for _, o := range history {
		if q := o.Input.(question); q.Way == way && q.Act == answer && o.Output == yes {
			used[of(q)] = o.Return
		}
	}
	for _, o := range history {
		q := o.Input.(question)
		if since := used[of(q)]; q.Way == way && o.Output == no && since > 0 && o.Call > since {
			o.Output = yes
			all = append(all, o)
		}
	}
	return all
}

// aged are the answers to sensitive acts of sessions whose proof was surely too old, or surely not, turned.
func aged(history []porcupine.Operation, was, turned said) (all []porcupine.Operation) {
	proved, at, before := map[string]clock{}, map[string]int64{}, map[string]string{}
	for _, o := range history {
		q := o.Input.(question)
		switch {
		case o.Output != yes || q.Act == look || q.Act == leave || q.Token == "":
		case q.Act == renew: // its proof is that of the session before
			before[q.Token] = q.Within
		default:
			proved[q.Token], at[q.Token] = q.Shows, o.Call
		}
	}
	for _, o := range history {
		q := o.Input.(question)
		token := q.Within
		for before[token] != "" {
			token = before[token]
		}
		shown := proved[token]
		for _, j := range history {
			if by := j.Input.(question); by.Act == jump && by.Who == q.Who && by.Back && j.Return >= at[token] && j.Call <= o.Return {
				shown = shown.setBack(by.Shows)
			}
		}
		may, mayNot := rules{}.fresh(session{Proved: shown}, q.Shows)
		if q.Act == renew && o.Output == was && may != mayNot {
			o.Output = turned
			all = append(all, o)
		}
	}
	return all
}
