package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sallyport/internal/store"
)

// credential is the name of the systemd credential that may hold the key.
const credential = "sallyport-key"

// findKey settles where the key is, when nobody said it. A credential that cannot be looked at is no reason to take, or to make,
// another key.
func (l *Loaded) findKey(s Sources) {
	if l.Key != "" {
		return
	}
	if folder, ok := s.Lookup("CREDENTIALS_DIRECTORY"); ok {
		path := filepath.Join(folder, credential)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			l.Key, l.From["key"] = path, "credential"
			return
		}
	}
	l.Key = filepath.Join(l.Data, "key")
}

const (
	leastConnections = 64
	mostConnections  = 1_000_000
)

// validate returns every problem at once.
func (l *Loaded) validate() error {
	var all []error
	add := func(name string, err error) {
		if err != nil {
			all = append(all, fmt.Errorf("%s: %s: %w", l.where(name), name, err))
		}
	}
	add("listen", checkListen(l.Listen))
	if l.Operations != "off" {
		add("operations", checkListen(l.Operations))
	}
	if l.Data == "" {
		add("data", errors.New("a folder is needed"))
	}
	if l.Database != "" {
		add("database", store.CheckAddress(l.Database))
	}
	add("trusted_proxies", checkNetworks(l.TrustedProxies))
	add("allowed_networks", checkNetworks(l.AllowedNetworks))
	add("log_level", oneOf(l.LogLevel, "debug", "info", "warn", "error"))
	add("log_format", oneOf(l.LogFormat, "json", "text"))
	if l.RequestsPerSecond < 0 {
		add("requests_per_second", errors.New("0 or more"))
	}
	if l.Connections < leastConnections || l.Connections > mostConnections {
		add("connections", fmt.Errorf("%d to %d", leastConnections, mostConnections))
	}
	if (l.TLSCert == "") != (l.TLSKey == "") {
		add(l.given("tls_cert", "tls_key"), errors.New("tls_cert and tls_key are needed together"))
	}
	add("audit_syslog", checkSyslog(l.AuditSyslog))
	add("audit_webhook", checkWebhook(l.AuditWebhook))
	if (l.AuditWebhook == "") != (l.AuditWebhookKey == "") {
		add(l.given("audit_webhook", "audit_webhook_secret"), errors.New("audit_webhook and audit_webhook_secret are needed together"))
	}
	if l.AuditSyslogCA != "" && !strings.HasPrefix(l.AuditSyslog, "tls://") {
		add("audit_syslog_ca", errors.New("it is for an audit_syslog that begins with tls:// only"))
	}
	if len(all) == 0 {
		add(l.checkPublic())
	}
	return errors.Join(all...)
}

// given is the first of the keys that somebody has set: what they do not permit together is corrected there.
func (l *Loaded) given(names ...string) string {
	for _, name := range names {
		if l.From[name] != byDefault {
			return name
		}
	}
	return names[0]
}

// where names the place to correct.
func (l *Loaded) where(name string) string {
	switch from := l.From[name]; from {
	case "file":
		return l.at(name)
	default:
		return from
	}
}

func oneOf(v string, choices ...string) error {
	if slices.Contains(choices, v) {
		return nil
	}
	return fmt.Errorf("%q is not one of %s", v, strings.Join(choices, ", "))
}

func checkListen(v string) error {
	host, port, err := net.SplitHostPort(v)
	if err != nil {
		return fmt.Errorf("%q is not an address and port, like 127.0.0.1:8080", v)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q is not a port from 0 to 65535", port)
	}
	if host == "" || host == "localhost" {
		return nil
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return fmt.Errorf("%q is not an IP address or localhost", host)
	}
	return nil
}

func checkNetworks(list []string) error {
	for _, s := range list {
		p, err := network(s)
		if err != nil {
			return fmt.Errorf("%q is not an address or a network like 10.1.2.0/24", s)
		}
		if p.Bits() == 0 {
			return fmt.Errorf("%q is everybody", s)
		}
	}
	return nil
}

// checkPublic is the rule of plain HTTP: only on loopback, or behind a proxy that is listed. It names the key that is to be
// corrected.
func (l *Loaded) checkPublic() (name string, err error) {
	u, err := l.parsePublic()
	if err != nil {
		return "public_url", err
	}
	local, proxied := loopback(hostOf(l.Listen)), len(l.TrustedProxies) > 0
	switch {
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return "public_url", errors.New("plain http is for loopback only: a public address begins with https://")
	case u.Scheme == "http" && l.TLS():
		return l.given("public_url", "tls_cert"), errors.New("with tls_cert and tls_key the public address begins with https://: set public_url to it")
	case u.Scheme == "http" && !local:
		return "listen", fmt.Errorf("%s, which others can reach, needs TLS: set public_url to the https:// address, and tls_cert and tls_key, or trusted_proxies", l.Listen)
	case u.Scheme == "https" && !l.TLS() && !proxied:
		return "public_url", errors.New("https needs tls_cert and tls_key, or a proxy that ends TLS and is listed in trusted_proxies")
	}
	return "", nil
}

func (l *Loaded) parsePublic() (*url.URL, error) {
	public := l.Public(l.Listen)
	u, err := url.Parse(public)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" || u.User != nil || strings.ContainsAny(public, "?#") {
		return nil, fmt.Errorf("%q is not an address like https://door.example.com", l.PublicURL)
	}
	if !portThere(u) && l.PublicURL != "" {
		return nil, fmt.Errorf("%q has a port that there is not", l.PublicURL)
	}
	if strings.ContainsFunc(u.Host, func(r rune) bool { return r > 0x7e }) {
		return nil, fmt.Errorf("write the host of %q as browsers do, beginning with xn--", l.PublicURL)
	}
	return u, nil
}

// portThere reports whether the port of an address is one, where it names one.
func portThere(u *url.URL) bool {
	n, err := strconv.ParseUint(cmp.Or(u.Port(), "443"), 10, 16)
	return err == nil && n > 0
}

// Public is the public address without a slash at its end, for a server that listens at addr. A public_url that was set
// stands; without one it is localhost with addr's port.
func (c Config) Public(addr string) string {
	if c.PublicURL != "" {
		return asBrowsersDo(strings.ToLower(strings.TrimRight(c.PublicURL, "/")))
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return ""
	}
	return "http://" + net.JoinHostPort("localhost", port)
}

// asBrowsersDo writes an origin as browsers do: its port without zeros in front, and not at all where it is the usual one; an
// address of IPv6 in its short form.
func asBrowsersDo(origin string) string {
	u, err := url.Parse(origin)
	if err != nil || !strings.Contains(u.Host, ":") {
		return origin
	}
	usual := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	typed := u.Port()
	u.Host = strings.TrimSuffix(u.Host, ":"+typed)
	if addr, err := netip.ParseAddr(strings.Trim(u.Host, "[]")); err == nil && addr.Is6() && !addr.Is4In6() {
		u.Host = "[" + addr.String() + "]"
	}
	if port := strings.TrimLeft(typed, "0"); typed != "" && port != usual {
		u.Host += ":" + cmp.Or(port, "0") // which is refused
	}
	return u.String()
}

// OnlyProxies reports whether requests may come through listed proxies alone, because plain HTTP leaves the machine.
func (c Config) OnlyProxies() bool { return !c.TLS() && !loopback(hostOf(c.Listen)) }

func hostOf(listen string) string {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return ""
	}
	return host
}

func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
