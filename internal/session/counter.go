package session

import (
	"context"
	"net/netip"

	"sallyport"
	"sallyport/internal/factor"
	"sallyport/internal/identity"
	"sallyport/internal/policy"
)

// lookUp finds the account of the typed name and what this attempt is counted under.
func (s *Service) lookUp(ctx context.Context, tx Tx, a Attempt) (guess, error) {
	_, key, _, invalid := identity.UserName(a.UserName)
	if invalid != nil {
		key = "?" + a.UserName // no key begins like that: the name of nobody
	}
	var t sallyport.Technician
	var owner sallyport.TechnicianID
	known := false
	hash, _ := a.Device.Hash()
	err := tx.Together(ctx,
		func() (err error) {
			if t, err = tx.TechnicianByKey(ctx, key); sallyport.KindOf(err) == sallyport.NotFound {
				return nil
			}
			return err
		},
		func() (err error) { owner, known, err = tx.Device(ctx, hash); return err },
	)
	if err != nil {
		return guess{}, err
	}
	g := guess{technician: t, phc: s.dummy.hash(), name: key}
	if g.known = known && t.ID != "" && owner == t.ID; g.known {
		s.countKnown(&g, key, hash)
	} else {
		s.countUnknown(&g, key, a)
	}
	return g, s.openPassword(t, &g.phc)
}

// countKnown counts a browser that signed in before by itself: a stranger's guesses never hold it up. Its second
// counter's wait is the short one that no proof of work lifts.
func (s *Service) countKnown(g *guess, name string, device sallyport.Hash) {
	g.counters = []counter{
		{key: "d" + s.opaque("guess", name, string(device[:])), wait: policy.PasswordWait, lifted: true},
		{key: "e" + s.opaque("guess", name, string(device[:])), wait: policy.AccountWait},
	}
}

// countUnknown counts the account with the network, with the wider network, and over all networks; then the networks
// and the password over all accounts.
func (s *Service) countUnknown(g *guess, name string, a Attempt) {
	narrow, wide := network(a.Client.Address, 32, 64), network(a.Client.Address, 24, 48)
	g.counters = []counter{
		{key: "n" + s.opaque("guess", name, narrow), wait: policy.PasswordWait, lifted: true},
		{key: "w" + s.opaque("guess wide", name, wide), wait: policy.WideWait, lifted: true},
		{key: "a" + s.opaque("guess", name), wait: policy.AccountWait},
	}
	// Four hexadecimal digits tell sprayed passwords apart well enough, and say almost nothing about one.
	mark := s.opaque("spray", string(factor.PasswordBytes(a.Password)))[:4]
	g.buckets = []bucket{
		{"n" + s.opaque("network", narrow), policy.NetworkBucket, ""},
		{"w" + s.opaque("network wide", wide), policy.WideBucket, ""},
		{"p" + mark, policy.SprayBucket, "o" + s.opaque("spray account", mark, name)},
	}
}

func (s *Service) opaque(purpose string, parts ...string) string {
	list := make([][]byte, len(parts))
	for i, p := range parts {
		list[i] = []byte(p)
	}
	const hex = "0123456789abcdef"
	sum := s.keys.MAC(purpose, list...)
	out := make([]byte, 0, 32)
	for _, b := range sum[:16] {
		out = append(out, hex[b>>4], hex[b&15])
	}
	return string(out)
}

// network is the network of an address, with so many bits of an IPv4 or an IPv6 address; whatever is neither stands
// for itself.
func network(address string, bits4, bits6 int) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	bits := bits6
	if ip.Is4() {
		bits = bits4
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return address
	}
	return p.String()
}
