package history

import (
	"bufio"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"time"
)

// span is from one moment of the test's clock to another, both within it.
type span struct{ from, to int64 }

func (s span) meets(o span) bool { return s.from <= o.to && o.from <= s.to }

func anyMeets(all []span, s span) bool {
	for _, o := range all {
		if o.meets(s) {
			return true
		}
	}
	return false
}

// trouble is what happened to the servers, and when.
type trouble struct {
	kills [2][]span // of each node, until nothing of it is under way any more
	cuts  [2][]span // its connections to the database
	unfit [2][]span // it said that it answers nothing
	sets  []span    // all clocks were set
	ahead []int64   // to how far ahead, in seconds, each time
	ends  []span    // a node noticed, and ended unfinished sign-ins
	backs []span    // the clocks were set back then, until all have noticed
	count map[string]int
}

// disturb does one thing after the other to the servers, each at least once, until it is enough. Between two of them some
// sign-ins come to an end, however slow the machine is: more of them after a span in which too little happened.
func (w *world) disturb(random *rand.Rand, b *book, enough func() bool, span time.Duration) {
	acts := []func(*node, *rand.Rand){w.kill, w.setClocks}
	if w.pg != nil {
		acts = append(acts, w.stray, w.cut)
	}
	w.trouble.count = map[string]int{}
	for turn := 0; turn < len(acts) || !enough(); turn++ {
		pause(w.t.Context(), time.Duration(200+random.IntN(1500))*time.Millisecond)
		few, longest := 5, 10*time.Second
		if w.now() > int64(span) {
			few, longest = 30, time.Minute
		}
		for had, limit := b.answers(), w.now()+int64(longest); b.answers() < had+few && w.now() < limit && !enough(); {
			pause(w.t.Context(), 10*time.Millisecond)
		}
		acts[turn%len(acts)](w.nodes[random.IntN(len(w.nodes))], random)
	}
}

// kill ends a node as a power cut would, and starts it again.
func (w *world) kill(n *node, _ *rand.Rand) {
	w.stop(n)
	w.start(n)
	w.trouble.count["kills"]++
}

// stop ends a node, and waits until the database has ended what it was doing for it.
func (w *world) stop(n *node) {
	from := w.now()
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait()
	if w.pg != nil {
		w.await(func() bool {
			return w.pg.Exec("postgres", `DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_stat_activity WHERE usename = '`+w.users[n.number]+`') THEN RAISE 'busy'; END IF; END $$`) == nil
		})
	}
	w.trouble.kills[n.number] = append(w.trouble.kills[n.number], span{from, w.now()})
}

// setClocks sets the clocks of all nodes and of the database, as people or NTP do, and waits until each node has noticed
// that and ended the sign-ins, which may take a while when it is in many others' way.
func (w *world) setClocks(_ *node, random *rand.Rand) {
	from, before := w.now(), w.noticed()
	by := int64(proofLasts/time.Second) + 10 // no proof is fresh any more
	if w.trouble.count["jumps"]%3 == 2 {
		by = []int64{31, 40, -25}[random.IntN(3)]
	}
	ahead := w.ahead.Add(by)
	if w.database != nil {
		w.database(time.Duration(ahead) * time.Second)
	}
	for _, n := range w.nodes {
		n.tell(ahead)
	}
	w.trouble.sets = append(w.trouble.sets, span{from, w.now() + int64(time.Second)})
	w.trouble.ahead = append(w.trouble.ahead, ahead)
	w.await(func() bool {
		now := w.noticed()
		return !slices.ContainsFunc(w.nodes, func(n *node) bool { return now[n.number] == before[n.number] })
	})
	w.trouble.ends = append(w.trouble.ends, span{from, w.now()})
	if by < 0 {
		w.trouble.backs = append(w.trouble.backs, span{from, w.now()})
		w.trouble.count["jumps back"]++
	}
	w.trouble.count["jumps"]++
}

// shows is what the servers' clocks may have shown in a span. While they are set it may be what they showed before or after.
func (w *world) shows(s span) clock {
	least, most := never, -never
	sets := w.trouble.sets
	for i := -1; i < len(sets); i++ {
		shown, ahead := span{0, never}, int64(0) // since the i-th setting, until the next
		if i >= 0 {
			shown.from, ahead = sets[i].from, w.trouble.ahead[i]
		}
		if i+1 < len(sets) {
			shown.to = sets[i+1].to
		}
		if shown.meets(s) {
			least, most = min(least, ahead), max(most, ahead)
		}
	}
	return clock{s.from + least*int64(time.Second), min(s.to, never/2) + most*int64(time.Second)}
}

// noticed is how often each node noticed that the clock was set, and came to an end with what it does then: of several the first
// ends the sign-ins, and the others find that it has.
func (w *world) noticed() map[int]int {
	n := map[int]int{}
	for _, node := range w.nodes {
		n[node.number] = node.said("the clock was set")
	}
	return n
}

// cut breaks all connections of a node to the database.
func (w *world) cut(n *node, _ *rand.Rand) {
	from := w.now()
	w.check(w.pg.Exec("postgres", `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '`+w.users[n.number]+`'`))
	w.trouble.cuts[n.number] = append(w.trouble.cuts[n.number], span{from, w.now() + int64(2*time.Second)})
	w.trouble.count["cuts"]++
}

// stray lets the clock of one node go wrong until it says that it answers nothing, and a moment longer.
func (w *world) stray(n *node, random *rand.Rand) {
	refused := n.said("this node answers nothing for now")
	n.tell(w.ahead.Load() + []int64{300, -300}[random.IntN(2)])
	w.await(func() bool { return n.said("this node answers nothing for now") > refused })
	pause(w.t.Context(), time.Second)
	again := n.said("this node answers again")
	n.tell(w.ahead.Load())
	w.await(func() bool { return n.said("this node answers again") > again })
	w.trouble.count["clocks astray"]++
}

var logTook = regexp.MustCompile(` took=(\S+)`)

var logLine = regexp.MustCompile(`^time=(\S+) level=\w+ msg="?(this node answers nothing for now|this node answers again|the clock was set|clock )`)

// readLogs takes from what the nodes said when they answered nothing, and when they noticed that the clock was set. A
// moment is allowed between what a node did and what it said of it, and besides as long as it says that it took.
func (w *world) readLogs() {
	const moment = int64(time.Second)
	for i, n := range w.nodes {
		f, err := os.Open(n.log.Name())
		w.check(err)
		since := int64(-1)
		for lines := bufio.NewScanner(f); lines.Scan(); {
			m := logLine.FindStringSubmatch(lines.Text())
			if m == nil {
				continue
			}
			said, err := time.Parse(time.RFC3339, m[1])
			w.check(err)
			switch at := int64(said.Sub(w.started.Round(0))); m[2] {
			case "this node answers nothing for now":
				since = at - moment
			case "this node answers again":
				w.trouble.astray(i, since, at+moment)
				since = -1
			case "clock ": // it could not, or does not know whether it did
				w.trouble.ends = append(w.trouble.ends, span{at - 5*moment, at + moment})
			default:
				took, err := time.ParseDuration(logTook.FindStringSubmatch(lines.Text())[1])
				w.check(err)
				w.trouble.ends = append(w.trouble.ends, span{at - int64(took) - 2*moment, at + moment})
			}
		}
		if since >= 0 {
			w.trouble.astray(i, since, never)
		}
		_ = f.Close()
	}
}

// astray notes a time in which a node answered nothing; its end at the latest is the node's.
func (t *trouble) astray(number int, from, to int64) {
	for _, kill := range t.kills[number] {
		if kill.to >= from {
			to = min(to, kill.to)
			break
		}
	}
	t.unfit[number] = append(t.unfit[number], span{from, to})
}
