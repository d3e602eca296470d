package account

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"sallyport"
	"sallyport/internal/audit"
)

// logoKey is the meta entry that holds the logo's file. An empty one means that there is no logo.
const logoKey = "logo"

// logoMark is the meta entry that is another after each change of the logo, so that nodes that remember it notice.
const logoMark = "logo-mark"

// Logo returns the organisation's logo, nil where none is set. Everybody may see it, as it stands at the door. It is
// answered from memory, so that a page costs no look into the database, or of several nodes' a look at its mark alone.
func (s *Service) Logo(ctx context.Context) (*Logo, error) {
	logo, known, round := s.logo.get()
	if known && !s.shared {
		return logo, nil
	}
	var mark []byte
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		logo, mark, err = s.readLogo(ctx, tx, logo, known)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.logo.put(logo, mark, round)
	return logo, nil
}

// House returns what stands at the door: the organisation's name, and its logo as Logo does, both by one look. Where many
// ask, that is a look for each HouseKept: so long another node's change may not show.
func (s *Service) House(ctx context.Context) (name string, logo *Logo, err error) {
	asked := s.now()
	if name, logo, kept := s.logo.house(asked, s.houseKept); kept {
		return name, logo, nil
	}
	logo, known, round := s.logo.get()
	remembered := known && !s.shared
	var mark []byte
	var set sallyport.Settings
	err = s.store.Read(ctx, func(tx Tx) error {
		return tx.Together(ctx,
			func() (err error) { set, err = tx.Settings(ctx); return err },
			func() (err error) {
				if !remembered {
					logo, mark, err = s.readLogo(ctx, tx, logo, known)
				}
				return err
			},
		)
	})
	if err != nil {
		return "", nil, err
	}
	if !remembered {
		s.logo.put(logo, mark, round)
	}
	s.logo.greet(set.Organisation, asked, round)
	return set.Organisation, logo, nil
}

// readLogo reads the logo with its mark; the one that is known stays where its mark is still the same.
func (s *Service) readLogo(ctx context.Context, tx Tx, logo *Logo, known bool) (_ *Logo, mark []byte, err error) {
	if s.shared {
		if mark, err = tx.Meta(ctx, logoMark); err != nil || known && s.logo.marked(mark) {
			return logo, mark, err
		}
	}
	file, err := tx.Meta(ctx, logoKey)
	if err == nil {
		logo, err = logoOf(file)
	}
	return logo, mark, err
}

// SetLogo stores picture, a file in PNG, JPEG or WebP, as the organisation's logo. It needs policy.manage and a fresh
// proof. Other files are Invalid in the field "logo". The same picture again changes nothing.
func (s *Service) SetLogo(ctx context.Context, actor sallyport.Actor, picture []byte) (*Logo, error) {
	logo, wrong := newLogo(picture) // outside of the transaction: nobody waits for the decoding
	if err := s.changeLogo(ctx, actor, logo, wrong); err != nil {
		return nil, err
	}
	return logo, nil
}

// RemoveLogo takes the logo away: the door shows the organisation's first letter again. It needs what SetLogo needs.
func (s *Service) RemoveLogo(ctx context.Context, actor sallyport.Actor) error {
	return s.changeLogo(ctx, actor, nil, nil)
}

// changeLogo puts after in the place of the logo. wrong is what is to be said about it, to those alone who may change it.
func (s *Service) changeLogo(ctx context.Context, actor sallyport.Actor, after *Logo, wrong error) error {
	defer s.logo.forget() // also after an error: a commit may have counted all the same
	return s.attempt(ctx, actor, "", func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.ManagePolicy)
		if err == nil {
			err = wrong
		}
		if err != nil {
			return err
		}
		was, err := tx.Meta(ctx, logoKey)
		if err != nil || bytes.Equal(was, after.file()) {
			return err
		}
		if err := w.fresh(); err != nil {
			return err
		}
		if err := tx.PutMeta(ctx, logoKey, after.file()); err != nil {
			return err
		}
		if err := tx.PutMeta(ctx, logoMark, []byte(sallyport.NewID())); err != nil {
			return err
		}
		before, _ := logoOf(was) // one that an older version took and this one would not is replaced all the same
		return s.record(ctx, tx, w, entry{what: audit.PolicyChanged,
			before: map[string]string{logoKey: before.String()}, after: map[string]string{logoKey: after.String()}})
	})
}

// logoOf reads a stored file.
func logoOf(file []byte) (*Logo, error) {
	if len(file) == 0 {
		return nil, nil
	}
	logo, err := newLogo(file)
	if err != nil {
		return nil, fmt.Errorf("account: the stored logo: %v", err)
	}
	return logo, nil
}

// logoMemory holds the logo between two changes. Where one process owns the database, all changes come through the
// Service; else the mark tells of them. A reading that began before a change is not kept.
type logoMemory struct {
	mu    sync.Mutex
	logo  *Logo
	known bool
	mark  []byte
	round uint64 // rises with each change

	name  string    // of the organisation
	named time.Time // when it was asked for; zero: it is not known
}

// house is the name and the logo, where both were read within the time.
func (m *logoMemory) house(now time.Time, within time.Duration) (name string, logo *Logo, kept bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.name, m.logo, m.known && !m.named.IsZero() && now.Sub(m.named) < within
}

// greet keeps the name that was read after it was asked for.
func (m *logoMemory) greet(name string, asked time.Time, round uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.round == round {
		m.name, m.named = name, asked
	}
}

func (m *logoMemory) get() (logo *Logo, known bool, round uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.logo, m.known, m.round
}

// marked reports whether what is remembered is of that mark.
func (m *logoMemory) marked(mark []byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known && bytes.Equal(m.mark, mark)
}

func (m *logoMemory) put(logo *Logo, mark []byte, round uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.round == round {
		m.logo, m.mark, m.known = logo, mark, true
	}
}

func (m *logoMemory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.logo, m.known, m.named = nil, false, time.Time{}
	m.round++
}
