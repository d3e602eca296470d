package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

var ctx = context.Background()

func fill(b *testing.B, db *store.DB, n int) {
	b.Helper()
	for from := 0; from < n; from += 5000 {
		err := db.Write(ctx, func(tx *store.Tx) error {
			for i := from; i < min(n, from+5000); i++ {
				if err := member(tx, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func member(tx *store.Tx, i int) error {
	id := fmt.Sprintf("t%015d", i)
	now := time.Now()
	err := tx.InsertTechnician(ctx, sallyport.Technician{ID: sallyport.TechnicianID(id), FirstName: fmt.Sprint("First", i*7919%100003), LastName: "Last",
		UserName: id, UserNameKey: id, Skeleton: id, Email: id + "@example.com", Role: sallyport.ReadOnlyTechnician, Status: sallyport.Active,
		Method: sallyport.Methods[i%4], Generation: 1, Version: 1, Password: make([]byte, 150), CreatedAt: now, LastSignInAt: now.Add(-time.Duration(i) * time.Minute)})
	if err != nil || i%2 == 0 {
		return err
	}
	s := sallyport.Session{Technician: sallyport.TechnicianID(id), Generation: 1, CreatedAt: now, UsedAt: now, ProvedAt: now, ExpiresAt: now.Add(time.Hour)}
	copy(s.Hash[:], id)
	if _, err := tx.CreateSession(ctx, s, 0); err != nil {
		return err
	}
	return tx.PutFactor(ctx, sallyport.Factor{Technician: sallyport.TechnicianID(id), Kind: sallyport.MethodApp, Secret: []byte("s")})
}

// The list must stay flat: a page of 50 out of 5,000 and out of 100,000.
func BenchmarkRows(b *testing.B) {
	for _, n := range []int{5000, 100_000} {
		db := open(b, b.TempDir(), nil)
		fill(b, db, n)
		for name, f := range map[string]sallyport.Filter{
			"first": {}, "last-page": {Page: n / 50}, "by-role": {Sort: "-role"}, "search": {Search: "first77"}, "not-set-up": {SetUp: "no"},
			"by-sessions": {Sort: "-sessions"},
		} {
			f.Size = 50
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for b.Loop() {
					if err := db.Read(ctx, func(tx *store.Tx) error { _, _, err := tx.Rows(ctx, f); return err }); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkPointSelect(b *testing.B) {
	db := open(b, b.TempDir(), nil)
	fill(b, db, 5000)
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for i := 0; p.Next(); i++ {
			key := fmt.Sprintf("t%015d", i%5000)
			if err := db.Read(ctx, func(tx *store.Tx) error { _, err := tx.TechnicianByKey(ctx, key); return err }); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// One durable commit of what a sign-in counts: the attempt's run and its event.
func BenchmarkDurableCommit(b *testing.B) {
	db := open(b, b.TempDir(), nil)
	fill(b, db, 5000)
	for b.Loop() {
		err := db.Write(ctx, func(tx *store.Tx) error {
			t, err := tx.Technician(ctx, "t000000000000001")
			if err != nil {
				return err
			}
			if _, err := tx.CountAnswer(ctx, t, 1<<40, false); err != nil {
				return err
			}
			return tx.InsertEvent(ctx, sallyport.Event{Type: "signin.answered", Target: "t000000000000001", Outcome: "ok"})
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenExisting(b *testing.B) {
	folder := b.TempDir()
	if err := open(b, folder, nil).Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		db, err := store.Open(ctx, store.Options{Folder: folder})
		if err != nil {
			b.Fatal(err)
		}
		_ = db.Close()
	}
}
