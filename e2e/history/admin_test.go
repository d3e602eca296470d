package history

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"sallyport/internal/testkit/server"
)

var (
	versionField  = regexp.MustCompile(`name="version"[^>]*value="(\d+)"|value="(\d+)"[^>]*name="version"`)
	enrolmentCode = regexp.MustCompile(`id="secret"[^>]*>([0-9A-Z]{4}-[0-9A-Z]{4})<`)
	checkedMethod = regexp.MustCompile(`<input[^>]*name="method"[^>]*value="(\w+)"[^>]*checked`)
)

// rule is an administrator's act on one technician.
func (c *client) rule(ctx context.Context) {
	q := question{Act: []act{everywhere, everywhere, shut, open, open, open, reset, save, save, save}[c.random.IntN(10)]}
	for _, rare := range []act{shut, open} {
		if c.random.IntN(3) == 0 && c.b.lacks(string(rare)+" yes") {
			q.Act = rare
		}
	}
	c.who = c.random.IntN(len(c.w.members))
	if who, any := c.b.waiting(q.Act == open); any && q.Act == open {
		c.who = who
	} else if any {
		c.who, q.Act = who, reset
	}
	path := "/admin/technicians/" + string(c.w.members[c.who].ID)
	c.browser.HoldSession(c.w.admin)
	if q.Act == save {
		c.save(ctx, path)
		return
	}
	c.act(ctx, path, q)
}

// act does what has a button of its own.
func (c *client) act(ctx context.Context, path string, q question) {
	name := map[act]string{everywhere: "/sign-out", shut: "/deactivate", open: "/activate", reset: "/reset"}[q.Act]
	form := url.Values{}
	if q.Act == shut || q.Act == reset {
		form.Set("reason", "a test of many at once")
	}
	l := c.ask(ctx, c.browser, q, c.patience(), func(ctx context.Context, q *question) (said, error) {
		page, err := c.browser.Post(ctx, path+name, form)
		if word := enrolmentCode.FindStringSubmatch(page.Body); q.Act == reset && err == nil && word != nil {
			q.Word = word[1]
			c.b.spoke(c.who, q.Word)
			return yes, nil
		}
		return ruled(page), err
	})
	if l.a == yes && q.Act == reset && c.random.IntN(3) == 0 { // a code that dies before it is used
		c.act(ctx, path, question{Act: everywhere})
	}
}

// ruled: a redirect to an Admin page says that it was done, a refusal that it was not.
func ruled(page server.Answer) said {
	switch {
	case page.Status == http.StatusSeeOther && strings.HasPrefix(page.Location, "/admin/"):
		return yes
	case fails(page):
		return failed
	}
	return no
}

// save turns the method that the form shows to another one.
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
	others := slices.DeleteFunc([]string{byApp, byText, byText, off}, func(s string) bool { return s == was[1] })
	q := question{Act: save, Method: others[c.random.IntN(len(others))]}
	if was[1] != off && c.b.lacks("by "+byPassword+" yes") && c.random.IntN(2) == 0 {
		q.Method = off
	}
	form := url.Values{"version": {version[1] + version[2]}, "first_name": {m.FirstName}, "last_name": {m.LastName}, "user_name": {m.UserName},
		"email": {m.Email}, "phone": {m.Phone}, "role": {string(m.Role)}, "method": {q.Method}}
	c.ask(ctx, c.browser, q, c.patience(), func(ctx context.Context, _ *question) (said, error) {
		page, err := c.browser.Post(ctx, path, form)
		return ruled(page), err
	})
}
