package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// book is where every client writes what it asked and heard, and finds sessions that others got.
type book struct {
	mu     sync.Mutex
	lines  []porcupine.Operation
	tokens map[int][]string // sessions by technician
	count  map[string]int
	signIn int
}

const never = int64(1) << 62

func (b *book) write(id int, q question, call int64, a said, back int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count[string(q.Act)+" "+string(a)]++
	if a == unknown {
		if q.Act == look || q.Act == begin {
			return // nothing can be seen of it
		}
		back = never
	}
	if q.Token != "" && a == yes && (q.Act == answer || q.Act == begin) {
		b.tokens[q.Who] = append(b.tokens[q.Who], q.Token)
	}
	b.lines = append(b.lines, porcupine.Operation{ClientId: id, Input: q, Call: call, Output: a, Return: back})
}

// client is one of the hundred: a technician's browser, or an administrator's.
type client struct {
	w       *world
	b       *book
	id, who int
	admin   bool
	random  *rand.Rand
	browser *server.Client
}

func (c *client) run(ctx context.Context) {
	for ctx.Err() == nil {
		if c.admin {
			c.who = c.random.IntN(len(c.w.members))
			c.rule(ctx)
			pause(ctx, time.Duration(500+c.random.IntN(2500))*time.Millisecond)
			continue
		}
		switch n := c.random.IntN(40); {
		case n < 3 || c.token() == "":
			c.signIn(ctx)
		case n < 39:
			c.look(ctx)
		default:
			c.leave(ctx)
		}
		pause(ctx, time.Duration(c.random.IntN(60))*time.Millisecond)
	}
}

// pause lets others go on; it ends with ctx.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// ask does one act and writes it down. One in twenty is cut off before its answer.
func (c *client) ask(ctx context.Context, q *question, f func(context.Context) (said, error)) said {
	q.Who = c.who
	if c.random.IntN(20) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(c.random.IntN(40))*time.Millisecond)
		defer cancel()
	}
	call := c.w.now()
	a, err := f(ctx)
	if err != nil {
		a = unknown
	}
	c.b.write(c.id, *q, call, a, c.w.now())
	if err != nil || a == later {
		pause(ctx, time.Duration(200+c.random.IntN(400))*time.Millisecond)
	}
	return a
}

func (c *client) signIn(ctx context.Context) {
	m := c.w.members[c.who]
	c.b.mu.Lock()
	c.b.signIn++
	q := question{Act: begin, SignIn: fmt.Sprint("s", c.b.signIn)}
	c.b.mu.Unlock()
	waits := false
	a := c.ask(ctx, &q, func(ctx context.Context) (said, error) {
		page, err := c.browser.Password(ctx, m.UserName, team.Password)
		switch {
		case err != nil:
			return unknown, err
		case c.browser.Session() != "":
			q.Token = c.browser.Session()
			return yes, nil
		case page.Location == "/sign-in/code":
			waits = true
			return yes, nil
		case page.Status == http.StatusUnprocessableEntity, page.Status == http.StatusUnauthorized:
			return no, nil
		case page.Status == http.StatusSeeOther:
			return over, nil
		}
		return later, nil
	})
	if a == yes && waits {
		c.answer(ctx, q.SignIn, m)
	}
}

// answer gives digits of this moment's step, of the next, or wrong ones.
func (c *client) answer(ctx context.Context, signIn string, m team.Member) {
	at := c.w.clock()
	q := question{Act: answer, SignIn: signIn, Step: at.Unix()/30 + int64(c.random.IntN(2))}
	digits := m.Digits(time.Unix(q.Step*30, 0))
	if c.random.IntN(8) == 0 {
		q.Step, digits = 0, wrong(m, at)
	}
	c.ask(ctx, &q, func(ctx context.Context) (said, error) {
		page, err := c.browser.Code(ctx, digits)
		switch {
		case err != nil:
			return unknown, err
		case c.browser.Session() != "":
			q.Token = c.browser.Session()
			return yes, nil
		case page.Status == http.StatusUnprocessableEntity:
			return no, nil
		case page.Status == http.StatusSeeOther, page.Status == http.StatusGone:
			return over, nil
		}
		return later, nil
	})
}

// wrong are digits that the app shows at no moment for ten minutes to either side.
func wrong(m team.Member, at time.Time) string {
	for n := 100_000; ; n++ {
		digits, shown := fmt.Sprint(n), false
		for step := at.Unix()/30 - 20; step <= at.Unix()/30+20; step++ {
			shown = shown || m.Digits(time.Unix(step*30, 0)) == digits
		}
		if !shown {
			return digits
		}
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

func (c *client) look(ctx context.Context) {
	q := question{Act: look, Token: c.token()}
	if q.Token == "" {
		return
	}
	c.browser.HoldSession(q.Token)
	c.ask(ctx, &q, func(ctx context.Context) (said, error) {
		live, err := c.browser.Live(ctx)
		if live {
			return yes, err
		}
		return no, err
	})
}

func (c *client) leave(ctx context.Context) {
	q := question{Act: leave, Token: c.token()}
	if q.Token == "" {
		return
	}
	c.browser.HoldSession(q.Token)
	c.ask(ctx, &q, func(ctx context.Context) (said, error) {
		page, err := c.browser.Post(ctx, "/sign-out", url.Values{})
		if err == nil && page.Status >= http.StatusInternalServerError {
			return later, nil
		}
		return yes, err
	})
}

var (
	versionField  = regexp.MustCompile(`name="version"[^>]*value="(\d+)"|value="(\d+)"[^>]*name="version"`)
	checkedMethod = regexp.MustCompile(`<input[^>]*name="method"[^>]*value="(\w+)"[^>]*checked`)
)

// rule is an administrator's act on one technician.
func (c *client) rule(ctx context.Context) {
	path := "/admin/technicians/" + string(c.w.members[c.who].ID)
	c.browser.HoldSession(c.w.admin)
	q := question{Act: []act{everywhere, everywhere, shut, open, open, open, method, method}[c.random.IntN(8)]}
	if q.Act == method {
		c.save(ctx, path)
		return
	}
	name := map[act]string{everywhere: "/sign-out", shut: "/deactivate", open: "/activate"}[q.Act]
	c.ask(ctx, &q, func(ctx context.Context) (said, error) {
		page, err := c.browser.Post(ctx, path+name, url.Values{"reason": {"a test of many at once"}})
		return ruled(page), err
	})
}

// ruled: a redirect says that it was done; everything else that it was not.
func ruled(page server.Answer) said {
	if page.Status == http.StatusSeeOther {
		return yes
	}
	return no
}

// save turns the method that the form shows.
func (c *client) save(ctx context.Context, path string) {
	page, err := c.browser.Get(ctx, path)
	if err != nil {
		return
	}
	version, was := versionField.FindStringSubmatch(page.Body), checkedMethod.FindStringSubmatch(page.Body)
	if version == nil || was == nil {
		return
	}
	m := c.w.members[c.who]
	q := question{Act: method, Off: was[1] != "off"}
	next := map[bool]string{true: "off", false: "app"}[q.Off]
	c.ask(ctx, &q, func(ctx context.Context) (said, error) {
		page, err := c.browser.Post(ctx, path, url.Values{"version": {version[1] + version[2]}, "first_name": {m.FirstName}, "last_name": {m.LastName},
			"user_name": {m.UserName}, "email": {m.Email}, "phone": {""}, "role": {string(m.Role)}, "method": {next}})
		return ruled(page), err
	})
}
