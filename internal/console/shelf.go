package console

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"sallyport"
)

// Keeper keeps things where every node of several finds them. What is kept belongs to one technician.
type Keeper interface {
	// Keep keeps value under id for life, in the place of what was kept there.
	Keep(ctx context.Context, owner sallyport.TechnicianID, id string, value []byte, life time.Duration) error
	// Kept finds what owner keeps under id.
	Kept(ctx context.Context, owner sallyport.TechnicianID, id string) (value []byte, found bool, err error)
	// Claim answers true to the first who asks for it, and keeps his value as Keep does: either both or neither.
	Claim(ctx context.Context, owner sallyport.TechnicianID, id string, value []byte, life time.Duration) (bool, error)
	// Release takes a claim back, and keeps value as Keep does: either both or neither.
	Release(ctx context.Context, owner sallyport.TechnicianID, id string, value []byte, life time.Duration) error
}

// shelf keeps a few things for the technician who put them there, each for a while: in memory where this process is the
// only one, and else with the keeper. In memory, the oldest makes room when it is full.
type shelf[T any] struct {
	name   string // tells what is kept here from what other shelves keep
	keeper Keeper // nil: memory
	mu     sync.Mutex
	now    func() time.Time
	limit  int
	life   time.Duration
	items  map[string]item[T]
	order  []string // ids, the oldest first
}

type item[T any] struct {
	owner sallyport.TechnicianID
	until time.Time
	value T
}

func newShelf[T any](name string, c *Console, limit int, life time.Duration) *shelf[T] {
	return &shelf[T]{name: name + "/", keeper: c.keeper, now: c.now, limit: limit, life: life, items: map[string]item[T]{}}
}

// put keeps v for owner and returns the id under which get finds it.
func (s *shelf[T]) put(ctx context.Context, owner sallyport.TechnicianID, v T) (string, error) {
	id := sallyport.NewID()
	if s.keeper != nil {
		return id, s.save(ctx, owner, id, v)
	}
	s.hold(owner, id, v)
	return id, nil
}

// save hands v to the keeper, in the place of what it keeps under id. Without a keeper the thing itself is in memory.
func (s *shelf[T]) save(ctx context.Context, owner sallyport.TechnicianID, id string, v T) error {
	if s.keeper == nil {
		return nil
	}
	text, err := s.text(v)
	if err != nil {
		return err
	}
	return s.keeper.Keep(ctx, owner, s.name+id, text, s.life)
}

func (s *shelf[T]) text(v T) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("keep for a page: %w", err)
	}
	return text, nil
}

// hold keeps v itself in this process.
func (s *shelf[T]) hold(owner sallyport.TechnicianID, id string, v T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for len(s.order) > 0 && (len(s.order) >= s.limit || now.After(s.items[s.order[0]].until)) {
		delete(s.items, s.order[0])
		s.order = s.order[1:]
	}
	s.items[id] = item[T]{owner: owner, until: now.Add(s.life), value: v}
	s.order = append(s.order, id)
}

// let lets go of what hold has kept, where the keeper has it too.
func (s *shelf[T]) let(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keeper != nil {
		delete(s.items, id)
	}
}

// get finds what owner has put there; nobody else finds it.
func (s *shelf[T]) get(ctx context.Context, owner sallyport.TechnicianID, id string) (v T, found bool, err error) {
	if v, found = s.held(owner, id); found || s.keeper == nil || id == "" {
		return v, found, nil
	}
	text, found, err := s.keeper.Kept(ctx, owner, s.name+id)
	if err != nil || !found {
		return v, false, err
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return v, false, fmt.Errorf("kept for a page: %w", err)
	}
	return v, true, nil
}

// claim answers true to the first who asks for it, on whichever node, and saves his v.
func (s *shelf[T]) claim(ctx context.Context, owner sallyport.TechnicianID, id string, v T) (bool, error) {
	if s.keeper == nil {
		return true, nil
	}
	text, err := s.text(v)
	if err != nil {
		return false, err
	}
	return s.keeper.Claim(ctx, owner, s.name+id, text, s.life)
}

// release takes a claim back, and saves v.
func (s *shelf[T]) release(ctx context.Context, owner sallyport.TechnicianID, id string, v T) error {
	if s.keeper == nil {
		return nil
	}
	text, err := s.text(v)
	if err != nil {
		return err
	}
	return s.keeper.Release(ctx, owner, s.name+id, text, s.life)
}

func (s *shelf[T]) held(owner sallyport.TechnicianID, id string) (v T, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.items[id]
	if !ok || kept.owner != owner || s.now().After(kept.until) {
		return v, false
	}
	return kept.value, true
}
