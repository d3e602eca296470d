package history

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	clients = 100
	admins  = 8
	people  = 23 // four clients each

	checkTime = 5 * time.Minute  // for the search of an order, which takes a second
	overtime  = 15 * time.Minute // for what must happen, however slow the machine is
)

// spans are how long the clients ask, one time after the other, each with a new organisation: the door sends a technician
// twenty codes an hour. SALLYPORT_SOAK says how long all of them are together.
func spans(t *testing.T) []time.Duration {
	given := os.Getenv("SALLYPORT_SOAK")
	if given == "" {
		return []time.Duration{8 * time.Second}
	}
	left, err := time.ParseDuration(given)
	if err != nil {
		t.Fatal(err)
	}
	var all []time.Duration
	for ; left > time.Minute+30*time.Second; left -= time.Minute {
		all = append(all, time.Minute)
	}
	return append(all, left)
}

// TestHistories: whatever a hundred clients are answered while servers are killed, connections are cut and clocks are set,
// one door that serves one after the other could have answered; on one node with SQLite, and on two with PostgreSQL.
func TestHistories(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv("SALLYPORT_SEED"); given != "" {
		seed, _ = strconv.ParseUint(given, 10, 64)
	}
	t.Logf("SALLYPORT_SEED=%d", seed)
	for _, engine := range []struct {
		name   string
		shared bool
	}{{"sqlite", false}, {"postgres", true}} {
		t.Run(engine.name, func(t *testing.T) {
			all := tally{count: map[string]int{}}
			for i, span := range spans(t) {
				t.Run(strconv.Itoa(i), func(t *testing.T) { all.add(run(t, newWorld(t, engine.shared), span, seed+uint64(i))) })
			}
			t.Logf("%s: %d answers about %d technicians: %s", engine.name, all.answers, all.technicians, all.acts())
		})
	}
}

// tally is what was tried.
type tally struct {
	answers, technicians int
	count                map[string]int
}

func (t *tally) add(o tally) {
	t.answers, t.technicians = t.answers+o.answers, t.technicians+o.technicians
	for what, n := range o.count {
		t.count[what] += n
	}
}

// acts are the acts that were tried, each with how often and how often with a yes, and what went on meanwhile.
func (t *tally) acts() string {
	all, asked := map[string]int{}, map[string]bool{}
	for what, n := range t.count {
		act := what
		if i := strings.LastIndexByte(what, ' '); i >= 0 && slices.Contains(answersThere, said(what[i+1:])) {
			act, asked[what[:i]] = what[:i], true
		}
		all[act] += n
	}
	var list []string
	for _, act := range slices.Sorted(maps.Keys(all)) {
		line := fmt.Sprintf("%s %d", act, all[act])
		if asked[act] {
			line += fmt.Sprintf(" (yes %d)", t.count[act+" "+string(yes)])
		}
		list = append(list, line)
	}
	return strings.Join(list, ", ")
}

// run lets the clients ask for a span, or longer until enough happened, and looks for an order of what they were answered.
func run(t *testing.T, w *world, span time.Duration, seed uint64) tally {
	random, b := rand.New(rand.NewPCG(seed, 1)), newBook(w)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all sync.WaitGroup
	for i := range clients {
		c := newClient(w, b, i, rand.New(rand.NewPCG(random.Uint64(), 2)))
		all.Go(func() { c.run(ctx) })
	}
	w.disturb(random, b, func() bool {
		return w.now() > int64(span+overtime) || w.now() > int64(span) && len(b.missing()) == 0
	}, span)
	cancel()
	all.Wait()
	for _, n := range w.nodes {
		w.stop(n)
	}
	history := w.mark(b.lines)
	begun := time.Now()
	result := porcupine.CheckOperationsTimeout(rules{}.model(), history, checkTime)
	tried := tally{len(history), people, w.trouble.count}
	tried.add(tally{count: b.count})
	tried.count["times a node answered nothing"] = len(w.trouble.unfit[0]) + len(w.trouble.unfit[1])
	t.Logf("%d answers, %v; looked for an order for %v", tried.answers, tried.count, time.Since(begun).Round(time.Millisecond))
	if result != porcupine.Ok {
		t.Fatalf("%s: no order explains the answers about technician %s\n%s", result, blame(history), w.tail())
	}
	if missing := b.missing(); len(missing) > 0 {
		t.Errorf("too little happened for the run to mean anything: %q", missing)
	}
	falsified(t, history)
	return tried
}

// least is how often something must have happened for a run to mean anything.
var least = map[string]int{"begin yes": 20, "answer yes": 10, "answer no": 5, "answer spent": 1, "enrolled": 3, "resend yes": 3,
	"look yes": 20, "look no": 20, "save yes": 3, "everywhere yes": 2,
	"by " + byApp + " yes": 3, "by " + byText + " yes": 3, "by " + byRecovery + " yes": 2, "by " + byRecovery + " no": 1,
	"by " + byWord + " yes": 2, "by " + byWord + " no": 1, "by " + byPassword + " yes": 1, "dead " + byRecovery + " no": 1, "dead " + byWord + " no": 1, "renew stale": 2, "proof again yes": 2, "proof again no": 1, "proof again ousted": 1}

// missing is what did not happen often enough. Every act must have succeeded.
func (b *book) missing() (all []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, act := range acts {
		if what := string(act) + " " + string(yes); b.short(what) {
			all = append(all, what)
		}
	}
	for what := range least {
		if b.short(what) && !slices.Contains(all, what) {
			all = append(all, what)
		}
	}
	return all
}

func (b *book) short(what string) bool { return b.count[what] < max(1, least[what]) }

// lacks says that something has not happened often enough yet: those who can see to it.
func (b *book) lacks(what string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.short(what)
}

// blame finds a technician whose part alone has no order, and shows its end.
func blame(history []porcupine.Operation) string {
	for _, part := range byWho(history) {
		if n := shortest(part); n < len(part) {
			text := fmt.Sprint(part[0].Input.(question).Who)
			for i, o := range part {
				if i > n && o.Call > part[n].Return {
					continue
				}
				text += fmt.Sprintf("\n%d%s %9d %9d %2d %s", i, map[bool]string{true: " <--"}[i == n], o.Call/1e6, min(o.Return, 1e15)/1e6, o.ClientId, describe(o))
			}
			return text
		}
	}
	return "?"
}

// describe says an operation in a few words.
func describe(o porcupine.Operation) string {
	q := o.Input.(question)
	text := fmt.Sprintf("%s %s%s%s: %q", q.Act, q.SignIn, q.Method, short(q.Token), o.Output)
	switch {
	case q.Act == answer && q.Way != "":
		text += fmt.Sprintf(" by %s %d/%d %s %v", q.Way, q.Sheet, q.Nth, q.Word, q.Right)
	case q.Act == answer:
		text += fmt.Sprintf(" app %d step %d typed %q came %d", q.Key, q.Step, q.Typed, q.Came/1e6)
	}
	for name, is := range map[string]bool{" enrols": q.Enrols, " none": q.None, " rushed": q.Rushed, " crowded": q.Crowded, " sent " + q.Digits: q.Digits != "",
		" within " + short(q.Within): q.Within != "", fmt.Sprint(" sheet ", q.Fresh): q.Fresh != 0, " word " + q.Word: q.Act == reset} {
		if is {
			text += name
		}
	}
	return text
}

func short(token string) string { return token[:min(len(token), 6)] }

// shortest is the index of the operation with which the part, by the time of the answers, ceases to have an order.
func shortest(part []porcupine.Operation) int {
	slices.SortFunc(part, func(a, b porcupine.Operation) int { return int(min(max(a.Return-b.Return, -1), 1)) })
	return sort.Search(len(part), func(n int) bool {
		known := slices.Clone(part[:n+1])
		for _, o := range part[n+1:] { // what had begun may have happened
			if o.Call < part[n].Return {
				o.Output, o.Return = unknown, never
				known = append(known, o)
			}
		}
		return porcupine.CheckOperationsTimeout(rules{}.model(), known, checkTime/60) != porcupine.Ok
	})
}
