package interleave

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

// memory is a database of two numbers, whose statements take no lock and end no transaction.
type memory struct {
	mu     sync.Mutex
	number map[string]int
	seen   []string
}

var memorySchema = &schema{number: map[string]int{"a": 0, "b": 1}}

// program is what an act does there: "r" reads and "w" writes a number.
func (m *memory) program(a *actor, i int, list []string) func() {
	return func() {
		for n, do := range list {
			table := do[1:]
			if do[0] == 'r' {
				a.before("SELECT 1 FROM "+table, memorySchema.of)
			} else {
				a.before("UPDATE "+table+" SET x = 1", memorySchema.of)
			}
			m.mu.Lock()
			if do[0] == 'w' {
				m.number[table] = m.number[table]*10 + i + 1
			}
			m.seen[i] += fmt.Sprint(n, "=", m.number[table], " ")
			m.mu.Unlock()
		}
	}
}

// outcomes runs programs under all schedules of a search.
func outcomes(t *testing.T, s search, programs [][]string) (map[string]bool, tally) {
	t.Helper()
	found := map[string]bool{}
	var m *memory
	e := &explorer{search: s, seen: func(*play) error { return nil }, judge: func([]step) error {
		found[fmt.Sprint(m.seen, m.number)] = true
		return nil
	}}
	e.begin = func() (*play, error) {
		m = &memory{number: map[string]int{}, seen: make([]string, len(programs))}
		actors, run := make([]*actor, len(programs)), make([]func(), len(programs))
		for i, list := range programs {
			all := ^tables(0)
			actors[i] = &actor{may: &all}
			run[i] = m.program(actors[i], i, list)
		}
		return start(actors, run, func() (map[int][]int, error) { return nil, nil })
	}
	if err := e.run(); err != nil {
		t.Fatal(err)
	}
	return found, e.tally
}

// What the search leaves out as equal is equal: every outcome of the schedules that it runs is one of all schedules, and
// the other way round; and it runs fewer.
func TestSearchFindsEveryOutcome(t *testing.T) {
	var fewer int
	for _, text := range []string{
		"ra wa|ra wa", "ra wa|rb wb", "ra wb|rb wa", "wa wb|wb wa", "ra rb wa|wa rb wb", "ra ra ra|rb rb rb", "wa ra wb rb|rb wb wa",
		"ra|wa|wb", "ra wb|rb wa|ra rb", "wa wb|wb wa|ra rb", "ra wa|ra wa|rb wb", "rb ra|wa|wa wb", "wa|wa|wa",
	} {
		var programs [][]string
		for one := range strings.SplitSeq(text, "|") {
			programs = append(programs, strings.Fields(one))
		}
		want, all := outcomes(t, search{switches: -1}, programs)
		got, n := outcomes(t, search{rules: byTable}, programs)
		if !maps.Equal(got, want) {
			t.Errorf("%s: %d outcomes of %d; %v of %v", text, len(got), len(want), slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
		}
		fewer += all.schedules - n.schedules
		if n.schedules > all.schedules || all.schedules < 2 {
			t.Errorf("%s: %d of %d schedules", text, n.schedules, all.schedules)
		}
	}
	if fewer < 100 {
		t.Errorf("only %d schedules were left out", fewer)
	}
}

// Three and three statements have 20 schedules, and 4 of them leave nobody who could go on, or do so once.
func TestSearchCounts(t *testing.T) {
	for switches, want := range map[int]int{-1: 20, 0: 2, 1: 6} {
		_, n := outcomes(t, search{switches: switches}, [][]string{{"ra", "ra", "ra"}, {"ra", "ra", "ra"}})
		if n.schedules != want {
			t.Errorf("with %d switches: %d schedules, want %d", switches, n.schedules, want)
		}
	}
	if _, n := outcomes(t, search{rules: byTable}, [][]string{{"ra", "wa", "ra"}, {"rb", "wb", "rb"}}); n.schedules != 1 {
		t.Errorf("strangers: %d schedules", n.schedules)
	}
}
