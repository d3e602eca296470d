package app

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net/url"
	"os"

	"sallyport/internal/delivery/dial"
	"sallyport/internal/ledger"
	"sallyport/internal/ledger/file"
	"sallyport/internal/ledger/syslog"
	"sallyport/internal/ledger/webhook"
)

// newLedger makes the keeper of the audit log with the sinks that the configuration names. The log's name is that of
// the installation's first key, from which its signatures come, whichever key is in force.
func newLedger(c *core) (*ledger.Service, error) {
	sinks, err := newSinks(c)
	if err != nil {
		return nil, err
	}
	return ledger.New(ledger.Options{Store: transactions[ledger.Tx]{c.db, c.fit}, Key: c.keys.SigningKey("audit head"),
		Origin: "sallyport-audit-" + c.keys.Name(), Sinks: sinks, Log: c.log})
}

func newSinks(c *core) ([]ledger.Sink, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	dialer := dial.New(dial.Options{Allowed: c.cfg.Networks()})
	var sinks []ledger.Sink
	if c.cfg.AuditFile != "" {
		s := file.New(c.cfg.AuditFile, host)
		if warning := s.Warning(); warning != "" {
			c.log.Warn(warning)
		}
		sinks = append(sinks, s)
	}
	if c.cfg.AuditSyslog != "" {
		roots, err := readRoots(c.cfg.AuditSyslogCA)
		if err != nil {
			return nil, fmt.Errorf("audit_syslog_ca: %w", err)
		}
		s, err := syslog.New(c.cfg.AuditSyslog, syslog.Options{Host: host, Roots: roots, DialTLS: dialer.DialContext,
			DialPlain: dialer.DialPlain, DialUDP: dialer.DialUDP})
		if err != nil {
			return nil, err
		}
		sinks = append(sinks, s)
	}
	if c.cfg.AuditWebhook != "" {
		secret, err := readSecret(c.cfg.AuditWebhookKey)
		if err != nil {
			return nil, fmt.Errorf("audit_webhook_secret: %w", err)
		}
		w, err := webhook.New(webhook.Options{Address: c.cfg.AuditWebhook, Secret: secret, Client: dialer.Client(nil), Now: c.now})
		if err != nil {
			return nil, err
		}
		sinks = append(sinks, w)
	}
	return sinks, nil
}

// warnOfSinks says of each sink that could never be dialled why, before there is an event for it. It may wait for a name to be
// looked up, which nothing else waits for.
func (c *core) warnOfSinks(ctx context.Context) {
	dialer := dial.New(dial.Options{Allowed: c.cfg.Networks()})
	for _, s := range []struct{ key, address string }{{"audit_syslog", c.cfg.AuditSyslog}, {"audit_webhook", c.cfg.AuditWebhook}} {
		u, err := url.Parse(s.address)
		if err != nil || u.Hostname() == "" {
			continue // none, or a socket on this machine
		}
		if err := dialer.Refused(ctx, u.Hostname(), u.Scheme != "tls" && u.Scheme != "https"); err != nil {
			c.log.Warn("nothing can be handed to the address that "+s.key+" names: the events wait until allowed_networks lists it, or "+s.key+" names another",
				"address", u.Scheme+"://"+u.Host, "error", err) // what follows the host may be a secret
		}
	}
}

// readRoots reads certificates, nil for no path: the system's.
func readRoots(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", path)
	}
	return roots, nil
}

const (
	shortestSecret = 16
	longestSecret  = 4096
)

func readSecret(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, longestSecret+1))
	if err != nil {
		return nil, err
	}
	if len(text) > longestSecret {
		return nil, fmt.Errorf("%s is longer than %d bytes", path, longestSecret)
	}
	secret := bytes.TrimSpace(text)
	if len(secret) < shortestSecret {
		return nil, fmt.Errorf("%s holds less than %d characters", path, shortestSecret)
	}
	return secret, nil
}
