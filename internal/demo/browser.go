package demo

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// browser is one HTTP client that signs in through the front door, as a browser without scripts would.
type browser struct {
	name   string // as the list of sessions calls it
	agent  string // User-Agent
	base   string
	client *http.Client
}

// agents are three browsers of one person.
var agents = []struct{ name, agent string }{
	{"Firefox on Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"},
	{"Safari on iPhone", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"},
	{"Chrome on Linux", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36"},
}

func newBrowser(base, name, agent string) (*browser, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: 5 * time.Second}
	transport := &http.Transport{MaxIdleConnsPerHost: 2, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, "127.0.0.1:"+u.Port())
	}}
	return &browser{name: name, agent: agent, base: base, client: &http.Client{Jar: jar, Transport: transport, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// ask sends a request, with form as a POST, and answers with status, where it leads and the page.
func (b *browser) ask(ctx context.Context, path string, form url.Values) (status int, location, page string, err error) {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, b.base+path, body)
	if err != nil {
		return 0, "", "", err
	}
	r.Header.Set("User-Agent", b.agent)
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.base)
	}
	resp, err := b.client.Do(r)
	if err != nil {
		return 0, "", "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, resp.Header.Get("Location"), string(text), err
}

// signedIn asks GET /session, as a proxy in front of an application would.
func (b *browser) signedIn(ctx context.Context) (bool, error) {
	status, _, _, err := b.ask(ctx, "/session", nil)
	switch {
	case err != nil:
		return false, err
	case status == http.StatusNoContent:
		return true, nil
	case status == http.StatusUnauthorized:
		return false, nil
	}
	return false, fmt.Errorf("GET /session answered %d", status)
}

// errAtDoor says that the sign-in waits for something that nobody here can give.
var errAtDoor = errors.New("at the door")

// signIn goes through the door with password and, where one is asked for, the code that codes hands out.
func (b *browser) signIn(ctx context.Context, m member, codes func(context.Context, time.Time) string) error {
	begin := time.Now()
	if _, _, _, err := b.ask(ctx, "/sign-in", nil); err != nil {
		return err
	}
	status, location, page, err := b.ask(ctx, "/sign-in", url.Values{"user_name": {m.UserName}, "password": {m.Password}, "return": {"/"}})
	if err != nil || status != http.StatusSeeOther {
		return errors.Join(err, waiting(page))
	}
	if in, err := b.signedIn(ctx); in || err != nil {
		return err
	}
	if _, _, page, err = b.ask(ctx, location, nil); err != nil {
		return err
	}
	return b.giveCodes(ctx, page, func() string { return codes(ctx, begin) })
}

// codeTries is how often a code is given: the app's may have been used a moment ago by another browser.
const codeTries = 3

// giveCodes answers the page that asks for a code, as long as there is another one to give.
func (b *browser) giveCodes(ctx context.Context, page string, next func() string) error {
	given := ""
	for range codeTries {
		if !strings.Contains(page, `action="/sign-in/code"`) || strings.Contains(page, "otpauth:") {
			break
		}
		code := next()
		if code == "" || code == given {
			break
		}
		given = code
		var err error
		if _, _, page, err = b.ask(ctx, "/sign-in/code", url.Values{"code": {code}}); err != nil {
			return err
		}
		if in, err := b.signedIn(ctx); in || err != nil {
			return err
		}
	}
	return waiting(page)
}

var headline = regexp.MustCompile(`(?s)<h1[^>]*>(.*?)</h1>`)

// waiting names the page that a sign-in has come to, by its first heading.
func waiting(page string) error {
	if found := headline.FindStringSubmatch(page); found != nil {
		return fmt.Errorf("%w: “%s”", errAtDoor, strings.TrimSpace(html.UnescapeString(found[1])))
	}
	return fmt.Errorf("%w", errAtDoor)
}
