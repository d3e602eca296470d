package vonage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"sallyport"
)

// Client makes HTTP requests; its errors hold a *sallyport.SendError. It follows no redirect.
type Client interface {
	Do(*http.Request) (*http.Response, error)
}

// Sender sends through one account.
type Sender struct {
	http                       Client
	address, key, secret, from string
}

// New makes a Sender from a gateway's settings (api_key, from, url) and its secret api_secret. It dials nothing.
func New(g sallyport.Gateway, secrets map[string]string, c Client) (*Sender, error) {
	s := &Sender{http: c, key: g.Settings["api_key"], secret: secrets["api_secret"], from: strings.TrimPrefix(g.Settings["from"], "+")}
	base := g.Settings["url"]
	if base == "" {
		base = "https://rest.nexmo.com"
	}
	if s.key == "" || s.secret == "" || s.from == "" {
		return nil, errors.New("vonage: a key, its secret and a sender are needed")
	}
	s.address = strings.TrimSuffix(base, "/") + "/sms/json"
	return s, nil
}

// SendText asks Vonage to send m and comes back when Vonage took all of its parts. Any error is a *sallyport.SendError.
// The secret and the text stand in the body alone, and numbers without their +, as the API wants them.
func (s *Sender) SendText(ctx context.Context, m sallyport.Text) error {
	form := url.Values{"api_key": {s.key}, "api_secret": {s.secret}, "from": {s.from}, "to": {strings.TrimPrefix(m.To, "+")},
		"text": {m.Text}, "type": {alphabet(m)}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address, strings.NewReader(form.Encode()))
	if err != nil {
		return &sallyport.SendError{Outcome: sallyport.NotSent, Permanent: true, Code: "protocol", Cause: err,
			Hint: "Vonage's address in SMS Settings is not one. An administrator must look at it."}
	}
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

// alphabet is that of the message: GSM's, or UCS-2 for everything else.
func alphabet(m sallyport.Text) string {
	if m.GSM {
		return "text"
	}
	return "unicode"
}

// answer is what Vonage says of each part that the message was cut into. One that was taken has a number.
type answer struct {
	Messages []struct {
		Status string `json:"status"`
		ID     string `json:"message-id"`
	} `json:"messages"`
}

func read(status int, body []byte) error {
	switch {
	case status >= 300 && status < 400:
		return refused(status, meaning{"refused", false, "Vonage's address in SMS Settings leads elsewhere, and redirects are not followed. An administrator must look at it."})
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return refused(status, badLogin)
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable || status == enhanceYourCalm:
		return refused(status, crowded)
	case status >= 400 && status < 500:
		return refused(status, meaning{"refused", true, fmt.Sprintf("Vonage refused the request (answer %d). An administrator must look at SMS Settings.", status)})
	}
	var a answer
	if status < 200 || status >= 500 || json.Unmarshal(body, &a) != nil || len(a.Messages) == 0 {
		return unclear(fmt.Errorf("answer %d is not Vonage's", status))
	}
	taken, refusal := 0, 0 // how many parts were taken, and the status of one that was not
	for i, part := range a.Messages {
		code, err := strconv.Atoi(part.Status)
		switch {
		case err != nil || code == 0 && part.ID == "":
			return unclear(fmt.Errorf("part %d has no status", i+1))
		case code == 0:
			taken++
		default:
			refusal = code
		}
	}
	switch {
	case refusal == 0:
		return nil
	case taken > 0:
		return unclear(fmt.Errorf("%d of %d parts were taken, another was refused with status %d", taken, len(a.Messages), refusal))
	}
	return explain(refusal)
}

// enhanceYourCalm is what the API answered to too many requests before there was a 429.
const enhanceYourCalm = 420

func failed(err error) error {
	var known *sallyport.SendError
	if errors.As(err, &known) {
		return known
	}
	return unclear(errors.New("the request broke off"))
}

func unclear(cause error) *sallyport.SendError {
	return &sallyport.SendError{Outcome: sallyport.MaybeSent, Code: "protocol", Cause: fmt.Errorf("vonage: %w", cause),
		Hint: "Vonage's answer could not be read. The message may still arrive."}
}

func refused(status int, m meaning) *sallyport.SendError {
	return &sallyport.SendError{Outcome: sallyport.NotSent, Permanent: m.permanent, Code: m.code, Hint: m.hint,
		Cause: fmt.Errorf("vonage: answer %d", status)}
}
