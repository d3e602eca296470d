package history

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"sallyport/internal/testkit/server"
)

// care does with a session what takes a fresh proof, and proves it again where that is asked for.
func (c *client) care(ctx context.Context, token string) {
	if c.random.IntN(4) > 0 && !c.b.lacks("proof again ousted") && !c.b.lacks("by "+byPassword+" yes") {
		if l := c.renew(ctx, token); l.a != stale {
			return
		}
	}
	if fresh := c.confirm(ctx, token); fresh != "" {
		c.renew(ctx, fresh)
	}
}

// renew asks for ten new recovery codes.
func (c *client) renew(ctx context.Context, token string) *line {
	c.browser.HoldSession(token)
	l := c.ask(ctx, c.browser, question{Act: renew, Within: token}, c.patience(), func(ctx context.Context, q *question) (said, error) {
		page, err := c.browser.Post(ctx, "/me/recovery-codes", url.Values{})
		c.brings(c.browser, token, page, q)
		switch {
		case q.Token != "":
			return yes, err
		case page.Status == http.StatusUnauthorized:
			return out, err
		case page.Status == http.StatusForbidden && strings.Contains(page.Body, "confirm that it is you"):
			return stale, err
		case page.Status == http.StatusConflict && strings.Contains(page.Body, "Recovery codes belong to a second factor"):
			return factors, err
		case fails(page):
			return failed, err
		}
		return later, err
	})
	c.rest(ctx, l.a)
	return l
}

// confirm proves a session again, and returns the token that it then has.
func (c *client) confirm(ctx context.Context, token string) string {
	c.browser.HoldSession(token)
	page, err := c.browser.Get(ctx, "/confirm")
	if err != nil {
		return ""
	}
	e := errand{name: fmt.Sprint("s", signIns.Add(1)), within: token, fool: c.random.IntN(6) == 0 || c.random.IntN(2) == 0 && c.b.lacks("proof again ousted")}
	q, form := c.begins(page, e)
	q.Act, q.SignIn, q.Within = confirm, e.name, token
	l := c.ask(ctx, c.browser, q, c.patience(), func(ctx context.Context, q *question) (said, error) {
		page, err := c.browser.Post(ctx, "/confirm", form)
		c.brings(c.browser, token, page, q)
		if page.Status == http.StatusUnauthorized {
			return out, err
		}
		if page.Status == http.StatusSeeOther && page.Location == ways[byRecovery] {
			return yes, err
		}
		return heard(page, *q), err
	})
	c.rest(ctx, l.a)
	if l.q.Token != "" || l.a != yes && l.a != no {
		return l.q.Token
	}
	return c.goOn(ctx, e, l)
}

// begins decides how a proof begins: with what the page asks for, with nothing, or with the wish to give a recovery code.
func (c *client) begins(page server.Answer, e errand) (question, url.Values) {
	form := url.Values{"return": {"/me"}}
	s := shown{app: -1, password: strings.Contains(page.Body, `name="password"`)}
	switch {
	case !s.password && c.random.IntN(4) == 0:
		form.Set("way", "recovery")
	case s.password || strings.Contains(page.Body, `name="code"`) && c.random.IntN(3) > 0:
		q := c.guess(s, e.fool)
		q.AtOnce = true
		field := "code"
		if s.password {
			field = "password"
		}
		form.Set(field, c.typed(q))
		return q, form
	}
	return question{}, form
}
