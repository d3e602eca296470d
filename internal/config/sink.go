package config

import (
	"errors"
	"net/url"
	"strings"
)

// checkSyslog accepts the ways to a syslog server that are spoken. Its errors do not repeat the address: somebody may have
// put a password into it.
func checkSyslog(v string) error {
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("this is not an address like tls://logs.example.com:6514, without a user, password or query")
	}
	switch u.Scheme {
	case "unix":
		if u.Host != "" || !strings.HasPrefix(u.Path, "/") {
			return errors.New("a local socket is written as unix:///dev/log")
		}
		return nil
	case "udp", "tcp", "tls":
		if u.Hostname() == "" || u.Port() == "" || !portThere(u) || u.Path != "" {
			return errors.New("this address needs a host and a port, like tls://logs.example.com:6514")
		}
		return nil
	}
	return errors.New("this address does not begin with unix://, udp://, tcp:// or tls://")
}

// checkWebhook leaves to the dialler who may be reached without TLS.
func checkWebhook(v string) error {
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || !portThere(u) {
		return errors.New("this is not an address like https://siem.example.com/sallyport")
	}
	return nil
}
