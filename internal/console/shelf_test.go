package console

import (
	"testing"
	"time"
)

// TestShelf: in memory the oldest makes room for the newest, and what is over does so first.
func TestShelf(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := newShelf[int]("any", &Console{now: func() time.Time { return now }}, 2, time.Hour)
	put := func(v int) string {
		id, err := s.put(t.Context(), "mara", v)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	wants := func(id string, want int, there bool) {
		t.Helper()
		if got, found, err := s.get(t.Context(), "mara", id); got != want || found != there || err != nil {
			t.Errorf("%d, %v, %v, want %d, %v", got, found, err, want, there)
		}
	}
	one, two := put(1), put(2)
	wants(one, 1, true)
	three := put(3)
	wants(one, 0, false)
	wants(two, 2, true)
	now = now.Add(time.Hour)
	wants(three, 3, true)
	now = now.Add(time.Microsecond)
	wants(three, 0, false)
	put(4)
	if len(s.items) != 1 || len(s.order) != 1 {
		t.Errorf("%d things are held, %d in order", len(s.items), len(s.order))
	}
}

func TestSpell(t *testing.T) {
	got := spell("az-09")
	want := []string{"Alfa", "Zulu", "zero", "nine"}
	if len(got) != len(want) {
		t.Fatal(got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q", got)
		}
	}
}
