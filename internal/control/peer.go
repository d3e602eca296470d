package control

import (
	"context"
	"fmt"
	"net"
	"os/user"
	"strconv"

	"sallyport"
)

// Peer is who speaks through the socket, by the kernel's word.
type Peer struct{ UID int }

// Name is what the audit log calls him: "uid 0 (root)".
func (p Peer) Name() string {
	u, err := user.LookupId(strconv.Itoa(p.UID))
	if err != nil {
		return fmt.Sprintf("uid %d", p.UID)
	}
	return fmt.Sprintf("uid %d (%s)", p.UID, u.Username)
}

// Actor is he with one command that he has given.
func (p Peer) Actor() sallyport.Actor {
	return sallyport.Actor{Kind: sallyport.ActorHost, Name: p.Name(),
		Client: sallyport.Client{Address: "this host", Browser: "sallyport command", RequestID: sallyport.NewID()}}
}

type peerKey struct{}

// WithPeer says who a request made inside this process comes from.
func WithPeer(ctx context.Context, p Peer) context.Context {
	return context.WithValue(ctx, peerKey{}, p)
}

func peerOf(ctx context.Context) (Peer, bool) {
	p, ok := ctx.Value(peerKey{}).(Peer)
	return p, ok
}

// ConnContext puts the peer of a connection into the context of its requests; for http.Server. A connection whose peer
// the kernel does not tell stays without one and is refused.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	p, err := peerOfConn(c)
	if err != nil {
		return ctx
	}
	return WithPeer(ctx, p)
}
