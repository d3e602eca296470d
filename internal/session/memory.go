package session

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sallyport"
)

const (
	// memoryMost is how many sessions are kept in memory; beyond it checks of the others read the database.
	memoryMost = 1_000_000
	loadPage   = 500
)

// Memory answers session checks without reading the database, which only the process that owns the database may do:
// it learns of every commit before the commit's caller does, so it never says yes after a Save has answered. A fill
// that began before a commit is discarded. After a commit of unknown outcome everything is forgotten.
type Memory struct {
	store Store
	now   func() time.Time

	mu       sync.RWMutex
	sessions map[sallyport.Hash]*entry
	owners   map[sallyport.TechnicianID]*owner
	epoch    uint64        // rises with every commit that matters
	emptied  uint64        // rises each time that everything is forgotten
	complete bool          // every usable session is here: a miss is a no
	idle     time.Duration // 0: not known yet
	stale    chan struct{} // asks the loader to begin again
}

// owner is a technician with sessions, guarded by Memory.mu. What a check looks at, here and in the session that most have
// alone, lies in one line of the processor's cache: among a million it is never there already.
type owner struct {
	gen      sallyport.Generation
	gone     bool
	sessions *entry // the newest; nil: none
	first    entry  // the place of one of them
}

// entry is a session as the check sees it. Times are Unix microseconds.
type entry struct {
	owner      *owner // nil: the place is free
	gen        sallyport.Generation
	expires    int64
	used       atomic.Int64 // written by checks, which hold Memory.mu for reading
	stored     int64        // used, as the database knows it; only the flusher touches it
	next, last *entry       // of the owner's sessions
	hash       sallyport.Hash
}

// enter makes room for a session of o.
func (o *owner) enter(hash sallyport.Hash) *entry {
	e := &o.first
	if e.owner != nil {
		e = new(entry)
	}
	e.owner, e.hash, e.next = o, hash, o.sessions
	if e.next != nil {
		e.next.last = e
	}
	o.sessions = e
	return e
}

// leave takes e from its owner's sessions.
func (e *entry) leave() {
	if e.last != nil {
		e.last.next = e.next
	} else {
		e.owner.sessions = e.next
	}
	if e.next != nil {
		e.next.last = e.last
	}
	e.owner, e.next, e.last = nil, nil, nil
}

func newMemory(store Store, now func() time.Time) *Memory {
	m := &Memory{store: store, now: now, stale: make(chan struct{}, 1)}
	m.clear()
	return m
}

func (m *Memory) clear() {
	m.sessions = map[sallyport.Hash]*entry{}
	m.owners = map[sallyport.TechnicianID]*owner{}
	m.complete, m.idle = false, 0 // the setting may be what was committed
	m.emptied++
	select {
	case m.stale <- struct{}{}:
	default:
	}
}

// Len is how many sessions are in memory.
func (m *Memory) Len() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.sessions)
}

// Check reports whether the session named by hash is usable now, and notes its use; Unavailable where it had to read the
// database and could not.
func (m *Memory) Check(ctx context.Context, hash sallyport.Hash) (bool, error) {
	now := m.now().UnixMicro()
	m.mu.RLock()
	e, ok := m.sessions[hash]
	ok = ok && m.idle > 0
	known, usable := m.complete, false
	if ok {
		if usable = e.usable(now, m.idle); usable {
			e.used.Store(now)
		}
	}
	m.mu.RUnlock()
	if ok {
		return usable, nil
	}
	if known {
		return false, nil
	}
	return m.fill(ctx, hash)
}

func (e *entry) usable(now int64, idle time.Duration) bool {
	return !e.owner.gone && e.gen == e.owner.gen && now < e.expires && now-e.used.Load() < idle.Microseconds()
}

// fill answers one check from the database, and remembers the answer unless something was committed meanwhile.
func (m *Memory) fill(ctx context.Context, hash sallyport.Hash) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, countTime)
	defer cancel()
	epoch, _ := m.at()
	var session sallyport.Session
	var t sallyport.Technician
	var set sallyport.Settings
	err := m.store.Read(ctx, func(tx Tx) (err error) {
		if set, err = tx.Settings(ctx); err != nil {
			return err
		}
		session, t, err = tx.Session(ctx, hash, set.SessionIdle)
		return err
	})
	if sallyport.KindOf(err) == sallyport.Unauthorized {
		return false, nil
	}
	if err != nil {
		return false, couldNotLook(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.epoch == epoch && len(m.sessions) < memoryMost {
		m.idle = set.SessionIdle
		m.add(session, t.Generation).used.Store(m.now().UnixMicro())
	}
	return true, nil
}

func (m *Memory) at() (epoch, emptied uint64) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.epoch, m.emptied
}

// add puts a session in; the caller holds the lock.
func (m *Memory) add(s sallyport.Session, gen sallyport.Generation) *entry {
	used := s.UsedAt.UnixMicro()
	if was, ok := m.sessions[s.Hash]; ok {
		used = max(used, was.used.Load()) // which is not stored yet
	}
	m.drop(s.Hash)
	o := m.owner(s.Technician)
	o.gen = max(o.gen, gen)
	e := o.enter(s.Hash)
	e.gen, e.expires, e.stored = s.Generation, s.ExpiresAt.UnixMicro(), s.UsedAt.UnixMicro()
	e.used.Store(used)
	m.sessions[s.Hash] = e
	return e
}

func (m *Memory) owner(id sallyport.TechnicianID) *owner {
	o := m.owners[id]
	if o == nil {
		o = new(owner)
		m.owners[id] = o
	}
	return o
}

// Committed takes in what a transaction did. The store calls it after the commit and before the caller of the
// transaction learns of it, one commit at a time.
func (m *Memory) Committed(c sallyport.Change) {
	if c.Empty() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.epoch++
	for id, gen := range c.Raised {
		o := m.owner(id)
		o.gen = max(o.gen, gen)
		m.dropWhere(o, func(e *entry) bool { return e.gen < o.gen })
	}
	for _, id := range c.Gone {
		o := m.owner(id)
		o.gone = true
		m.dropWhere(o, func(*entry) bool { return true })
	}
	for _, hash := range c.Ended {
		m.drop(hash)
	}
	for _, s := range c.Created {
		m.owner(s.Technician).gone = false
		m.add(s, s.Generation)
	}
	if c.Policy != nil {
		m.idle = c.Policy.SessionIdle
	}
	m.complete = m.complete && len(m.sessions) <= memoryMost
}

func (m *Memory) dropWhere(o *owner, ends func(*entry) bool) {
	for e := o.sessions; e != nil; {
		next := e.next
		if ends(e) {
			m.drop(e.hash)
		}
		e = next
	}
}

func (m *Memory) drop(hash sallyport.Hash) {
	if e, ok := m.sessions[hash]; ok {
		e.leave()
		delete(m.sessions, hash)
	}
}

// Forget empties the memory, after a commit whose outcome nobody knows: every next check reads the database.
func (m *Memory) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.epoch++
	m.clear()
}

// Run loads the usable sessions, writes their last uses once a minute, and ends with ctx after a last write.
func (m *Memory) Run(ctx context.Context) {
	tick := time.NewTicker(sallyport.TouchEvery)
	defer tick.Stop()
	for {
		select {
		case <-m.stale:
			m.load(ctx)
		case <-tick.C:
			m.Flush(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), countTime)
			defer cancel()
			m.Flush(last)
			return
		}
	}
}

// load reads all usable sessions page by page. A page that a commit overtook is read again; where everything was forgotten
// meanwhile it begins at the first page again, for those that were read are gone.
func (m *Memory) load(ctx context.Context) {
	var after sallyport.Hash
	_, begun := m.at()
	for ctx.Err() == nil {
		epoch, emptied := m.at()
		if emptied != begun {
			after, begun = sallyport.Hash{}, emptied
		}
		page, set, err := m.readPage(ctx, after)
		if err != nil {
			return // checks go on reading the database
		}
		m.mu.Lock()
		switch {
		case m.epoch != epoch:
			m.mu.Unlock()
			continue
		case len(m.sessions)+len(page) > memoryMost:
			m.mu.Unlock()
			return
		}
		m.idle = set.SessionIdle
		for _, s := range page {
			if m.sessions[s.Hash] == nil {
				m.add(s, s.Generation)
			}
		}
		m.complete = len(page) < loadPage
		done := m.complete
		m.mu.Unlock()
		if done {
			return
		}
		after = page[len(page)-1].Hash
	}
}

func (m *Memory) readPage(ctx context.Context, after sallyport.Hash) (page []sallyport.Session, set sallyport.Settings, err error) {
	err = m.store.Read(ctx, func(tx Tx) (err error) {
		if set, err = tx.Settings(ctx); err != nil {
			return err
		}
		page, err = tx.LoadSessions(ctx, after, loadPage)
		return err
	})
	return page, set, err
}

// Flush writes the last uses that changed, and lets go of sessions that are over. A failure is made good by the next.
func (m *Memory) Flush(ctx context.Context) {
	for some := range chunks(m.gather()) {
		if err := m.store.Write(ctx, func(tx Tx) error { return tx.TouchSessions(ctx, some) }); err != nil {
			return
		}
		m.written(some)
	}
}

func (m *Memory) written(some map[sallyport.Hash]time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for hash, last := range some {
		if e, ok := m.sessions[hash]; ok {
			e.stored = last.UnixMicro()
		}
	}
}

// chunks cuts a map of last uses into pieces that hold up other writers for a moment only.
func chunks(used map[sallyport.Hash]time.Time) iter.Seq[map[sallyport.Hash]time.Time] {
	return func(yield func(map[sallyport.Hash]time.Time) bool) {
		for part := range slices.Chunk(slices.Collect(maps.Keys(used)), loadPage) {
			some := make(map[sallyport.Hash]time.Time, len(part))
			for _, hash := range part {
				some[hash] = used[hash]
			}
			if !yield(some) {
				return
			}
		}
	}
}

func (m *Memory) gather() map[sallyport.Hash]time.Time {
	now := m.now().UnixMicro()
	used := map[sallyport.Hash]time.Time{}
	m.mu.Lock()
	defer m.mu.Unlock()
	for hash, e := range m.sessions {
		if last := e.used.Load(); last != e.stored {
			used[hash] = time.UnixMicro(last).UTC()
		}
		if !e.usable(now, m.idle) {
			m.drop(hash)
		}
	}
	for id, o := range m.owners {
		if o.sessions == nil && m.complete {
			delete(m.owners, id)
		}
	}
	return used
}
