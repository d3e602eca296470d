package dial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"sallyport"
)

// answerLimit is how much of an answer is read; of a longer one the rest is dropped unseen, and reading it ends in an error.
const answerLimit = 64 << 10

// Client makes the HTTP client that gateways speak through: https anywhere that may be dialled, http inside the allowed
// networks only. It follows no redirect, asks no proxy, keeps no connection, and its errors are *sallyport.SendError
// (behind the *url.Error of net/http) that say whether the request may have arrived. roots nil means the system's.
func (d *Dialer) Client(roots *x509.CertPool) *http.Client {
	tr := &http.Transport{
		Proxy:                  nil,
		DialContext:            d.DialPlain,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: answerLimit,
		TLSHandshakeTimeout:    5 * time.Second,
	}
	tr.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		return d.dialTLS(ctx, network, address, roots)
	}
	return &http.Client{
		Transport:     guarded{tr},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (d *Dialer) dialTLS(ctx context.Context, network, address string, roots *x509.CertPool) (net.Conn, error) {
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		conn.Close()
		return nil, failed(err)
	}
	secured := tls.Client(conn, &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		if ctx.Err() != nil { // it was silent, which says nothing about its certificate
			return nil, failed(ctx.Err())
		}
		return nil, &sallyport.SendError{Outcome: sallyport.NotSent, Code: "tls", Cause: err,
			Hint: "The server's certificate or TLS is not in order, so nothing was sent. An administrator must look at it."}
	}
	return secured, nil
}

// guarded turns errors into *sallyport.SendError and bounds what is read.
type guarded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && r.URL.Scheme != "http" || r.URL.User != nil {
		return nil, failed(fmt.Errorf("scheme %q is not spoken", r.URL.Scheme))
	}
	var written atomic.Bool // anything of the request may have left
	trace := &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }}
	resp, err := g.next.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		return nil, broken(err, written.Load())
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, answerLimit)
	return resp, nil
}

func broken(err error, written bool) error {
	var known *sallyport.SendError
	if errors.As(err, &known) {
		return known
	}
	e := &sallyport.SendError{Outcome: sallyport.NotSent, Code: "unreachable", Cause: err,
		Hint: "The connection to the server broke. Please try again in a minute."}
	if written {
		e.Outcome = sallyport.MaybeSent
		e.Code, e.Hint = "protocol", "The server broke off before it answered. The message may still arrive."
	}
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.As(err, &timeout) && timeout.Timeout() {
		e.Code = "timeout"
		if written {
			e.Hint = "The server did not answer in time. The message may still arrive."
		}
	}
	return e
}
