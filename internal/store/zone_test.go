package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // a machine need not have zones

	"sallyport/internal/store"
	"sallyport/internal/store/storetest"
	"sallyport/internal/testkit/postgres"
)

// changes are the moments of 2026 at which clocks in Berlin go an hour on and an hour back.
var changes = []time.Time{time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC)}

// D11.3: three minutes are three minutes where the clock on the wall goes an hour on or back among them, and what is read is
// in UTC.
func TestD11_3(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		if _, before := change.Add(-time.Second).In(berlin).Zone(); before == offset(change.In(berlin)) {
			t.Fatalf("nothing changes at %v", change)
		}
		c := storetest.NewClock()
		db := open(t, t.TempDir(), func() time.Time { return c.Now().In(berlin) })
		c.Set(change.Add(-time.Minute))
		made := c.Now()
		threeMinutes(t, db, c)
		for after, alive := range map[time.Duration]bool{2 * time.Minute: true, 3*time.Minute - time.Microsecond: true, 3 * time.Minute: false, time.Hour: false} {
			c.Set(made.Add(after))
			if got := counted(t, db); got != alive {
				t.Errorf("%v after it was made, across %v: good %v", after, change, got)
			}
			if read := now(t, db); !read.Equal(c.Now()) || read.Location() != time.UTC {
				t.Errorf("it is %v, read as %v", c.Now(), read)
			}
		}
	}
}

func offset(at time.Time) int {
	_, seconds := at.Zone()
	return seconds
}

// counted reports whether the code of threeMinutes may still be compared, and leaves it as it was.
func counted(t *testing.T, db *store.DB) (ok bool) {
	t.Helper()
	ctx := context.Background()
	err := db.Write(ctx, func(tx *store.Tx) (err error) {
		_, ok, err = tx.CountAttempt(ctx, "c")
		return errors.Join(err, errUndo)
	})
	if !errors.Is(err, errUndo) {
		t.Fatal(err)
	}
	return ok
}

// D11.3: PostgreSQL may keep the clock of any place. Its now_us() is the same number there, before, in and after an hour that
// comes twice or not at all; and the store reads it right, whatever the operator set for the database.
func TestD11_3Postgres(t *testing.T) {
	t.Parallel()
	address := postgres.Database(t)
	operator := raw(t, address)
	var source string
	if err := operator.QueryRow(`SELECT prosrc FROM pg_proc WHERE proname = 'now_us'`).Scan(&source); err != nil || strings.Count(source, "clock_timestamp()") != 1 {
		t.Fatalf("%q, %v", source, err)
	}
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"} {
		there := raw(t, address+"&timezone="+zone)
		for _, change := range changes {
			for _, apart := range []time.Duration{-time.Hour, -time.Microsecond, 0, 30 * time.Minute, time.Hour, 90 * time.Minute} {
				at := change.Add(apart)
				moment := fmt.Sprintf("(timestamptz '%s')", at.Format("2006-01-02 15:04:05.000000Z07:00"))
				var us int64
				if err := there.QueryRow(strings.Replace(source, "clock_timestamp()", moment, 1)).Scan(&us); err != nil || us != at.UnixMicro() {
					t.Errorf("%s at %v: %d, %v, want %d", zone, at, us, err, at.UnixMicro())
				}
			}
		}
		var name string
		if err := there.QueryRow(`SELECT current_setting('timezone')`).Scan(&name); err != nil || name != zone {
			t.Fatalf("the zone is %q, %v: this tested nothing", name, err)
		}
	}
	if _, err := operator.Exec(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = %L', current_database(), 'Asia/Kathmandu'); END $$`); err != nil {
		t.Fatal(err)
	}
	db := openPostgres(t, address)
	began := time.Now()
	read := now(t, db)
	if off := read.Sub(began).Abs(); off > time.Hour || read.Location() != time.UTC { // the zone is almost six
		t.Errorf("at %v it was %v", began, read)
	}
}
