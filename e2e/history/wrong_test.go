package history

import (
	"slices"
	"testing"

	"github.com/anishathalye/porcupine"
)

// told makes a history of operations that follow each other, one a tick. beside lets the one before it end only after it.
type told struct {
	all []porcupine.Operation
	at  int64
}

func (h *told) then(q question, a said) *told {
	h.at += 2
	q.Call = h.at
	h.all = append(h.all, porcupine.Operation{Call: h.at, Return: h.at + 1, Input: q, Output: a})
	if a == unknown {
		h.all[len(h.all)-1].Return = never
	}
	return h
}

func (h *told) beside(q question, a said) *told {
	h.then(q, a)
	h.all[len(h.all)-2].Return = h.at + 1
	return h
}

// A technician with the app, signed in as t1 with the digits of step 7.
func inByApp() *told {
	return new(told).then(question{Act: save, Method: byApp}, yes).then(question{Act: begin, SignIn: "s1"}, yes).
		then(question{Act: answer, SignIn: "s1", Step: 7, Token: "t1"}, yes)
}

// One with text messages, who set them up with code 111111 and has now begun s2, for which 222222 was sent.
func askedByText() *told {
	return inByApp().then(question{Act: save, Method: byText}, yes).then(question{Act: begin, SignIn: "s1"}, yes).
		then(question{Act: answer, SignIn: "s1", Step: 8, Digits: "111111"}, yes).
		then(question{Act: answer, SignIn: "s1'", Typed: "111111", Came: 15, Enrols: true, Token: "t1"}, yes).
		then(question{Act: begin, SignIn: "s2", Digits: "222222"}, yes)
}

func typed(code string) question { return question{Act: answer, SignIn: "s2", Typed: code, Came: 17} }

func in(q question) question { q.Token = "t2"; return q }

// wrong is a history, and whether a door explains it.
type wrong struct {
	name string
	told *told
	fine bool
}

// The check must be able to fail: histories that no door explains, and doors that break a promise.
func TestWrongHistoriesAreFound(t *testing.T) {
	for _, c := range slices.Concat(wrongDoors(), wrongCodes(), wrongProofs()) {
		t.Run(c.name, func(t *testing.T) {
			if fine := porcupine.CheckOperations(rules{}.model(), c.told.all); fine != c.fine {
				t.Errorf("explained: %v, want %v", fine, c.fine)
			}
		})
	}
}

func wrongDoors() []wrong {
	look1, all, s2 := question{Act: look, Token: "t1"}, question{Act: everywhere}, question{Act: begin, SignIn: "s2"}
	digits := func(step int64) question { return question{Act: answer, SignIn: "s2", Step: step, Token: "t2"} }
	again := question{Act: resend, SignIn: "s2", Digits: "333333"}
	unseen := question{Act: resend, SignIn: "s2"}
	return []wrong{
		{"in, and out after Save", inByApp().then(look1, yes).then(all, yes).then(look1, no), true},
		{"in after Save answered", inByApp().then(all, yes).then(look1, yes), false},
		{"in while Save answers", inByApp().then(all, yes).beside(look1, yes), true},
		{"out, then in again, while Save answers", inByApp().then(all, yes).beside(look1, no).then(look1, yes), false},
		{"in after a Save without an answer", inByApp().then(all, unknown).then(look1, yes), true},
		{"out after a Save without an answer", inByApp().then(all, failed).then(look1, no), true},
		{"in again after such a Save was seen", inByApp().then(all, failed).then(look1, no).then(look1, yes), false},
		{"out although nothing ended it", inByApp().then(look1, no), false},
		{"a node that may not answer says nothing", inByApp().then(look1, later).then(look1, yes), true},
		{"in after signing out", inByApp().then(question{Act: leave, Token: "t1"}, yes).then(look1, yes), false},
		{"a step twice", inByApp().then(s2, yes).then(digits(7), yes), false},
		{"an older step", inByApp().then(s2, yes).then(digits(6), yes), false},
		{"the next step", inByApp().then(s2, yes).then(digits(8), yes), true},
		{"a sign-in from before Save", inByApp().then(s2, yes).then(all, yes).then(digits(8), yes), false},
		{"begun while deactivated", inByApp().then(question{Act: shut}, yes).then(s2, yes), false},
		{"wrong digits let in", inByApp().then(s2, yes).then(digits(0), yes), false},
		{"right digits refused", inByApp().then(s2, yes).then(digits(9), no), false},
		{"over although nothing ended it", inByApp().then(s2, yes).then(digits(9), over), false},
		{"out after the clock was set", inByApp().then(question{Act: jump}, yes).then(look1, no), false},
		{"out after it was set back", inByApp().then(question{Act: jump, Back: true}, yes).then(look1, no), true},
		{"in again after it was set back", inByApp().then(question{Act: jump, Back: true}, yes).then(look1, no).then(look1, yes), false},
		{"out later after it was set back", inByApp().then(question{Act: jump, Back: true}, yes).then(look1, yes).then(look1, no), false},
		{"over after the clock was set", inByApp().then(s2, yes).then(question{Act: jump}, yes).then(digits(9), over), true},

		{"Off needs no factor", inByApp().then(question{Act: save, Method: off}, yes).then(question{Act: begin, Token: "t2"}, yes), true},
		{"no factor although the method is App", inByApp().then(question{Act: begin, Token: "t2"}, yes), false},
		{"the old factor, then the new one", askedByText(), true},
		{"in without setting up", inByApp().then(question{Act: save, Method: byText}, yes).then(s2, yes).then(digits(8), yes).
			then(question{Act: look, Token: "t2"}, yes), false},
		{"set up without the old factor", inByApp().then(question{Act: save, Method: byText}, yes).then(question{Act: begin, SignIn: "s2", Digits: "222222"}, yes).
			then(in(typed("222222")), yes), false},
		{"in by an older session after a set-up", askedByText().then(question{Act: begin, SignIn: "s3"}, yes).then(question{Act: reset}, yes).
			then(look1, yes), false},

		{"the code that was sent", askedByText().then(in(typed("222222")), yes), true},
		{"a code twice", askedByText().then(in(typed("222222")), yes).then(question{Act: begin, SignIn: "s3", Digits: "444444"}, yes).
			then(question{Act: answer, SignIn: "s3", Typed: "222222", Came: 17, Token: "t3"}, yes), false},
		{"a code twice, at once", askedByText().then(in(typed("222222")), yes).beside(in(typed("222222")), yes), false},
		{"a code twice, where nobody knows which was sent", askedByText().then(in(typed("222222")), yes).then(question{Act: begin, SignIn: "s3"}, yes).
			then(question{Act: answer, SignIn: "s3", Typed: "222222", Came: 99, Token: "t3"}, yes), false},
		{"the code of another sign-in", askedByText().then(question{Act: begin, SignIn: "s3", Digits: "444444"}, yes).then(in(typed("444444")), yes), false},
		{"the third try", askedByText().then(typed("1"), no).then(typed("2"), no).then(in(typed("222222")), yes), true},
		{"a fourth comparison lets in", askedByText().then(typed("1"), no).then(typed("2"), no).then(typed("3"), spent).then(in(typed("222222")), yes), false},
		{"a third comparison that leaves tries", askedByText().then(typed("1"), no).then(typed("2"), no).then(typed("3"), no), false},
		{"spent after one try", askedByText().then(typed("1"), no).then(typed("2"), spent), false},
		{"the right code refused", askedByText().then(typed("222222"), no), false},
		{"tries that nobody heard of count or not", askedByText().then(typed("1"), failed).then(typed("2"), no).then(typed("3"), spent), true},
		{"the newest code", askedByText().then(again, yes).then(in(typed("333333")), yes), true},
		{"an older code", askedByText().then(again, yes).then(in(typed("222222")), yes), false},
		{"an older code, where nobody knows the newest", askedByText().then(unseen, yes).then(in(typed("222222")), yes), false},
		{"an older code after a resend without an answer", askedByText().then(unseen, failed).then(in(typed("222222")), yes), true},
		{"a fresh code has its own tries", askedByText().then(typed("1"), no).then(typed("2"), no).then(typed("3"), spent).then(again, yes).then(in(typed("333333")), yes), true},
		{"a fresh code after Save", askedByText().then(all, yes).then(again, yes), false},
	}
}

// A door that breaks a promise explains what the right one does not, so that each rule of the model is worth something.
func TestEachRuleMatters(t *testing.T) {
	s2 := question{Act: begin, SignIn: "s2"}
	for _, c := range []struct {
		name  string
		loose rules
		told  *told
	}{
		{"a step works once", rules{reuse: true}, inByApp().then(s2, yes).then(question{Act: answer, SignIn: "s2", Step: 7, Token: "t2"}, yes)},
		{"Save ends sessions", rules{forget: true}, inByApp().then(question{Act: everywhere}, yes).then(question{Act: look, Token: "t1"}, yes)},
		{"a recovery code works once", rules{reuse: true}, withSheet().then(begun("s3"), yes).then(fromSheet("s3", 1, 0), yes).
			then(begun("s4"), yes).then(fromSheet("s4", 1, 0), yes)},
		{"Save ends an enrolment code", rules{forget: true}, spokenTo().then(question{Act: everywhere}, yes).then(begun("s3"), yes).then(word("s3", "W1"), yes)},
		{"an old proof is no proof", rules{trusting: true}, inByApp().then(at(proofLasts+1, newCodes("t1")), yes)},
		{"three wrong answers end the session", rules{tireless: true}, inByApp().then(again("s5", "t1"), yes).then(given("s5", 0), no).
			then(given("s5", 0), no).then(given("s5", 0), no)},
		{"a code has three tries", rules{tireless: true}, askedByText().then(typed("1"), no).then(typed("2"), no).then(typed("3"), spent).then(in(typed("222222")), yes)},
		{"only the newest code works", rules{old: true}, askedByText().then(question{Act: resend, SignIn: "s2"}, yes).then(in(typed("222222")), yes)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if porcupine.CheckOperations(rules{}.model(), c.told.all) || !porcupine.CheckOperations(c.loose.model(), c.told.all) {
				t.Error("the rule makes no difference")
			}
		})
	}
}

// What the nodes say of themselves is read as it was meant, and a code is laid at the door of the line after which it came.
func TestHistoryIsRead(t *testing.T) {
	w := &world{t: t, phones: &phones{all: map[string][]message{number(0): {{"111111", 15}, {"222222", 25}, {"333333", 95}}}}}
	sent := func(from, seen int64) *line {
		return &line{q: question{Act: begin}, a: yes, span: span{from, seen}, seen: seen}
	}
	first, both, alone, open := sent(10, 20), sent(12, 30), sent(90, 99), sent(10, 99)
	open.seen = 0
	w.bind([]*line{both, first, alone, open})
	for _, c := range []struct {
		line *line
		want string
	}{{first, "111111"}, {both, "222222"}, {alone, "333333"}, {open, ""}} {
		if c.line.q.Digits != c.want {
			t.Errorf("after %+v came %q, want %q", c.line.span, c.line.q.Digits, c.want)
		}
	}
	w.nodes = []*node{{number: 0}, {number: 1}}
	w.trouble.kills = [2][]span{{{40, 50}, {70, 80}}, {{55, 60}}}
	for _, c := range []struct {
		asked nodes
		from  int64
		want  int64
	}{{1, 10, 50}, {1, 45, 50}, {1, 51, 80}, {2, 10, 60}, {3, 10, 60}, {2, 61, never}} {
		if got := w.lastMoment(&line{span: span{c.from, c.from + 1}, asked: c.asked}); got != c.want {
			t.Errorf("of nodes %b from %d nothing is under way from %d on, want %d", c.asked, c.from, got, c.want)
		}
	}
	w.trouble.astray(0, 45, 99)
	w.trouble.astray(1, 61, 99)
	if got := []span{w.trouble.unfit[0][0], w.trouble.unfit[1][0]}; !slices.Equal(got, []span{{45, 50}, {61, 99}}) {
		t.Errorf("unfit in %v", got)
	}
}
