package history

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

var signIns atomic.Int64

// signIn goes from the password to the end, or as far as the door and chance let it.
func (c *client) signIn(ctx context.Context) {
	name := fmt.Sprint("s", signIns.Add(1))
	l := c.ask(ctx, c.browser, question{Act: begin, SignIn: name}, c.patience(), func(ctx context.Context, q *question) (said, error) {
		page, err := c.browser.Password(ctx, c.w.members[c.who].UserName, team.Password)
		q.Token = c.browser.Session()
		switch {
		case err != nil:
			return unknown, err
		case q.Token != "", page.Location == "/sign-in/code":
			return yes, nil
		case page.Status == http.StatusUnprocessableEntity, page.Status == http.StatusUnauthorized:
			return no, nil
		case fails(page):
			return failed, nil
		}
		return later, nil
	})
	c.rest(ctx, l.a)
	if l.a == yes && l.q.Token == "" {
		c.goOn(ctx, name, l)
	}
}

// goOn answers what the sign-in waits for, a few times at most. sent is the line after which a code may have gone out.
func (c *client) goOn(ctx context.Context, name string, sent *line) {
	for range 7 {
		s, ok := c.page(ctx, sent)
		if !ok {
			return
		}
		if s.text && (s.resends && c.random.IntN(3) > 0 || c.random.IntN(12) == 0) {
			l := c.resend(ctx, name)
			switch {
			case l.a == over:
				return
			case l.a == yes:
				sent = l
			case mayBe(l.a):
				sent = nil // the page may speak of another code
			}
			c.rest(ctx, l.a)
			continue
		}
		l := c.answer(ctx, name, s)
		switch {
		case l.a == over || l.q.Token != "":
			return
		case l.a == yes:
			name, sent = goesOn(name), l
		}
		c.rest(ctx, l.a)
	}
}

// resend asks for a fresh code.
func (c *client) resend(ctx context.Context, name string) *line {
	return c.ask(ctx, c.browser, question{Act: resend, SignIn: name}, c.patience(), func(ctx context.Context, _ *question) (said, error) {
		page, err := c.browser.Post(ctx, "/sign-in/send", url.Values{})
		switch {
		case page.Status == http.StatusSeeOther && page.Location == "/sign-in/code":
			return yes, err
		case page.Status == http.StatusSeeOther, page.Status == http.StatusGone:
			return over, err
		case fails(page):
			return failed, err
		}
		return later, err
	})
}

// answer gives one answer, or several at once in as many tabs, and returns the one with which the sign-in went on, if any.
func (c *client) answer(ctx context.Context, name string, s shown) *line {
	tabs := []tab{c.browser}
	for c.random.IntN(6) == 0 || len(tabs) > 1 && len(tabs) < 5 {
		tabs = append(tabs, c.another())
	}
	lines := make([]*line, len(tabs))
	var all sync.WaitGroup
	for i, t := range tabs {
		q, patience := c.guess(s), c.patience()
		q.SignIn = name
		all.Go(func() { lines[i] = c.give(ctx, t, q, patience) })
	}
	all.Wait()
	best := lines[0]
	for i, l := range lines {
		if l.a == yes {
			best, c.browser = l, tabs[i]
		}
	}
	return best
}

func (c *client) give(ctx context.Context, t tab, q question, patience time.Duration) *line {
	return c.ask(ctx, t, q, patience, func(ctx context.Context, q *question) (said, error) {
		digits := q.Typed
		if digits == "" {
			digits = c.digits(*q)
		}
		page, err := t.Code(ctx, digits)
		q.Token = t.Session()
		return heard(page, *q), err
	})
}

// heard reads the answer to six digits. Those of an app are never spent: they are wrong, or of a phone whose clock is off.
func heard(page server.Answer, q question) said {
	switch {
	case q.Token != "", page.Status == http.StatusSeeOther && page.Location == "/sign-in/code":
		return yes
	case page.Status == http.StatusUnprocessableEntity && (q.Typed == "" || strings.Contains(page.Body, "That code is not right")):
		return no
	case page.Status == http.StatusUnprocessableEntity:
		return spent
	case page.Status == http.StatusSeeOther, page.Status == http.StatusGone:
		return over
	case fails(page):
		return failed
	}
	return later
}

// guess decides what to type: mostly what is right, sometimes what was, or never was.
func (c *client) guess(s shown) question {
	q, n := question{Act: answer, Enrols: s.enrols}, c.random.IntN(8)
	if s.text {
		came := c.w.phones.of(c.who)
		switch {
		case len(came) == 0 || n == 0:
			q.Typed = fmt.Sprintf("%06d", c.random.IntN(1_000_000))
		case n == 1:
			q.Typed = came[c.random.IntN(len(came))].digits
		case n == 2:
			q.Typed = came[max(0, len(came)-2)].digits
		default:
			q.Typed = came[len(came)-1].digits
		}
		return q
	}
	keys, held := c.b.apps(c.who)
	switch {
	case s.app >= 0:
		q.Key = s.app
	case n == 1:
		q.Key = len(keys) - 1
	default:
		q.Key = held
	}
	if n != 0 {
		q.Step = c.w.clock().Unix()/30 + int64(c.random.IntN(2))
	}
	return q
}

// digits are those of the app's step, or such as none of the technician's apps shows for ten minutes to either side.
func (c *client) digits(q question) string {
	keys, _ := c.b.apps(c.who)
	if q.Step != 0 {
		return team.Member{Key: keys[q.Key]}.Digits(time.Unix(q.Step*30, 0))
	}
	at := c.w.clock().Unix() / 30
	for n := 100_000; ; n++ {
		digits, appears := fmt.Sprint(n), false
		for _, key := range keys {
			for step := at - 20; step <= at+20; step++ {
				appears = appears || team.Member{Key: key}.Digits(time.Unix(step*30, 0)) == digits
			}
		}
		if !appears {
			return digits
		}
	}
}

// shown is the page that a sign-in waits at.
type shown struct {
	app     int  // the one whose key it shows; -1: none
	text    bool // a code is sent
	enrols  bool
	resends bool // the best way on is a fresh code
}

var otpauth = regexp.MustCompile(`secret=([A-Z2-7]+)`)

// page looks at what the sign-in waits for, and notes on the line that led here what it says of a code.
func (c *client) page(ctx context.Context, l *line) (shown, bool) {
	page, err := c.browser.Get(ctx, "/sign-in/code")
	if err != nil || page.Status != http.StatusOK {
		return shown{}, false
	}
	s := shown{app: -1, enrols: strings.Contains(page.Body, "Set up codes by text message"), text: strings.Contains(page.Body, `action="/sign-in/send"`)}
	if key := otpauth.FindStringSubmatch(page.Body); key != nil {
		s.app, s.enrols = c.b.app(c.who, key[1]), true
	}
	if !s.text {
		return s, true
	}
	gone := strings.Contains(page.Body, "A code was sent to") || strings.Contains(page.Body, "The gateway answered that it failed")
	s.resends = !strings.Contains(page.Body, `name="code"`)
	switch {
	case l == nil || l.seen != 0:
	case gone:
		c.b.saw(l, c.w.now(), false)
	case strings.Contains(page.Body, "Send the code"):
		c.b.saw(l, 0, true)
	}
	return s, true
}
