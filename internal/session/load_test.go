package session_test

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/store"
	"sallyport/internal/testkit/database"
)

// overtaken is a storage in which something happens before the n-th look.
type overtaken struct {
	store.Transactions[session.Tx]
	left int
	do   func()
}

func (o *overtaken) Read(ctx context.Context, look func(session.Tx) error) error {
	if o.left--; o.left == 0 {
		o.do()
	}
	return o.Transactions.Read(ctx, look)
}

// TestForgottenWhileLoading: a memory that is emptied while it is being filled never takes what it has then for all there is.
func TestForgottenWhileLoading(t *testing.T) {
	database.OnlySQLite(t, "with several nodes nothing is answered from memory")
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodOff)
	hashes := make([]sallyport.Hash, 1200) // three pages
	w.write(func(tx *store.Tx) error {
		for i := range hashes {
			binary.BigEndian.PutUint64(hashes[i][:], uint64(i+1))
			if err := tx.InsertSession(ctx, sallyport.Session{Hash: hashes[i], Technician: dana.ID, Generation: 1, Method: "password",
				CreatedAt: w.clock.Now(), UsedAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(time.Hour)}); err != nil {
				return err
			}
		}
		return nil
	})
	for n := 2; n <= 3; n++ {
		o := &overtaken{Transactions: store.For[session.Tx](w.db), left: n}
		s := session.New(w.options(o))
		o.do = s.Memory().Forget
		s.Memory().LoadNow(ctx)
		for _, hash := range hashes {
			if usable, err := s.Usable(ctx, hash); !usable || err != nil {
				t.Fatalf("emptied before page %d: session %x is over (%v)", n, hash[:8], err)
			}
		}
	}
}
