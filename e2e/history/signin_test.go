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
		c.goOn(ctx, errand{name: name}, l)
	}
}

// errand is what a client does in a sign-in: to get in, or to prove a session again.
type errand struct {
	name   string
	within string // the session that is proved again
	fool   bool   // he answers wrongly until he is thrown out
}

// goOn answers what the sign-in waits for, a few times at most, and returns the session that it brought. sent is the line
// after which a code may have gone out.
func (c *client) goOn(ctx context.Context, e errand, sent *line) (token string) {
	for range 7 {
		s, ok := c.page(ctx, sent)
		if !ok || s.word && c.asks() {
			return ""
		}
		if s.text && (s.resends && c.random.IntN(3) > 0 || c.random.IntN(12) == 0) {
			l := c.resend(ctx, e)
			switch {
			case l.a == over:
				return ""
			case l.a == yes:
				sent = l
			case mayBe(l.a):
				sent = nil // the page may speak of another code
			}
			c.rest(ctx, l.a)
			continue
		}
		l := c.answer(ctx, e, s)
		switch {
		case l.a == over || l.a == ousted || l.q.Token != "":
			return l.q.Token
		case l.a == yes && l.q.Way == byWord && c.random.IntN(3) == 0:
			c.b.tryAgain(c.who) // he loses this sign-in, and types the same code in the next
			return ""
		case l.a == yes:
			e.name, sent = goesOn(e.name), l
		}
		c.rest(ctx, l.a)
	}
	return ""
}

// resend asks for a fresh code.
func (c *client) resend(ctx context.Context, e errand) *line {
	return c.ask(ctx, c.browser, question{Act: resend, SignIn: e.name, Within: e.within}, c.patience(), func(ctx context.Context, _ *question) (said, error) {
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
func (c *client) answer(ctx context.Context, e errand, s shown) *line {
	tabs := []tab{c.browser}
	for c.random.IntN(6) == 0 || len(tabs) > 1 && len(tabs) < 5 {
		tabs = append(tabs, c.another())
	}
	lines := make([]*line, len(tabs))
	var all sync.WaitGroup
	for i, t := range tabs {
		q, patience := c.guess(s, e.fool), c.patience()
		q.Act, q.SignIn, q.Within = answer, e.name, e.within
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
		field, before := "code", t.Session()
		if q.Way == byPassword {
			field = "password"
		}
		page, err := t.Post(ctx, ways[q.Way], url.Values{field: {c.typed(*q)}})
		c.brings(t, before, page, q)
		return heard(page, *q), err
	})
}

// ways are where answers go.
var ways = map[string]string{"": "/sign-in/code", byRecovery: "/sign-in/recovery", byWord: "/sign-in/enrolment-code", byPassword: "/sign-in/password"}

var recoveryCode = regexp.MustCompile(`<li>([0-9A-Z-]{30})</li>`)

// brings notes the session that an answer brought to a tab, and the recovery codes that it showed.
func (c *client) brings(t tab, before string, page server.Answer, q *question) {
	if token := t.Session(); token != before {
		q.Token = token
	}
	var codes []string
	for _, m := range recoveryCode.FindAllStringSubmatch(page.Body, -1) {
		codes = append(codes, m[1])
	}
	if q.Token != "" && len(codes) > 0 {
		q.Fresh = c.b.sheet(c.who, codes)
	}
}

// heard reads the answer to what was typed. Only codes that were sent are ever spent: others are wrong, or of a phone whose
// clock is off.
func heard(page server.Answer, q question) said {
	switch {
	case q.Token != "", page.Status == http.StatusSeeOther && page.Location == "/sign-in/code":
		return yes
	case page.Status == http.StatusUnprocessableEntity && (q.Typed == "" || strings.Contains(page.Body, "That code is not right")):
		return no
	case page.Status == http.StatusUnprocessableEntity:
		return spent
	case page.Status == http.StatusSeeOther && page.Location == "/sign-in":
		return ousted
	case page.Status == http.StatusSeeOther, page.Status == http.StatusGone:
		return over
	case fails(page):
		return failed
	}
	return later
}
