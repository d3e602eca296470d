package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"sallyport"
)

// Client makes HTTP requests; its errors hold a *sallyport.SendError. It follows no redirect.
type Client interface {
	Do(*http.Request) (*http.Response, error)
}

// Sender sends through one account.
type Sender struct {
	http          Client
	address       string
	account       string
	token         string
	from, service string
}

// New makes a Sender from a gateway's settings (account_sid, from or service, url) and its secret auth_token. It dials
// nothing.
func New(g sallyport.Gateway, secrets map[string]string, c Client) (*Sender, error) {
	s := &Sender{http: c, account: g.Settings["account_sid"], token: secrets["auth_token"],
		from: g.Settings["from"], service: g.Settings["service"]}
	base := g.Settings["url"]
	if base == "" {
		base = "https://api.twilio.com"
	}
	if s.account == "" || s.token == "" || (s.from == "") == (s.service == "") {
		return nil, errors.New("twilio: an account, its token, and either a sender or a service are needed")
	}
	s.address = strings.TrimSuffix(base, "/") + "/2010-04-01/Accounts/" + url.PathEscape(s.account) + "/Messages.json"
	return s, nil
}

// SendText asks Twilio to send m and comes back when Twilio took it. Any error is a *sallyport.SendError.
func (s *Sender) SendText(ctx context.Context, m sallyport.Text) error {
	form := url.Values{"To": {m.To}, "Body": {m.Text}}
	if s.service != "" {
		form.Set("MessagingServiceSid", s.service)
	} else {
		form.Set("From", s.from)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address, strings.NewReader(form.Encode()))
	if err != nil {
		return &sallyport.SendError{Outcome: sallyport.NotSent, Permanent: true, Code: "protocol", Cause: err,
			Hint: "Twilio's address in SMS Settings is not one. An administrator must look at it."}
	}
	r.SetBasicAuth(s.account, s.token)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "Sallyport")
	resp, err := s.http.Do(r)
	if err != nil {
		return failed(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil && resp.StatusCode < 300 {
		return unclear(fmt.Errorf("answer %d broke off", resp.StatusCode))
	}
	return read(resp.StatusCode, body)
}

// answer is what Twilio says, of a message that was taken or of one that was not.
type answer struct {
	SID       string `json:"sid"`
	Status    any    `json:"status"`     // the message's, a word; or the HTTP status, a number
	ErrorCode *int   `json:"error_code"` // of a message that failed at once
	Code      int    `json:"code"`       // of a request that was refused
}

func read(status int, body []byte) error {
	var a answer
	parsed := json.Unmarshal(body, &a) == nil
	switch {
	case status >= 300 && status < 400:
		return refused(status, 0, false, "Twilio's address in SMS Settings leads elsewhere, and redirects are not followed. An administrator must look at it.")
	case status >= 400:
		return explain(status, a.Code)
	case status < 200 || !parsed || a.SID == "":
		return unclear(fmt.Errorf("answer %d is not Twilio's", status))
	case a.ErrorCode != nil && *a.ErrorCode != 0:
		return explain(status, *a.ErrorCode)
	}
	if word, _ := a.Status.(string); word == "failed" || word == "undelivered" || word == "canceled" {
		return refused(status, 0, false, "Twilio could not send the message. Please try again in a minute.")
	}
	return nil
}

func failed(err error) error {
	var known *sallyport.SendError
	if errors.As(err, &known) {
		return known
	}
	return unclear(errors.New("the request broke off"))
}

func unclear(cause error) *sallyport.SendError {
	return &sallyport.SendError{Outcome: sallyport.MaybeSent, Code: "protocol", Cause: fmt.Errorf("twilio: %w", cause),
		Hint: "Twilio's answer could not be read. The message may still arrive."}
}

func refused(status, code int, permanent bool, hint string) *sallyport.SendError {
	return &sallyport.SendError{Outcome: sallyport.NotSent, Permanent: permanent, Code: "refused", Hint: hint,
		Cause: fmt.Errorf("twilio: answer %d, error %d", status, code)}
}
