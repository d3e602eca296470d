package app

import (
	"crypto/tls"
	"fmt"
	"sync/atomic"

	"sallyport/internal/config"
)

// certificate is the server's own, from files that may be replaced while it runs.
type certificate struct {
	cert, key string
	current   atomic.Pointer[tls.Certificate]
}

func newCertificate(cfg config.Config) (*certificate, error) {
	c := &certificate{cert: cfg.TLSCert, key: cfg.TLSKey}
	return c, c.reload()
}

// reload reads the files again. On an error the one in use stays.
func (c *certificate) reload() error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	c.current.Store(&pair)
	return nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil }}
}
