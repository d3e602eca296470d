package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"sallyport"
)

// Proxies are the addresses that may say who the client is.
type Proxies []netip.Prefix

// Lists reports whether addr is one of the proxies.
func (p Proxies) Lists(addr netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// Client is the true client's address: the peer, or, where the peer is a listed proxy, what X-Forwarded-For says, read
// from right to left past every listed proxy. As soon as an entry cannot be read, the peer stands.
func (p Proxies) Client(r *http.Request) netip.Addr {
	peer := peerOf(r.RemoteAddr)
	if !p.Lists(peer) {
		return peer
	}
	entries := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for i := len(entries) - 1; i >= 0; i-- {
		addr, err := netip.ParseAddr(strings.TrimSpace(entries[i]))
		if err != nil {
			return peer
		}
		addr = addr.Unmap().WithZone("")
		if !p.Lists(addr) {
			return addr
		}
	}
	return peer
}

func peerOf(remote string) netip.Addr {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// ClientOf is where r came from, as the audit log shows it. It is known to every handler of a Site.
func ClientOf(r *http.Request) sallyport.Client { return contextOf(r).client }

// RequestID is the id that the answer, the log line and the audit event of r share.
func RequestID(r *http.Request) string { return contextOf(r).client.RequestID }
