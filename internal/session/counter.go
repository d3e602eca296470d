package session

import (
	"context"
	"net/netip"
	"time"

	"sallyport"
	"sallyport/internal/factor"
	"sallyport/internal/identity"
	"sallyport/internal/policy"
)

// seeker asks for what an attempt names, the account of the typed name and the browser that it claims to be, and for what
// else says what a right password leads to.
type seeker struct {
	key        string
	device     sallyport.Hash // asked for where the browser claims one
	claims     bool
	technician sallyport.Technician // zero where the name is unknown
	owner      sallyport.TechnicianID
	met        bool // the browser signed in to owner's account before
	factor     *sallyport.Factor
	facts      sallyport.Facts
}

func seek(a Attempt) *seeker {
	_, key, _, invalid := identity.UserName(a.UserName)
	if invalid != nil {
		key = "?" + a.UserName // no key begins like that: the name of nobody
	}
	k := &seeker{key: key}
	k.device, k.claims = a.Device.Hash()
	return k
}

// ask are the questions, for Tx.Together.
func (k *seeker) ask(ctx context.Context, tx Tx) []func() error {
	questions := []func() error{
		func() (err error) {
			k.technician, k.factor, err = tx.TechnicianWithFactor(ctx, k.key)
			if sallyport.KindOf(err) == sallyport.NotFound {
				return nil
			}
			return err
		},
		func() (err error) { k.facts, err = tx.Facts(ctx); return err },
	}
	if k.claims {
		questions = append(questions, func() (err error) { k.owner, k.met, err = tx.Device(ctx, k.device); return err })
	}
	return questions
}

// known reports whether the browser signed in to the account of the typed name before.
func (k *seeker) known() bool { return k.met && k.technician.ID != "" && k.owner == k.technician.ID }

// lookUp finds the account of the typed name and what this attempt is counted under.
func (s *Service) lookUp(ctx context.Context, tx Tx, a Attempt) (guess, error) {
	k := seek(a)
	if err := tx.Together(ctx, k.ask(ctx, tx)...); err != nil {
		return guess{}, err
	}
	g := guess{phc: s.dummy.hash(), name: k.key, known: k.known()}
	g.found(k)
	if g.known {
		s.countKnown(&g, k.key, k.device)
	} else {
		s.countUnknown(&g, k.key, a)
	}
	return g, nil
}

// lookUpAndCount is lookUp and guess.count for a browser that claims nothing: what it is counted under is known before
// anything was looked up, so that both are one question.
func (s *Service) lookUpAndCount(ctx context.Context, tx Tx, k *seeker, a Attempt) (guess, error) {
	g := guess{phc: s.dummy.hash(), name: k.key}
	s.countUnknown(&g, k.key, a)
	err := g.count(ctx, tx, func() time.Time { return k.facts.Now }, k.ask(ctx, tx)...)
	g.found(k)
	return g, err
}

// found takes over what was found.
func (g *guess) found(k *seeker) { g.technician, g.factor, g.facts = k.technician, k.factor, k.facts }

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
