package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"sallyport"
)

// refused are the ranges that lead inside, back to this machine, or nowhere (RFC 6890 and the registries after it).
var refused = prefixes(
	"0.0.0.0/8",       // this network; 0.0.0.0 is this machine on many systems
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // carrier-grade NAT, RFC 6598
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local, with the metadata services of clouds
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // IETF protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // former 6to4 relays
	"192.168.0.0/16",  // private
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, with broadcast
	"::/96",           // unspecified, loopback, and IPv4-compatible addresses
	"64:ff9b::/96",    // NAT64, RFC 6052: an IPv4 address in disguise
	"64:ff9b:1::/48",  // local NAT64, RFC 8215
	"100::/64",        // discard
	"2001::/23",       // IETF protocol assignments, with Teredo
	"2001:db8::/32",   // documentation
	"2002::/16",       // 6to4: an IPv4 address in disguise
	"3fff::/20",       // documentation
	"5f00::/16",       // segment routing
	"fc00::/7",        // unique local
	"fe80::/10",       // link-local
	"fec0::/10",       // former site-local
	"ff00::/8",        // multicast
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// Resolver finds the addresses of a name. *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Options are the parts of a Dialer.
type Options struct {
	Allowed  []netip.Prefix // networks that may be dialled although they are refused otherwise, and spoken to without TLS
	Resolver Resolver       // nil: the system's
	Timeout  time.Duration  // for one connection; 0: 5 seconds
}

// Dialer dials TCP under the rule. It is safe for use by many goroutines.
type Dialer struct {
	allowed  []netip.Prefix
	resolver Resolver
	timeout  time.Duration
	open     func(d *net.Dialer, ctx context.Context, network, address string) (net.Conn, error) // what really dials
}

// New makes a Dialer.
func New(o Options) *Dialer {
	d := &Dialer{resolver: o.Resolver, timeout: o.Timeout, open: (*net.Dialer).DialContext}
	for _, p := range o.Allowed {
		// A network that was written in its IPv4-mapped form means the IPv4 network.
		if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		d.allowed = append(d.allowed, p.Masked())
	}
	if d.resolver == nil {
		d.resolver = net.DefaultResolver
	}
	if d.timeout <= 0 {
		d.timeout = 5 * time.Second
	}
	return d
}

// Permits reports whether a may be dialled.
func (d *Dialer) Permits(a netip.Addr) bool {
	if !a.IsValid() {
		return false
	}
	return d.PermitsPlain(a) || !within(refused, a)
}

// PermitsPlain reports whether a may be spoken to without TLS: only inside the allowed networks.
func (d *Dialer) PermitsPlain(a netip.Addr) bool { return a.IsValid() && within(d.allowed, a) }

// AnyPlain reports whether there are allowed networks.
func (d *Dialer) AnyPlain() bool { return len(d.allowed) > 0 }

// within looks at the address that is really meant: an IPv4-mapped one is its IPv4 address, a zone does not matter.
func within(list []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}

// DialContext opens a connection on which TLS will be spoken. Its error is a *sallyport.SendError: surely not sent.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d.dial(ctx, network, address, d.Permits)
}

// DialPlain opens a connection without TLS: only inside the allowed networks. Its error is a *sallyport.SendError.
func (d *Dialer) DialPlain(ctx context.Context, network, address string) (net.Conn, error) {
	return d.dial(ctx, network, address, d.PermitsPlain)
}

// DialUDP opens a socket for datagrams, which are never secured: only inside the allowed networks. Its error is a
// *sallyport.SendError.
func (d *Dialer) DialUDP(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "udp" {
		return nil, failed(fmt.Errorf("dial %s: only UDP is meant here", network))
	}
	return d.connect(ctx, network, address, d.PermitsPlain)
}

// Refused is why no address of host would ever be dialled as it is configured, plain saying that no TLS is to be spoken. It is
// nil where one may be, and where the name cannot be looked up now.
func (d *Dialer) Refused(ctx context.Context, host string, plain bool) error {
	permits := d.Permits
	if plain {
		permits = d.PermitsPlain
	}
	if _, err := d.permitted(ctx, host, permits); errors.Is(err, errRefused) {
		return err
	}
	return nil
}

var errRefused = errors.New("the address is in none of the allowed_networks, and is inside a private or special network, or is to be spoken to without TLS")

// errPlain is errRefused of what would be dialled for TLS.
var errPlain = fmt.Errorf("%w", errRefused)

// dial resolves the name itself, so that a test can say what a name means, and lets the control function judge the
// address of each socket: what was resolved is not trusted to be what is dialled.
func (d *Dialer) dial(ctx context.Context, network, address string, permits func(netip.Addr) bool) (net.Conn, error) {
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return nil, failed(fmt.Errorf("dial %s: only TCP is dialled", network))
	}
	return d.connect(ctx, network, address, permits)
}

func (d *Dialer) connect(ctx context.Context, network, address string, permits func(netip.Addr) bool) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, failed(err)
	}
	open, err := d.permitted(ctx, host, permits)
	if err != nil {
		return nil, failed(err)
	}
	dialer := net.Dialer{Timeout: d.timeout, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !permits(to.Addr()) {
			return errRefused
		}
		return nil
	}}
	for _, a := range inTurn(open)[:min(len(open), 4)] {
		var conn net.Conn
		if conn, err = d.open(&dialer, ctx, network, net.JoinHostPort(a.String(), port)); err == nil {
			return conn, nil
		}
	}
	return nil, failed(err)
}

// inTurn puts the addresses of the other family between those of the first one's: where IPv6 leads nowhere, a name with many such
// addresses has one of IPv4 that is dialled.
func inTurn(found []netip.Addr) (out []netip.Addr) {
	var families [2][]netip.Addr
	for _, a := range found {
		i := 0
		if a.Unmap().Is4() != found[0].Unmap().Is4() {
			i = 1
		}
		families[i] = append(families[i], a)
	}
	for i := range found {
		for _, f := range families {
			if i < len(f) {
				out = append(out, f[i])
			}
		}
	}
	return out
}

// permitted are the addresses of host that may be dialled, at least one. Those that are refused are left out at once; a name
// may have a good one beside a bad one.
func (d *Dialer) permitted(ctx context.Context, host string, permits func(netip.Addr) bool) ([]netip.Addr, error) {
	addresses, err := d.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	open := slices.DeleteFunc(slices.Clone(addresses), func(a netip.Addr) bool { return !permits(a) })
	if len(open) == 0 {
		if slices.ContainsFunc(addresses, d.Permits) {
			return nil, fmt.Errorf("dial %s: %w", host, errPlain)
		}
		return nil, fmt.Errorf("dial %s: %w", host, errRefused)
	}
	return open, nil
}

func (d *Dialer) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	addresses, err := d.resolver.LookupNetIP(ctx, "ip", host)
	if err == nil && len(addresses) == 0 {
		err = &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return addresses, err
}

// failed says in words why nothing was connected.
func failed(err error) error {
	e := &sallyport.SendError{Outcome: sallyport.NotSent, Code: "unreachable", Cause: err,
		Hint: "The server could not be reached. Please try again in a minute."}
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, errRefused):
		e.Permanent = true
		e.Code, e.Hint = "not_allowed", "The server's address is inside a network that Sallyport does not speak to. An administrator must list it in allowed_networks, or choose another server."
		if errors.Is(err, errPlain) {
			e.Hint = "Without TLS Sallyport speaks to networks that allowed_networks lists, and the server's address is in none of them. An administrator must choose TLS, or another server."
		}
	case errors.As(err, &dns) && dns.IsNotFound:
		e.Hint = "The server's name is not known. An administrator must look at its settings."
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout():
		e.Code, e.Hint = "timeout", "The server did not answer in time. Please try again in a minute."
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Hint = "The server does not take connections right now. Please try again in a minute."
	}
	return e
}
