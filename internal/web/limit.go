package web

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxPeers bounds how many networks the limiter remembers, about 2 MB; the one not seen for longest is forgotten first.
const maxPeers = 10_000

// limiter keeps one network from taking the whole server. What must hold over restarts is counted in the database.
type limiter struct {
	perSecond rate.Limit
	burst     int
	mu        sync.Mutex
	peers     map[netip.Prefix]*list.Element
	order     *list.List // front: seen last
}

type peer struct {
	network netip.Prefix
	bucket  *rate.Limiter
}

func newLimiter(perSecond int) *limiter {
	return &limiter{perSecond: rate.Limit(perSecond), burst: 5 * perSecond, peers: map[netip.Prefix]*list.Element{}, order: list.New()}
}

// network is what counts as one peer: an IPv4 address, or the /64 that one household or machine has of IPv6.
func network(addr netip.Addr) netip.Prefix {
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// allow reports whether addr may send another request at now.
func (l *limiter) allow(addr netip.Addr, now time.Time) bool {
	if l.perSecond <= 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bucket(network(addr)).AllowN(now, 1)
}

func (l *limiter) bucket(n netip.Prefix) *rate.Limiter {
	if e, ok := l.peers[n]; ok {
		l.order.MoveToFront(e)
		return e.Value.(*peer).bucket
	}
	if l.order.Len() >= maxPeers {
		oldest := l.order.Back()
		delete(l.peers, oldest.Value.(*peer).network)
		l.order.Remove(oldest)
	}
	p := &peer{network: n, bucket: rate.NewLimiter(l.perSecond, l.burst)}
	l.peers[n] = l.order.PushFront(p)
	return p.bucket
}
