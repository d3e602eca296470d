package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// Whatever events are looked for, and in however small pieces, exactly those are found that a look at each finds, page by page,
// also where a clock was set in between. On SQLite, which knows nothing of how many there are, none but few are sorted.
func TestEventsInPieces(t *testing.T) {
	for name, db := range map[string]*store.DB{"SQLite": open(t, t.TempDir(), time.Now), "PostgreSQL": openOneByOne(t, postgres.Database(t))} {
		t.Run(name, func(t *testing.T) {
			log := someEvents(t, db)
			for _, size := range []struct {
				window int64
				few    int
			}{{7, 3}, {50, 40}, {1000, 5}, {3, 1000}} {
				undo := store.LookAtFewEvents(size.window, size.few)
				for _, f := range eventFilters() {
					if got, want := pagesOf(t, db, f), selected(log, f); !slices.Equal(got, want) {
						t.Errorf("%v %+v: %v, want %v", size, f, got, want)
					}
				}
				undo()
			}
			if !db.Shared() {
				sortsFew(t, db)
			}
		})
	}
}

var eventsBegan = time.UnixMicro(1_700_000_000_000_000)

func someEvents(t *testing.T, db *store.DB) (log []sallyport.Event) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	types := []string{"signin.finished", "signin.begun", "signin.begun", "technician.saved", "policy.changed"}
	for i := range 300 {
		e := sallyport.Event{ID: int64(i + 1), Type: types[r.IntN(len(types))], ActorName: fmt.Sprint("user", r.IntN(20)),
			At: eventsBegan.Add(time.Duration(i) * time.Minute)}
		if i > 100 && i < 120 {
			e.At = e.At.Add(-90 * time.Minute)
		}
		log = append(log, e)
	}
	err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertEvents(t.Context(), log) })
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func eventFilters() (all []sallyport.EventFilter) {
	at := func(minutes int) time.Time { return eventsBegan.Add(time.Duration(minutes) * time.Minute) }
	for _, search := range []string{"", "user7", "nobody"} {
		for _, kind := range []string{"", "signin.", "signin.begun", "policy.", "technician.saved", "none."} {
			for _, span := range [][2]time.Time{{}, {at(10), at(40)}, {at(250), {}}, {{}, at(5)}, {at(20), at(280)}, {at(900), at(999)}} {
				all = append(all, sallyport.EventFilter{Search: search, Type: kind, From: span[0], Until: span[1], Limit: 8})
			}
		}
	}
	return all
}

// pagesOf reads to the end, as an export does.
func pagesOf(t *testing.T, db *store.DB, f sallyport.EventFilter) (ids []int64) {
	t.Helper()
	for {
		var page []sallyport.Event
		err := db.Read(t.Context(), func(tx *store.Tx) (err error) { page, err = tx.Events(t.Context(), f); return err })
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			ids = append(ids, e.ID)
		}
		if len(page) < f.Limit {
			return ids
		}
		f.Before = page[len(page)-1].ID
	}
}

func selected(log []sallyport.Event, f sallyport.EventFilter) (ids []int64) {
	for _, e := range slices.Backward(log) {
		kind := f.Type == "" || e.Type == f.Type || strings.HasSuffix(f.Type, ".") && strings.HasPrefix(e.Type, f.Type)
		if kind && strings.Contains(e.ActorName, f.Search) && !e.At.Before(f.From) && (f.Until.IsZero() || e.At.Before(f.Until)) {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// sortsFew wants of each statement that was asked of events that it looks at a piece of them, or sorts few.
func sortsFew(t *testing.T, db *store.DB) {
	t.Helper()
	judged := 0
	for _, query := range db.Prepared() {
		if !strings.Contains(query, "FROM event") {
			continue
		}
		judged++
		lines, err := db.Plan(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		plan, few := strings.Join(lines, "\n"), strings.Contains(query, "ORDER BY +id")
		if strings.Contains(plan, "SCAN event") && !strings.Contains(query, "ORDER BY id DESC LIMIT $1") || strings.Contains(plan, "B-TREE") && !few {
			t.Errorf("%s\n%s", query, plan)
		}
	}
	if judged < 30 {
		t.Errorf("%d statements were looked at", judged)
	}
}

// Whoever hangs up in the midst of a long search is not searched for to its end.
func TestEventsEndWithTheirReader(t *testing.T) {
	defer store.LookAtFewEvents(10, 1)()
	ctx, hangUp := context.WithCancel(t.Context())
	asked := 0
	db, err := store.Open(t.Context(), store.Options{Folder: t.TempDir(), Now: time.Now, Before: func(string) {
		if asked++; asked == 5 {
			hangUp()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	someEvents(t, db)
	asked = 0
	err = db.Read(ctx, func(tx *store.Tx) error {
		_, err := tx.Events(ctx, sallyport.EventFilter{Search: "nobody"})
		return err
	})
	if sallyport.KindOf(err) != sallyport.Unavailable || asked > 7 {
		t.Errorf("%d statements, %v", asked, err)
	}
}
