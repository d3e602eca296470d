package session_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/database"
)

// TestMemoryIsWhatWasCommitted: after any row of commits the memory says of each session what a plain list of all that was
// committed says, however many sessions their owners have, and it lets go of those that are over.
func TestMemoryIsWhatWasCommitted(t *testing.T) {
	database.OnlySQLite(t, "with several nodes nothing is answered from memory")
	type known struct {
		of   sallyport.TechnicianID
		gen  sallyport.Generation
		gone bool
	}
	for seed := range uint64(30) {
		w, random := newWorld(t), rand.New(rand.NewPCG(seed, 7))
		policy := look(w, func(tx *store.Tx) (sallyport.Settings, error) { return tx.Settings(ctx) })
		memory, sessions, gens := w.s.Memory(), map[sallyport.Hash]*known{}, map[sallyport.TechnicianID]sallyport.Generation{}
		memory.LoadNow(ctx)
		memory.Committed(sallyport.Change{Policy: &policy})
		var all []sallyport.Hash
		for n := range uint64(300) {
			who, c := sallyport.TechnicianID(rune('a'+random.IntN(3))), sallyport.Change{}
			switch kind := random.IntN(10); {
			case kind < 6:
				var hash sallyport.Hash
				binary.LittleEndian.PutUint64(hash[:], n+1)
				if len(all) > 0 && random.IntN(8) == 0 {
					hash = all[random.IntN(len(all))] // the same one again
					who = sessions[hash].of
				}
				all, sessions[hash] = append(all, hash), &known{of: who, gen: gens[who]}
				c.Created = []sallyport.Session{{Hash: hash, Technician: who, Generation: gens[who], UsedAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(time.Hour)}}
			case kind < 8 && len(all) > 0:
				hash := all[random.IntN(len(all))]
				sessions[hash].gone = true
				c.Ended = []sallyport.Hash{hash}
			case kind < 9:
				gens[who]++
				c.Raised = map[sallyport.TechnicianID]sallyport.Generation{who: gens[who]}
			default:
				for _, s := range sessions {
					s.gone = s.gone || s.of == who
				}
				c.Gone = []sallyport.TechnicianID{who}
			}
			memory.Committed(c)
			live := 0
			for hash, s := range sessions {
				want := !s.gone && s.gen == gens[s.of]
				if want {
					live++
				}
				if got, err := memory.Check(ctx, hash); got != want || err != nil {
					t.Fatalf("seed %d, commit %d: session %x of %s is let in: %v, want %v (%v)", seed, n, hash[:2], s.of, got, want, err)
				}
			}
			if memory.Len() != live {
				t.Fatalf("seed %d, commit %d: %d remembered, %d live", seed, n, memory.Len(), live)
			}
		}
		w.clock.Advance(time.Hour)
		memory.Flush(ctx)
		if memory.Len() != 0 {
			t.Errorf("%d are remembered after their end", memory.Len())
		}
	}
}

// What lives shorter from now on is noticed by every way of checking, and forgets no use that is not stored yet.
func TestShortenedSessionIsChecked(t *testing.T) {
	w := newWorld(t)
	w.policy(func(s *sallyport.Settings) { s.SessionIdle = 10 * time.Minute })
	w.technician("dana", sallyport.MethodOff)
	token := w.begin("dana").Session
	for range 6 {
		w.clock.Advance(9 * time.Minute)
		if !w.usable(token) {
			t.Fatal("idle while it was used")
		}
	}
	w.write(func(tx *store.Tx) error { return tx.ShortenSessions(ctx, time.Hour) })
	w.clock.Advance(6*time.Minute - time.Microsecond)
	if !w.usable(token) {
		t.Error("over before its hour was")
	}
	w.clock.Advance(time.Microsecond)
	if w.usable(token) {
		t.Error("it lives for longer than an hour")
	}
}

// TestIdleTimeOfAnUnknownCommit: a commit of which nobody knows whether it counts may have shortened the idle time. No session
// goes by the one of before, be it one that begins at once, before anything was read again.
func TestIdleTimeOfAnUnknownCommit(t *testing.T) {
	database.OnlySQLite(t, "with several nodes nothing is answered from memory")
	w := newWorld(t)
	w.technician("dana", sallyport.MethodOff)
	memory := w.s.Memory()
	memory.LoadNow(ctx)
	before := look(w, func(tx *store.Tx) (sallyport.Settings, error) { return tx.Settings(ctx) })
	w.policy(func(s *sallyport.Settings) { s.SessionIdle = 5 * time.Minute })
	memory.Committed(sallyport.Change{Policy: &before}) // as if it had not been told
	memory.Forget()
	token := w.begin("dana").Session
	w.clock.Advance(6 * time.Minute)
	if w.usable(token) {
		t.Error("let in by the idle time of before")
	}
}
