package session

import (
	"context"
	"sync/atomic"

	"sallyport"
	"sallyport/internal/factor"
	"sallyport/internal/keyring"
)

// dummyKey names the meta entry with the sealed hash that unknown user names are checked against.
const dummyKey = "dummy_password"

var dummyPlace = keyring.Place{Table: "meta", Row: dummyKey, Column: "value"}

// dummy is the hash that takes the place of one that is not there, so that a name which nobody has costs the same work
// as one of the team. Its parameters are those that most stored hashes have.
type dummy struct{ phc atomic.Pointer[string] }

func (d *dummy) hash() string { return *d.phc.Load() }

func (d *dummy) set(phc string) { d.phc.Store(&phc) }

// LoadDummy takes the stored dummy, where there is one; a server does that before its first request. One that does not
// open is no reason not to start: TuneDummy makes another.
func (s *Service) LoadDummy(ctx context.Context) error {
	phc, err := s.storedDummy(ctx)
	if phc != "" {
		s.dummy.set(phc)
	}
	return err
}

// TuneDummy gives the dummy the parameters that most stored hashes have, and stores it. It walks over all
// passwords, a page at a time, and opens each.
func (s *Service) TuneDummy(ctx context.Context) error {
	counts, example, err := s.countParameters(ctx)
	if err != nil {
		return err
	}
	best, err := factor.Parameters(s.dummy.hash())
	if err != nil {
		return err
	}
	for p, n := range counts {
		if n > counts[best] {
			best = p
		}
	}
	return s.putDummy(ctx, best, example[best])
}

// passwordsAtOnce is how many sealed passwords one read takes.
const passwordsAtOnce = 500

// countParameters counts the parameters of all stored hashes, and keeps one hash of each as an example.
func (s *Service) countParameters(ctx context.Context) (counts map[string]int, example map[string]string, err error) {
	counts, example = map[string]int{}, map[string]string{}
	var page []sallyport.Technician
	for after := sallyport.TechnicianID(""); ; after = page[len(page)-1].ID {
		err := s.store.Read(ctx, func(tx Tx) (err error) {
			page, err = tx.Passwords(ctx, after, passwordsAtOnce)
			return err
		})
		if err != nil || len(page) == 0 {
			return counts, example, err
		}
		for _, t := range page {
			phc := ""
			if err := s.openPassword(t, &phc); err != nil { // it hinders its owner, and nobody else
				s.log.WarnContext(ctx, "a stored password does not open", "technician", t.ID, "error", err)
				continue
			}
			p, err := factor.Parameters(phc)
			if err != nil {
				return nil, nil, err
			}
			counts[p]++
			example[p] = phc
		}
	}
}

// putDummy takes the stored dummy where it has those parameters, so that all nodes come to have the same one, and
// stores another where it has not.
func (s *Service) putDummy(ctx context.Context, parameters, like string) error {
	stored, err := s.storedDummy(ctx)
	if err != nil {
		return err
	}
	if have, err := factor.Parameters(stored); err == nil && have == parameters {
		s.dummy.set(stored)
		return nil
	}
	phc := s.dummy.hash()
	if have, _ := factor.Parameters(phc); have != parameters {
		if phc, err = factor.DummyLike(like); err != nil {
			return err
		}
	}
	if err := s.store.Write(ctx, func(tx Tx) error {
		if _, err := tx.Now(ctx); err != nil { // the transaction has begun: see sealPassword
			return err
		}
		return tx.PutMeta(ctx, dummyKey, s.keys.Seal([]byte(phc), dummyPlace))
	}); err != nil {
		return err
	}
	s.dummy.set(phc)
	return nil
}

// storedDummy is the stored hash, empty where there is none or it does not open.
func (s *Service) storedDummy(ctx context.Context) (string, error) {
	var sealed []byte
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		sealed, err = tx.Meta(ctx, dummyKey)
		return err
	})
	if err != nil || len(sealed) == 0 {
		return "", err
	}
	plain, err := s.keys.Open(sealed, dummyPlace)
	if err == nil {
		_, err = factor.Parameters(string(plain))
	}
	if err != nil {
		s.log.WarnContext(ctx, "the stored dummy password does not open; another takes its place", "error", err)
		return "", nil
	}
	return string(plain), nil
}
