package config

import "net/netip"

// Config is one configuration. Each field is one key of the file (toml), with the same name in capitals behind
// SALLYPORT_ in the environment; its help stands in the file that init writes.
type Config struct {
	Listen            string   `toml:"listen" default:"127.0.0.1:8080" help:"Address and port for people. Plain HTTP on loopback, or behind a listed proxy; anything else needs tls_cert and tls_key."`
	PublicURL         string   `toml:"public_url" default:"" example:"https://door.example.com" help:"The one address that browsers use. Links, cookies and the check of the host follow it. Empty: http://localhost with the port of listen."`
	Data              string   `toml:"data" default:"sallyport-data" help:"Folder of the database, the lock and the socket for commands. Made with mode 0700 where it is missing."`
	Database          string   `toml:"database" default:"" example:"postgres://sallyport@db.example.com/sallyport" hide:"password" help:"Address of a PostgreSQL database, which several nodes may share. Empty: SQLite in the data folder. A password is best given as PGPASSWORD or in a file that PGPASSFILE names. A database on another machine is spoken to over TLS alone, its certificate and name verified; sslrootcert=FILE in the address names its authority."`
	Key               string   `toml:"key" default:"" example:"/etc/sallyport/key" help:"File of the key that seals every secret in the database. Empty: the systemd credential sallyport-key where there is one, else the file key in the data folder."`
	TLSCert           string   `toml:"tls_cert" default:"" example:"/etc/sallyport/tls.crt" help:"Certificate chain (PEM). Read again on SIGHUP."`
	TLSKey            string   `toml:"tls_key" default:"" example:"/etc/sallyport/tls.key" help:"Private key of the certificate (PEM)."`
	TrustedProxies    []string `toml:"trusted_proxies" default:"" example:"127.0.0.1, ::1" help:"Addresses or networks of reverse proxies. Only these may say in X-Forwarded-For who the client is."`
	AllowedNetworks   []string `toml:"allowed_networks" default:"" example:"10.1.2.0/24" help:"Loopback, link-local and private networks in which mail servers, text-message gateways and audit sinks may be dialled, also without TLS."`
	AuditFile         string   `toml:"audit_file" default:"" example:"/var/log/sallyport/audit.jsonl" help:"File to which every audit event and signed head is appended as a line of JSON, mode 0600. It may be rotated at any time."`
	AuditSyslog       string   `toml:"audit_syslog" default:"" example:"tls://logs.example.com:6514" help:"Syslog server (RFC 5424) that gets the same: unix:///dev/log, or tls://, or inside allowed_networks tcp:// and udp://, with host and port."`
	AuditSyslogCA     string   `toml:"audit_syslog_ca" default:"" example:"/etc/sallyport/logs-ca.pem" help:"Certificates (PEM) that sign the syslog server's, in the place of the system's."`
	AuditWebhook      string   `toml:"audit_webhook" default:"" example:"https://siem.example.com/sallyport" hide:"path" help:"Address to which the same is posted in batches of JSON, signed with audit_webhook_secret. https://, or http:// inside allowed_networks."`
	AuditWebhookKey   string   `toml:"audit_webhook_secret" default:"" example:"/etc/sallyport/webhook-secret" help:"File with the secret, 16 characters or more, that signs what is posted to audit_webhook."`
	Operations        string   `toml:"operations" default:"127.0.0.1:8081" help:"Address and port of /healthz, /readyz and /metrics, or off."`
	RequestsPerSecond int      `toml:"requests_per_second" default:"100" help:"Requests a second from one network (an IPv4 address or an IPv6 /64), five times as many at once. 0 is any number."`
	Connections       int      `toml:"connections" default:"8192" help:"Connections at once. One network (an IPv4 address or an IPv6 /64) may have an eighth of them, and fewer the fuller it is; listed proxies as many as there are."`
	LogLevel          string   `toml:"log_level" default:"info" help:"debug, info, warn or error."`
	LogFormat         string   `toml:"log_format" default:"json" help:"json or text."`
}

// Proxies are the trusted proxies as networks.
func (c Config) Proxies() []netip.Prefix { return prefixes(c.TrustedProxies) }

// Networks are the allowed networks.
func (c Config) Networks() []netip.Prefix { return prefixes(c.AllowedNetworks) }

// TLS reports whether the server itself speaks TLS.
func (c Config) TLS() bool { return c.TLSCert != "" }

// prefixes reads what validate has accepted.
func prefixes(list []string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		if p, err := network(s); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// network reads an address or a network in CIDR form. One in the IPv4-mapped form is the IPv4 network.
func network(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(addr.Unmap().WithZone(""), addr.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked(), err
}
