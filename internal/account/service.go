package account

import "strings"

// Keys makes the keyed hash under which a code is stored.
type Keys interface {
	// MAC returns a keyed hash of parts that holds for one purpose only.
	MAC(purpose string, parts ...[]byte) []byte
}

// Options are the parts a Service works with. All are needed.
type Options struct {
	Store     Store
	Keys      Keys
	Notices   Notices
	PublicURL string // without a path, like https://id.example.org
}

// Service carries out the use cases. Its methods may be called by many goroutines.
type Service struct {
	store     Store
	keys      Keys
	notices   Notices
	publicURL string
}

// New returns a Service over o.
func New(o Options) *Service {
	return &Service{store: o.Store, keys: o.Keys, notices: o.Notices, publicURL: strings.TrimRight(o.PublicURL, "/")}
}
