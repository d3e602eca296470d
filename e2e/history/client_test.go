package history

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"syscall"
	"time"

	"sallyport/internal/testkit/server"
)

// never is when something ends of which nobody knows when it does.
const never = int64(1) << 62

// line is what one client asked and heard.
type line struct {
	client int
	q      question
	a      said
	span
	asked nodes
	seen  int64 // when a page said that the code had gone out; 0: none did
}

// book is where every client writes, and finds what others got.
type book struct {
	mu     sync.Mutex
	lines  []*line
	tokens map[int][]string // sessions by technician
	keys   map[int][]string // apps by technician, as pages showed them
	held   map[int]int      // the app that was set up last
	count  map[string]int

	sheets  [][]string       // of recovery codes
	sheetOf map[int][]int    // their numbers, from 1, by technician
	words   map[int][]string // enrolment codes by technician
	untried map[int]bool     // nobody has typed the newest of them
	calls   map[int]bool     // technicians who wait for one
	dead    map[int][]string // those of no use any more: used, or something ended them
	last    map[int]question // the recovery code that led to something last
	shut    map[int]bool     // who is deactivated, as far as administrators know

	entrance chan struct{} // holds a token for each sign-in under way
}

func newBook(w *world) *book {
	b := &book{tokens: map[int][]string{}, keys: map[int][]string{}, held: map[int]int{}, count: map[string]int{}, entrance: make(chan struct{}, 16),
		sheetOf: map[int][]int{}, words: map[int][]string{}, untried: map[int]bool{}, calls: map[int]bool{}, shut: map[int]bool{}, last: map[int]question{}, dead: map[int][]string{}}
	for i, m := range w.members {
		b.keys[i] = []string{m.Key}
	}
	return b
}

func (b *book) write(l *line) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, what := range l.what() {
		b.count[what+" "+string(l.a)]++
	}
	if l.a == yes && l.q.Token != "" && slices.Contains([]act{begin, answer, confirm, renew}, l.q.Act) {
		b.tokens[l.q.Who] = append(b.tokens[l.q.Who], l.q.Token)
		if l.q.Enrols {
			b.held[l.q.Who] = l.q.Key
			b.count["enrolled"]++
		}
	}
	if l.a == yes {
		b.outlived(l.q)
	}
	b.lines = append(b.lines, l)
}

// what is under which names a line is counted: its act, and what was given as the proof, and for what.
func (l *line) what() []string {
	all := []string{string(l.q.Act)}
	if l.q.Act != answer && !l.q.AtOnce {
		return all
	}
	way := cmp.Or(l.q.Way, byApp)
	if l.q.Typed != "" {
		way = byText
	}
	if l.q.Dead {
		all = append(all, "dead "+way)
	}
	if all = append(all, "by "+way); l.q.Within != "" {
		all = append(all, "proof again", "proof again by "+way)
	}
	return all
}

// answers are how many were let in or told that they were wrong.
func (b *book) answers() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count["answer yes"] + b.count["answer no"]
}

// saw notes on a line that its code had gone out, or that none had.
func (b *book) saw(l *line, at int64, none bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l.seen, l.q.None = at, none
}

// app is the number of an app by its key.
func (b *book) app(who int, key string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, k := range b.keys[who] {
		if k == key {
			return i
		}
	}
	b.keys[who] = append(b.keys[who], key)
	return len(b.keys[who]) - 1
}

// apps are the keys that a technician was ever shown, and which of them he should be using.
func (b *book) apps(who int) (keys []string, held int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.keys[who]
	return all[:len(all):len(all)], b.held[who]
}

// tab is a tab of a browser; each of its requests goes to a node by chance.
type tab struct {
	*server.Client
	way *way
}

// client is one of the hundred: a technician's browser, or an administrator's.
type client struct {
	w       *world
	b       *book
	id, who int
	admin   bool
	random  *rand.Rand
	doors   []*http.Transport
	browser tab
}

func newClient(w *world, b *book, id int, random *rand.Rand) *client {
	c := &client{w: w, b: b, id: id, who: id % people, admin: id < admins, random: random}
	for _, n := range w.nodes {
		c.doors = append(c.doors, server.NewTransport(n.port))
	}
	way := c.way()
	c.browser = tab{(&server.Server{Port: w.nodes[0].port, URL: w.url}).ClientWith(way), way}
	return c
}

func (c *client) way() *way {
	return &way{doors: c.doors, choose: rand.New(rand.NewPCG(c.random.Uint64(), 3)).Int}
}

// another is a further tab of the same browser.
func (c *client) another() tab {
	way := c.way()
	return tab{c.browser.Tab(way), way}
}

func (c *client) run(ctx context.Context) {
	for ctx.Err() == nil {
		if c.admin {
			had := c.b.answers()
			c.rule(ctx)
			pause(ctx, time.Duration(500+c.random.IntN(2500))*time.Millisecond)
			for range 100 { // where sign-ins are slow, so are administrators: else none would come to its end
				if c.b.answers() < had+12 {
					pause(ctx, 100*time.Millisecond)
				}
			}
			continue
		}
		hurries := c.b.hurries(c.who)
		switch n, token := c.random.IntN(40), c.token(); {
		case n < 5 || token == "" || n < 20 && hurries:
			c.enter(ctx)
		case n < 7 || n < 13 && (c.b.lacks("proof again ousted") || c.b.lacks("renew stale") || c.b.lacks("by "+byPassword+" yes")):
			c.care(ctx, token)
		case n < 39:
			c.look(ctx, token)
		default:
			c.leave(ctx, token)
		}
		pause(ctx, time.Duration(c.random.IntN(300))*time.Millisecond)
	}
}

// enter signs in when there is a place: so many at once are as many as the machine has room for.
func (c *client) enter(ctx context.Context) {
	select {
	case c.b.entrance <- struct{}{}:
		defer func() { <-c.b.entrance }()
		c.signIn(ctx)
		if c.owesDead() {
			c.signIn(ctx)
		}
	default:
	}
}

// patience is how long c waits for an answer: one in twenty is cut off before it.
func (c *client) patience() time.Duration {
	if c.random.IntN(20) == 0 {
		return time.Duration(c.random.IntN(60)) * time.Millisecond
	}
	return time.Minute
}

// ask does one act in a tab and writes it down. What surely did not reach a node is not written down.
func (c *client) ask(ctx context.Context, t tab, q question, patience time.Duration, f func(context.Context, *question) (said, error)) *line {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	q.Who = c.who
	t.way.asked = 0
	from := c.w.now()
	a, err := f(ctx, &q)
	q.Call = from
	l := &line{client: c.id, q: q, a: a, span: span{from, c.w.now()}, asked: t.way.asked}
	if err != nil {
		l.a = unknown
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		l.a = later
	}
	c.b.write(l)
	return l
}

// rest lets the servers come to themselves after what was not a good answer.
func (c *client) rest(ctx context.Context, a said) {
	if a == later || mayBe(a) {
		pause(ctx, time.Duration(300+c.random.IntN(1200))*time.Millisecond)
	}
}

// token is a session of this technician that anybody got, ended or not.
func (c *client) token() string {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	all := c.b.tokens[c.who]
	if len(all) == 0 {
		return ""
	}
	return all[max(0, len(all)-1-c.random.IntN(6))]
}

func (c *client) look(ctx context.Context, token string) {
	q := question{Act: look, Token: token}
	c.browser.HoldSession(q.Token)
	l := c.ask(ctx, c.browser, q, c.patience(), func(ctx context.Context, _ *question) (said, error) {
		live, err := c.browser.Live(ctx)
		if live {
			return yes, err
		}
		return no, err
	})
	c.rest(ctx, l.a)
}

func (c *client) leave(ctx context.Context, token string) {
	q := question{Act: leave, Token: token}
	c.browser.HoldSession(q.Token)
	l := c.ask(ctx, c.browser, q, c.patience(), func(ctx context.Context, _ *question) (said, error) {
		page, err := c.browser.Post(ctx, "/sign-out", url.Values{})
		if fails(page) {
			return failed, err
		}
		return yes, err
	})
	c.rest(ctx, l.a)
}

func fails(page server.Answer) bool { return page.Status >= http.StatusInternalServerError }
