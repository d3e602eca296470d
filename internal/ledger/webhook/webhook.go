// Package webhook hands audit records to an HTTPS address, as signed JSON.
//
// It owns the form of the request and what counts as taken. It must not know what a record says. Begin with Send; the
// receiver's side of the signature is in docs/audit.md.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"sallyport"
)

// SignatureHeader carries the time and the HMAC: t=<Unix seconds>,v1=<hexadecimal HMAC-SHA-256 of "<t>.<body>">.
const SignatureHeader = "Sallyport-Signature"

// Options are how the receiver is reached and how requests are signed.
type Options struct {
	Address string
	Secret  []byte
	Client  *http.Client     // follows no redirect, dials under the rule of allowed networks
	Now     func() time.Time // of the signature
}

// Sink is one receiver.
type Sink struct {
	name string
	o    Options
}

// New makes a sink. Its name leaves out path and query, which may be a secret.
func New(o Options) (*Sink, error) {
	u, err := url.Parse(o.Address)
	if err != nil {
		return nil, errors.New("webhook: what audit_webhook holds is not an address")
	}
	return &Sink{name: "webhook:" + u.Scheme + "://" + u.Host, o: o}, nil
}

// Name implements the ledger's Sink.
func (s *Sink) Name() string { return s.name }

// Send posts the batch. An answer of 200 to 299 says that the receiver has all of it.
func (s *Sink) Send(ctx context.Context, batch []sallyport.SinkRecord) error {
	records := make([]json.RawMessage, len(batch))
	for i, r := range batch {
		records[i] = r.JSON
	}
	body, err := json.Marshal(struct {
		Records []json.RawMessage `json:"records"`
	}{records})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.o.Address, bytes.NewReader(body))
	if err != nil {
		return errors.New("webhook: the address cannot be used")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Sallyport")
	r.Header.Set(SignatureHeader, Signature(s.o.Secret, s.o.Now(), body))
	resp, err := s.o.Client.Do(r)
	if err != nil {
		return fmt.Errorf("webhook: %w", unwrapURL(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("webhook: the receiver answered %d", resp.StatusCode)
	}
	return nil
}

// unwrapURL leaves the address out of an error: its query may be a secret.
func unwrapURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// Signature is the header's value for a body at a time.
func Signature(secret []byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(t + "."))
	h.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(h.Sum(nil))
}
