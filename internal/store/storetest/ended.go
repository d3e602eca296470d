package storetest

import (
	"fmt"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

var _ = register("many sessions end together, in few statements", func(b *bench) {
	const many = 278 // one of each piece, and a rest
	t, other := b.person("mira"), b.person("other")
	kept, foreign := b.session(t, "kept"), b.session(other, "foreign")
	var ended []sallyport.Session
	stepUp := func(s sallyport.Session) sallyport.Hash {
		return hash("step " + string(s.Hash[:]))
	}
	b.write(func(tx *store.Tx) error {
		ended = nil
		for i := range many {
			s := sallyport.Session{Hash: hash(fmt.Sprint("many ", i)), Technician: t.ID, Generation: 1, CreatedAt: b.Now(), UsedAt: b.Now(), ExpiresAt: b.Now().Add(time.Hour)}
			_, err := tx.CreateSession(b.ctx, s, 0)
			b.ok(err)
			ended = append(ended, s)
		}
		for _, s := range append([]sallyport.Session{kept, foreign}, ended...) {
			b.ok(tx.InsertSignIn(b.ctx, sallyport.SignIn{Hash: stepUp(s), Technician: s.Technician, Generation: 1, Purpose: sallyport.PurposeStepUp, Session: s.Hash, ExpiresAt: b.Now().Add(time.Hour)}))
		}
		return nil
	})
	change := b.lastChange(func() {
		b.write(func(tx *store.Tx) error {
			before := b.db.Stats().Statements
			list, err := tx.EndSessions(b.ctx, t.ID, kept.Hash, sallyport.EndedByAdmin)
			if used := b.db.Stats().Statements - before; len(list) != many || used > 16 {
				b.Errorf("%d ended in %d statements", len(list), used)
			}
			return err
		})
	})
	if len(change.Ended) != many {
		b.Errorf("the change names %d", len(change.Ended))
	}
	b.read(func(tx *store.Tx) error {
		for _, s := range ended {
			reason, found, err := tx.EndedReason(b.ctx, s.Hash)
			b.ok(err)
			if !found || reason != sallyport.EndedByAdmin {
				b.Errorf("reason %q, %v", reason, found)
			}
			_, _, err = tx.SignIn(b.ctx, stepUp(s))
			b.code(err, "sign_in_over")
		}
		for _, s := range []sallyport.Session{kept, foreign} {
			_, _, err := tx.SignIn(b.ctx, stepUp(s))
			b.ok(err)
		}
		return nil
	})
	for _, s := range append([]sallyport.Session{kept, foreign}, ended[0], ended[250], ended[many-1]) {
		b.sessionLives(s.Hash, s.Hash == kept.Hash || s.Hash == foreign.Hash)
	}
})
