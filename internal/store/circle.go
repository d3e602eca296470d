package store

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"sallyport"
)

const (
	circleChannel = "sallyport"
	announceEvery = time.Second
	circleAgain   = time.Second // after a connection was lost
	speakTime     = time.Second // for one statement to the others, once there is a connection
	forgotten     = time.Minute // a server that was not seen for so long has no row any more
	mostGone      = 1000        // servers of which is known that they ended, before all are forgotten
)

// Circle is this server among those that share a PostgreSQL database: it says that it runs, asks the others whether they
// refuse a session, and answers when they ask. It has two connections of its own, one that hears and one that speaks.
// What it writes need not survive a stop of the database, and so waits for no disk and no standby.
type Circle struct {
	cfg    *pgx.ConnConfig
	hosts  *hosts     // by cfg
	met    *primaries // of the database that it goes with, nil before With
	id     string
	self   func() Node                                         // what is announced; its ID is this circle's
	refuse func(ctx context.Context, hash sallyport.Hash) bool // whether this server refuses a session now

	speaking chan struct{} // full while voice is used
	voice    *pgx.Conn
	ear      *pgx.Conn // that Open made, until Run takes it

	hearing atomic.Bool

	mu     sync.Mutex
	asked  map[string]chan string // by question; those who answered
	silent map[string]time.Time   // servers that did not answer, and when they had last been seen then
	gone   map[string]bool        // servers that said that they ended
}

// NewCircle makes this server's place among the others at address. Run keeps it.
func NewCircle(address string, self func() Node, refuse func(context.Context, sallyport.Hash) bool) (*Circle, error) {
	cfg, err := postgresConfig(address)
	if err != nil {
		return nil, err
	}
	cfg.RuntimeParams["synchronous_commit"] = "off"
	return &Circle{cfg: cfg, hosts: hostsOf(cfg), id: sallyport.NewID()[:8], self: self, refuse: refuse, speaking: make(chan struct{}, 1),
		asked: map[string]chan string{}, silent: map[string]time.Time{}, gone: map[string]bool{}}, nil
}

// With lets the circle go where db goes: never to a primary that db knows to be replaced, and away from one.
func (c *Circle) With(db *DB) *Circle {
	if c.met = db.primaries; c.met != nil {
		c.cfg.ValidateConnect = c.met.validate
		c.hosts = hostsOf(c.cfg)
	}
	return c
}

// replaced reports whether a connection leads to a primary that was replaced.
func (c *Circle) replaced(conn *pgx.Conn) bool {
	return c.met != nil && noticesFor(conn.PgConn()).primary.Before(c.met.get())
}

// ID is how this server is named to the others; empty where there are none.
func (c *Circle) ID() string {
	if c == nil {
		return ""
	}
	return c.id
}

// Run announces this server and answers the others until ctx ends.
func (c *Circle) Run(ctx context.Context) {
	for ctx.Err() == nil {
		_ = c.hear(ctx) // a database that does not answer is noticed and said elsewhere
		select {
		case <-ctx.Done():
		case <-time.After(circleAgain):
		}
	}
	c.leave(context.WithoutCancel(ctx))
}

// leave says that this server has ended, so that nobody waits for it. Where it cannot be said it is over in a moment by itself.
func (c *Circle) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, circleAgain)
	defer cancel()
	_ = c.speak(ctx, `WITH gone AS (DELETE FROM node WHERE id = $1) SELECT pg_notify($2, $3)`, c.id, circleChannel, "gone "+c.id)
}

// Close ends the connections. A server that joined and never ran leaves.
func (c *Circle) Close() {
	if c == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), circleAgain)
	defer cancel()
	if c.ear != nil {
		c.leave(ctx)
		_ = c.ear.Close(ctx)
	}
	c.speaking <- struct{}{}
	defer func() { <-c.speaking }()
	if c.voice != nil {
		_ = c.voice.Close(ctx)
	}
}

// Open joins. What the others ask from then on waits until Run answers it.
func (c *Circle) Open(ctx context.Context) (err error) {
	if c == nil {
		return nil
	}
	if c.ear, err = c.listen(ctx); err != nil {
		return failure(err)
	}
	return c.Join(ctx)
}

// listen makes a connection that hears.
func (c *Circle) listen(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	cfg := c.cfg.Copy()
	cfg.DialFunc = plainDialer
	conn, err := hostsOf(cfg).connect(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, `LISTEN `+circleChannel); err != nil {
		return nil, errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
	}
	return conn, nil
}

// Join says that this server runs, for the first time: from now on the others reckon with it.
func (c *Circle) Join(ctx context.Context) error {
	if c == nil {
		return nil
	}
	n := c.self()
	return failure(c.speak(ctx, `INSERT INTO node (id, seen_at, keys, sealing) VALUES ($1, now_us(), $2, $3)
		ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, keys = excluded.keys, sealing = excluded.sealing`,
		c.id, strings.Join(n.Keys, " "), n.Sealing))
}

// announce says each second that this server runs, and forgets those that ended without a word. It ends where those that
// are heard on conn are at a primary that was replaced.
func (c *Circle) announce(ctx context.Context, conn *pgx.Conn) error {
	tick := time.NewTicker(announceEvery)
	defer tick.Stop()
	for {
		if c.replaced(conn) {
			return errVoice
		}
		if err := c.Join(ctx); err != nil {
			return err
		}
		if err := c.speak(ctx, `DELETE FROM node WHERE seen_at < now_us() - $1`, forgotten.Microseconds()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// hear takes what others ask and answer, and lets this server be known for as long as it hears them.
func (c *Circle) hear(ctx context.Context) error {
	conn := c.ear
	if c.ear = nil; conn == nil {
		var err error
		if conn, err = c.listen(ctx); err != nil {
			return err
		}
	}
	defer conn.Close(context.WithoutCancel(ctx))
	ctx, stop := context.WithCancel(ctx)
	var announcing sync.WaitGroup
	announcing.Go(func() {
		defer stop() // begin anew together
		_ = c.announce(ctx, conn)
	})
	c.hearing.Store(true)
	defer func() {
		c.hearing.Store(false)
		stop()
		announcing.Wait()
	}()
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		c.heard(ctx, strings.Fields(n.Payload))
	}
}

// heard takes one message: "ask QUESTION NODE HASH", "no QUESTION NODE" for a server that refuses, or "gone NODE" for one that
// ended and so refuses everything.
func (c *Circle) heard(ctx context.Context, words []string) {
	switch {
	case len(words) == 4 && words[0] == "ask" && words[2] != c.id:
		var hash sallyport.Hash
		if n, err := hex.Decode(hash[:], []byte(words[3])); err == nil && n == len(hash) {
			go c.answer(ctx, words[1], hash)
		}
	case len(words) == 3 && words[0] == "no":
		c.mu.Lock()
		defer c.mu.Unlock()
		answered(c.asked[words[1]], words[2])
	case len(words) == 2 && words[0] == "gone":
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.gone) >= mostGone {
			clear(c.gone)
		}
		c.gone[words[1]] = true
		for _, answers := range c.asked {
			answered(answers, words[1])
		}
	}
}

// answered hands over the name of a server that refuses, where somebody waits for it.
func answered(answers chan<- string, id string) {
	select {
	case answers <- id:
	default: // nobody does, or there are more than there are servers: not one of ours
	}
}

func (c *Circle) answer(ctx context.Context, question string, hash sallyport.Hash) {
	if c.refuse(ctx, hash) {
		_ = c.speak(ctx, `SELECT pg_notify($1, $2)`, circleChannel, "no "+question+" "+c.id)
	}
}

// Refuse asks each other server whether it refuses the session that hash names, which this one has just ended, and
// returns when all have said so or ctx ends. A server that did not answer is silent, and is not waited for again before
// it announces itself anew. What it answers first is how many others there are; last is after how long the last of those that
// answered did so.
func (c *Circle) Refuse(ctx context.Context, hash sallyport.Hash) (others int, silent []string, last time.Duration, err error) {
	began := time.Now()
	if !c.hearing.Load() {
		return 0, nil, 0, errVoice
	}
	nodes, err := c.others(ctx)
	if err != nil || len(nodes) == 0 {
		return len(nodes), nil, 0, err
	}
	question, answers := sallyport.NewID(), make(chan string, 2*len(nodes)) // each may answer, and end
	c.mu.Lock()
	c.asked[question] = answers
	missing, awaited := map[string]time.Time{}, map[string]bool{}
	for _, n := range nodes {
		if c.gone[n.ID] {
			continue // since its row was read
		}
		missing[n.ID] = n.SeenAt
		if !c.silent[n.ID].Equal(n.SeenAt) {
			awaited[n.ID] = true
		}
	}
	c.mu.Unlock()
	defer c.settle(question, missing)
	if err := c.speak(ctx, `SELECT pg_notify($1, $2)`, circleChannel, "ask "+question+" "+c.id+" "+hex.EncodeToString(hash[:])); err != nil {
		return len(nodes), names(missing), 0, err
	}
	for len(awaited) > 0 {
		select {
		case id := <-answers:
			if _, new := missing[id]; new {
				last = time.Since(began)
			}
			delete(missing, id)
			delete(awaited, id) // one that was silent may answer too, and takes nobody's place
		case <-ctx.Done():
			return len(nodes), names(missing), last, nil
		}
	}
	return len(nodes), names(missing), last, nil
}

// settle remembers who did not answer.
func (c *Circle) settle(question string, missing map[string]time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.asked, question)
	clear(c.silent)
	for id, seen := range missing {
		c.silent[id] = seen
	}
}

func names(of map[string]time.Time) (out []string) {
	for id := range of {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// others are the servers that run beside this one.
func (c *Circle) others(ctx context.Context) (nodes []Node, err error) {
	err = c.speaks(ctx, func(ctx context.Context, voice *pgx.Conn) error {
		rows, err := voice.Query(ctx, liveNodes, NodeLife.Microseconds())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			n, err := scanNode(rows)
			if err != nil {
				return err
			}
			if n.ID != c.id {
				nodes = append(nodes, n)
			}
		}
		return rows.Err()
	})
	return nodes, err
}

var errVoice = errors.New("store: no connection to the other servers")

// speaks does one thing on the connection that speaks, in its turn and within speakTime each. Where it has to be made first
// that may take as long as it takes, if ctx allows.
func (c *Circle) speaks(ctx context.Context, do func(context.Context, *pgx.Conn) error) error {
	turn, cancel := context.WithTimeout(ctx, speakTime)
	defer cancel()
	select {
	case c.speaking <- struct{}{}:
		defer func() { <-c.speaking }()
	case <-turn.Done():
		return errors.Join(errVoice, turn.Err())
	}
	if err := c.connect(ctx); err != nil {
		return errors.Join(errVoice, err)
	}
	ctx, cancel = context.WithTimeout(ctx, speakTime)
	defer cancel()
	return do(ctx, c.voice)
}

// connect makes the connection that speaks, where there is none or it leads to a primary that was replaced.
func (c *Circle) connect(ctx context.Context) error {
	if c.voice != nil && c.replaced(c.voice) {
		_ = c.voice.Close(ctx)
	}
	if c.voice != nil && !c.voice.IsClosed() {
		return nil
	}
	voice, err := c.hosts.connect(ctx)
	if err == nil {
		c.voice = voice
	}
	return err
}

func (c *Circle) speak(ctx context.Context, statement string, args ...any) error {
	return c.speaks(ctx, func(ctx context.Context, voice *pgx.Conn) error {
		_, err := voice.Exec(ctx, statement, args...)
		return err
	})
}
