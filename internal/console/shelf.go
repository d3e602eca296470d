package console

import (
	"sync"
	"time"

	"sallyport"
)

// shelf keeps a few things in memory for the technician who put them there, each for a while. When it is full, the
// oldest makes room.
type shelf[T any] struct {
	mu    sync.Mutex
	now   func() time.Time
	limit int
	life  time.Duration
	items map[string]item[T]
	order []string // ids, the oldest first
}

type item[T any] struct {
	owner sallyport.TechnicianID
	until time.Time
	value T
}

func newShelf[T any](now func() time.Time, limit int, life time.Duration) *shelf[T] {
	return &shelf[T]{now: now, limit: limit, life: life, items: map[string]item[T]{}}
}

// put keeps v for owner and returns the id under which get finds it.
func (s *shelf[T]) put(owner sallyport.TechnicianID, v T) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for len(s.order) > 0 && (len(s.order) >= s.limit || now.After(s.items[s.order[0]].until)) {
		delete(s.items, s.order[0])
		s.order = s.order[1:]
	}
	id := sallyport.NewID()
	s.items[id] = item[T]{owner: owner, until: now.Add(s.life), value: v}
	s.order = append(s.order, id)
	return id
}

// get finds what owner has put there; nobody else finds it.
func (s *shelf[T]) get(owner sallyport.TechnicianID, id string) (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.items[id]
	if !ok || found.owner != owner || s.now().After(found.until) {
		var none T
		return none, false
	}
	return found.value, true
}
