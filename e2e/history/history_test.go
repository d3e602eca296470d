package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	clients = 100
	admins  = 8
	people  = 23 // four clients each
)

// span is how long the clients ask; SALLYPORT_SOAK says otherwise.
func span(t *testing.T) time.Duration {
	if given := os.Getenv("SALLYPORT_SOAK"); given != "" {
		d, err := time.ParseDuration(given)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	return 20 * time.Second
}

// TestHistories: whatever a hundred clients are answered while the server is killed and its clock is set, one door that
// serves one after the other could have answered.
func TestHistories(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv("SALLYPORT_SEED"); given != "" {
		seed, _ = strconv.ParseUint(given, 10, 64)
	}
	t.Logf("SALLYPORT_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	w := newWorld(t, people)
	b := &book{tokens: map[int][]string{}, count: map[string]int{}}
	ctx, cancel := context.WithTimeout(t.Context(), span(t))
	defer cancel()
	var all sync.WaitGroup
	for i := range clients {
		c := &client{w: w, b: b, id: i, who: i % people, admin: i < admins, random: rand.New(rand.NewPCG(random.Uint64(), 2)), browser: w.door.Client()}
		all.Go(func() { c.run(ctx) })
	}
	disturb(ctx, w, b, random)
	all.Wait()
	history := mark(b.lines, w.rush)
	result, _ := porcupine.CheckOperationsVerbose(rules{}.model(), history, 5*time.Minute)
	t.Logf("%d answers about %d technicians, %d kills, %d jumps of the clock: %v", len(history), people, w.kills, w.jumps, b.count)
	if result != porcupine.Ok {
		t.Fatalf("%s: no order explains the answers about technician %s\n%s", result, blame(history), w.tail())
	}
	if b.count["answer yes"] < 5 || b.count["look yes"] < 20 || b.count["look no"] < 20 || b.count["save yes"] < 3 || w.kills < 2 {
		t.Error("too little happened for the run to mean anything")
	}
}

// disturb kills the server and sets its clock until ctx ends.
func disturb(ctx context.Context, w *world, b *book, random *rand.Rand) {
	for turn := 0; ; turn++ {
		pause(ctx, time.Duration(2500+random.IntN(2500))*time.Millisecond)
		if ctx.Err() != nil {
			return
		}
		if turn%2 == 0 {
			w.kill()
			w.start()
			continue
		}
		from, to := w.setClock([]int64{31, 40, -25}[random.IntN(3)])
		for who := range people {
			b.write(clients, question{Who: who, Act: jump}, from, yes, to)
		}
	}
}

// mark notes which operations an administrator's act, a kill's unknown act or a jump overlapped: a sign-in is several
// transactions, and what came between two of them may have ended it.
func mark(history []porcupine.Operation, rush [][2]int64) []porcupine.Operation {
	spans := map[int][][2]int64{}
	for _, o := range history {
		q := o.Input.(question)
		if slices.Contains([]act{everywhere, shut, open, method}, q.Act) {
			spans[q.Who] = append(spans[q.Who], [2]int64{o.Call, o.Return})
		}
	}
	out := slices.Clone(history)
	for i, o := range out {
		q := o.Input.(question)
		meets := func(s [2]int64) bool { return s[0] <= o.Return && o.Call <= s[1] }
		q.Rushed = slices.ContainsFunc(spans[q.Who], meets) || slices.ContainsFunc(rush, meets)
		out[i].Input = q
	}
	return out
}

// blame finds a technician whose part alone has no order, and shows its end.
func blame(history []porcupine.Operation) string {
	for who := range people {
		var part []porcupine.Operation
		for _, o := range history {
			if o.Input.(question).Who == who {
				part = append(part, o)
			}
		}
		if n := shortest(part); n < len(part) {
			text := fmt.Sprint(who)
			for _, o := range part[max(0, n-25) : n+1] {
				text += fmt.Sprintf("\n%12d %12d %2d %+v %q", o.Call/1e3, o.Return/1e3, o.ClientId, o.Input, o.Output)
			}
			return text
		}
	}
	return "?"
}

// shortest is the index of the operation with which the part, by the time of the answers, ceases to have an order.
func shortest(part []porcupine.Operation) int {
	slices.SortFunc(part, func(a, b porcupine.Operation) int { return int(min(max(a.Return-b.Return, -1), 1)) })
	for n := range part {
		known := slices.Clone(part[:n+1])
		for _, o := range part[n+1:] { // what had begun may have happened
			if o.Call < part[n].Return {
				o.Output, o.Return = unknown, never
				known = append(known, o)
			}
		}
		if !porcupine.CheckOperations(rules{}.model(), known) {
			return n
		}
	}
	return len(part)
}

// The check must be able to fail: histories that no door explains, and a door that forgets a rule.
func TestWrongHistoriesAreFound(t *testing.T) {
	op := func(call, back int64, q question, a said) porcupine.Operation {
		return porcupine.Operation{Call: call, Return: back, Input: q, Output: a}
	}
	in := []porcupine.Operation{
		op(1, 2, question{Act: begin, SignIn: "s1"}, yes), op(3, 4, question{Act: answer, SignIn: "s1", Step: 7, Token: "t1"}, yes),
	}
	for _, c := range []struct {
		name  string
		rules rules
		more  []porcupine.Operation
		fine  bool
	}{
		{"in, and out after Save", rules{}, []porcupine.Operation{op(5, 6, question{Act: look, Token: "t1"}, yes), op(7, 8, question{Act: everywhere}, yes), op(9, 10, question{Act: look, Token: "t1"}, no)}, true},
		{"in after Save answered", rules{}, []porcupine.Operation{op(5, 6, question{Act: everywhere}, yes), op(7, 8, question{Act: look, Token: "t1"}, yes)}, false},
		{"in while Save answers", rules{}, []porcupine.Operation{op(5, 8, question{Act: everywhere}, yes), op(6, 7, question{Act: look, Token: "t1"}, yes)}, true},
		{"out, then in again, while Save answers", rules{}, []porcupine.Operation{op(5, 20, question{Act: everywhere}, yes), op(6, 7, question{Act: look, Token: "t1"}, no), op(8, 9, question{Act: look, Token: "t1"}, yes)}, false},
		{"in after a Save without an answer", rules{}, []porcupine.Operation{op(5, never, question{Act: everywhere}, unknown), op(7, 8, question{Act: look, Token: "t1"}, yes)}, true},
		{"out although nothing ended it", rules{}, []porcupine.Operation{op(5, 6, question{Act: look, Token: "t1"}, no)}, false},
		{"a step twice", rules{}, []porcupine.Operation{op(5, 6, question{Act: begin, SignIn: "s2"}, yes), op(7, 8, question{Act: answer, SignIn: "s2", Step: 7, Token: "t2"}, yes)}, false},
		{"a step twice, by a door that allows it", rules{reuse: true}, []porcupine.Operation{op(5, 6, question{Act: begin, SignIn: "s2"}, yes), op(7, 8, question{Act: answer, SignIn: "s2", Step: 7, Token: "t2"}, yes)}, true},
		{"a sign-in from before Save", rules{}, []porcupine.Operation{op(5, 6, question{Act: begin, SignIn: "s2"}, yes), op(7, 8, question{Act: everywhere}, yes), op(9, 10, question{Act: answer, SignIn: "s2", Step: 8, Token: "t2"}, yes)}, false},
		{"out after Save, by a door that forgets", rules{forget: true}, []porcupine.Operation{op(5, 6, question{Act: everywhere}, yes), op(7, 8, question{Act: look, Token: "t1"}, no)}, false},
		{"begun while deactivated", rules{}, []porcupine.Operation{op(5, 6, question{Act: shut}, yes), op(7, 8, question{Act: begin, SignIn: "s2"}, yes)}, false},
		{"wrong digits let in", rules{}, []porcupine.Operation{op(5, 6, question{Act: begin, SignIn: "s2"}, yes), op(7, 8, question{Act: answer, SignIn: "s2", Token: "t2"}, yes)}, false},
		{"right digits refused", rules{}, []porcupine.Operation{op(5, 6, question{Act: begin, SignIn: "s2"}, yes), op(7, 8, question{Act: answer, SignIn: "s2", Step: 9}, no)}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if fine := porcupine.CheckOperations(c.rules.model(), append(slices.Clone(in), c.more...)); fine != c.fine {
				t.Errorf("explained: %v, want %v", fine, c.fine)
			}
		})
	}
}
