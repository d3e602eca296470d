package httpsms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"sallyport"
)

// Client makes HTTP requests; its errors hold a *sallyport.SendError. It follows no redirect and bounds the answer.
type Client interface {
	Do(*http.Request) (*http.Response, error)
}

// Sender sends through one gateway.
type Sender struct {
	http            Client
	method, address string
	headers         http.Header
	body            template
	from, secret    string
	okText, badText string
}

// New makes a Sender from a gateway's settings (url, method, format, body, from, ok_text, bad_text) and its secret
// headers and secret. It dials nothing.
func New(g sallyport.Gateway, secrets map[string]string, c Client) (*Sender, error) {
	s := &Sender{http: c, method: g.Settings["method"], address: g.Settings["url"], from: g.Settings["from"], secret: secrets["secret"],
		okText: g.Settings["ok_text"], badText: g.Settings["bad_text"], headers: http.Header{}}
	if s.method != http.MethodPost && s.method != http.MethodPut {
		return nil, fmt.Errorf("httpsms: method %q: the code would stand in the address", s.method)
	}
	var err error
	if s.body, err = parse(g.Settings["format"], g.Settings["body"]); err != nil {
		return nil, err
	}
	for line := range strings.Lines(secrets["headers"]) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			s.headers.Add(name, strings.TrimSpace(value))
		}
	}
	return s, nil
}

// SendText asks the gateway to send m and comes back when it said yes. Any error is a *sallyport.SendError.
func (s *Sender) SendText(ctx context.Context, m sallyport.Text) error {
	body, kind, err := s.body.fill(map[string]string{"{to}": m.To, "{text}": m.Text, "{from}": s.from, "{id}": sallyport.NewID(), "{secret}": s.secret})
	if err != nil {
		return unfit(err)
	}
	r, err := http.NewRequestWithContext(ctx, s.method, s.address, strings.NewReader(body))
	if err != nil {
		return unfit(err)
	}
	for name, values := range s.headers {
		r.Header[name] = values
	}
	r.Header.Set("Content-Type", kind)
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", "Sallyport")
	}
	resp, err := s.http.Do(r)
	if err != nil {
		return broken(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return s.judge(resp.StatusCode, string(answer), err)
}

// judge reads the gateway's answer. Nothing of its text is kept: it could repeat the code.
func (s *Sender) judge(status int, answer string, cut error) error {
	switch {
	case status >= 300 && status < 400:
		return refused(status, true, "refused", "The gateway's address leads elsewhere, and redirects are not followed. An administrator must look at SMS Settings.")
	case status == 401 || status == 403:
		return refused(status, true, "auth", "The gateway refused Sallyport. An administrator must look at the headers in SMS Settings.")
	case status == 429 || status == 503:
		return refused(status, false, "refused", "The gateway takes no more messages for the moment. Please try again in a minute.")
	case status >= 500:
		return unclear(fmt.Errorf("answer %d", status))
	case status < 200 || status >= 400:
		return refused(status, true, "refused", fmt.Sprintf("The gateway refused the message (status %d). An administrator must look at SMS Settings.", status))
	case s.badText != "" && strings.Contains(answer, s.badText):
		return refused(status, false, "refused", "The gateway answered that it failed. Please try again in a minute, or ask your administrator.")
	case s.okText != "" && !strings.Contains(answer, s.okText) && cut == nil:
		return refused(status, false, "refused", "The gateway did not answer as expected. Please try again in a minute, or ask your administrator.")
	case cut != nil && (s.okText != "" && !strings.Contains(answer, s.okText) || s.badText != ""):
		return unclear(fmt.Errorf("answer %d broke off", status))
	}
	return nil
}

func broken(err error) error {
	var known *sallyport.SendError
	if errors.As(err, &known) {
		return known
	}
	return unclear(errors.New("the request broke off"))
}

func unclear(cause error) *sallyport.SendError {
	return &sallyport.SendError{Outcome: sallyport.MaybeSent, Code: "protocol", Cause: fmt.Errorf("http gateway: %w", cause),
		Hint: "The gateway failed in an unclear way. The message may still arrive; if not, try again in a minute."}
}

func refused(status int, permanent bool, code, hint string) *sallyport.SendError {
	return &sallyport.SendError{Outcome: sallyport.NotSent, Permanent: permanent, Code: code, Hint: hint,
		Cause: fmt.Errorf("http gateway: answer %d", status)}
}

func unfit(err error) *sallyport.SendError {
	return &sallyport.SendError{Outcome: sallyport.NotSent, Permanent: true, Code: "protocol", Cause: fmt.Errorf("http gateway: %w", err),
		Hint: "SMS Settings do not make a request. An administrator must look at them."}
}
