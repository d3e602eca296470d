package kannel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"sallyport"
)

// Client makes HTTP requests; its errors hold a *sallyport.SendError. It follows no redirect.
type Client interface {
	Do(*http.Request) (*http.Response, error)
}

// Sender sends through one smsbox.
type Sender struct {
	http                          Client
	address, user, password, from string
}

// New makes a Sender from a gateway's settings (url, user, from) and its secret password. It dials nothing.
func New(g sallyport.Gateway, secrets map[string]string, c Client) (*Sender, error) {
	s := &Sender{http: c, address: g.Settings["url"], user: g.Settings["user"], password: secrets["password"], from: g.Settings["from"]}
	if s.address == "" || s.user == "" || s.password == "" || s.from == "" {
		return nil, errors.New("kannel: address, user, password and sender are needed")
	}
	return s, nil
}

// SendText asks the smsbox to send m and comes back when it took it. Any error is a *sallyport.SendError. Kannel drops
// no message that it has taken, one that waits for the phone network included: such a one counts as maybe sent, since
// a code may be over by the time it arrives.
func (s *Sender) SendText(ctx context.Context, m sallyport.Text) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address, strings.NewReader(m.Text))
	if err != nil {
		return &sallyport.SendError{Outcome: sallyport.NotSent, Permanent: true, Code: "protocol", Cause: err,
			Hint: "Kannel's address in SMS Settings is not one. An administrator must look at it."}
	}
	r.Header.Set("Content-Type", "text/plain; charset=UTF-8")
	r.Header.Set("X-Kannel-Username", s.user)
	r.Header.Set("X-Kannel-Password", s.password)
	r.Header.Set("X-Kannel-From", s.from)
	r.Header.Set("X-Kannel-To", m.To)
	r.Header.Set("X-Kannel-Coding", coding(m))
	r.Header.Set("User-Agent", "Sallyport")
	resp, err := s.http.Do(r)
	if err != nil {
		return failed(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return read(resp.StatusCode, strings.TrimSpace(string(body)), err)
}

// coding is 0 (GSM alphabet, 160 characters to a message) or 2 (UCS-2, 70 characters).
func coding(m sallyport.Text) string {
	if m.GSM {
		return "0"
	}
	return "2"
}

// read judges an answer by status and body: "0: Accepted for delivery", "3: Queued for later delivery", and refusals.
func read(status int, body string, cut error) error {
	switch {
	case status == http.StatusAccepted && strings.HasPrefix(body, "0:"), status == http.StatusOK && strings.HasPrefix(body, "0:"):
		return nil
	case status == http.StatusAccepted && strings.HasPrefix(body, "3:"):
		return &sallyport.SendError{Outcome: sallyport.MaybeSent, Code: "refused", Cause: errors.New("kannel: queued for later delivery"),
			Hint: "The phone network is not connected to the gateway right now; the message waits there. It may still arrive."}
	case status == http.StatusForbidden || status == http.StatusUnauthorized:
		return refused(status, true, "auth", "Kannel refused Sallyport's user name or password, or this machine. An administrator must look at SMS Settings.")
	case status == http.StatusBadRequest:
		return refused(status, true, "bad_number", "Kannel refused the number or the sender. An administrator must look at both.")
	case status >= 300 && status < 400:
		return refused(status, true, "refused", "Kannel's address leads elsewhere, and redirects are not followed. An administrator must look at SMS Settings.")
	case status == http.StatusServiceUnavailable:
		return refused(status, false, "refused", "The text message gateway takes no messages right now. Please try again in a minute.")
	case status >= 400 && status < 500:
		return refused(status, true, "refused", fmt.Sprintf("Kannel refused the message (status %d). An administrator must look at SMS Settings.", status))
	}
	cause := fmt.Errorf("kannel: answer %d is not one of Kannel's", status)
	if cut != nil {
		cause = fmt.Errorf("kannel: answer %d broke off", status)
	}
	return &sallyport.SendError{Outcome: sallyport.MaybeSent, Code: "protocol", Cause: cause,
		Hint: "The text message gateway answered in an unclear way. The message may still arrive."}
}

func failed(err error) error {
	var known *sallyport.SendError
	if errors.As(err, &known) {
		return known
	}
	return &sallyport.SendError{Outcome: sallyport.MaybeSent, Code: "protocol", Cause: errors.New("kannel: the request broke off"),
		Hint: "The connection to the text message gateway broke. The message may still arrive."}
}

func refused(status int, permanent bool, code, hint string) *sallyport.SendError {
	return &sallyport.SendError{Outcome: sallyport.NotSent, Permanent: permanent, Code: code, Hint: hint,
		Cause: fmt.Errorf("kannel: answer %d", status)}
}
