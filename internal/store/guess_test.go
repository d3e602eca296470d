package store_test

import (
	"fmt"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// A right password takes its counts back in the order in which a try was counted under them, whatever the size of the table
// leads the planner to: two sign-ins of one account at once would stand in a circle.
func TestForgivenInTheOrderCounted(t *testing.T) {
	ctx, address := t.Context(), postgres.Database(t)
	db, operator := openPostgres(t, address), raw(t, address)
	for others := range 6 {
		key := fmt.Sprint("t", others)
		who := sallyport.Technician{ID: sallyport.TechnicianID(key), UserNameKey: key, Status: sallyport.Active, Method: sallyport.MethodApp, Generation: 1}
		narrow, wide, all := fmt.Sprint("z", others), fmt.Sprint("m", others), fmt.Sprint("a", others)
		err := db.Write(ctx, func(tx *store.Tx) error {
			if err := tx.InsertTechnician(ctx, who); err != nil {
				return err
			}
			_, err := tx.CountGuesses(ctx, []string{narrow, wide, all})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := operator.Exec(`ANALYZE guess`); err != nil {
			t.Fatal(err)
		}
		beside, err := operator.Begin()
		if err == nil {
			_, err = beside.Exec(`SELECT 1 FROM guess WHERE id = $1 FOR UPDATE`, narrow)
		}
		if err != nil {
			t.Fatal(err)
		}
		forgiven := make(chan error, 1)
		go func() {
			forgiven <- db.Write(ctx, func(tx *store.Tx) error {
				return tx.ForgiveGuesses(ctx, 1, who, nil, sallyport.Counted{Key: narrow}, sallyport.Counted{Key: wide}, sallyport.Counted{Key: all, Until: time.Now()})
			})
		}()
		until(t, "it waits for the narrow one", waiting(t, operator))
		if _, err := beside.Exec(`SELECT 1 FROM guess WHERE id IN ($1, $2) FOR UPDATE NOWAIT`, wide, all); err != nil {
			t.Errorf("of %d counts, a wide one is taken before the narrow one: %v", 3*(others+1), err)
		}
		if err := beside.Rollback(); err != nil {
			t.Fatal(err)
		}
		if err := <-forgiven; err != nil {
			t.Error(err)
		}
	}
}
