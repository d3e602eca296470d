package storetest

import (
	"reflect"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

var _ = register("technician comes back whole", func(b *bench) {
	t := b.person("mira", func(t *sallyport.Technician) {
		t.Password, t.PasswordAt = []byte("sealed"), b.Now()
		t.Phone, t.SetupUntil, t.WaitUntil = "+15551230001", b.Now().Add(time.Hour), b.Now().Add(time.Second)
		t.FactorDisabled, t.WrongRun, t.RecoveryRun = true, 3, 2
		t.EmailChangedAt, t.EmailChangedBy, t.LastSignInAt = b.Now(), "someone", b.Now()
	})
	b.read(func(tx *store.Tx) error {
		for _, find := range []func() (sallyport.Technician, error){
			func() (sallyport.Technician, error) { return tx.Technician(b.ctx, "mira") },
			func() (sallyport.Technician, error) { return tx.TechnicianByKey(b.ctx, "mira") },
			func() (sallyport.Technician, error) { return tx.TechnicianBySkeleton(b.ctx, "mira") },
		} {
			got, err := find()
			b.ok(err)
			if !reflect.DeepEqual(got, t) {
				b.Errorf("got  %+v\nwant %+v", got, t)
			}
		}
		_, err := tx.Technician(b.ctx, "nobody")
		b.code(err, "not_found")
		return nil
	})
})
