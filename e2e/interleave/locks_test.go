package interleave

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// bank is two tables of one row in a real database, and small transactions on them.
type bank struct {
	*world
	schema *schema
	told   []string // by act: what its transaction read, or that it was refused
}

func openBank(t *testing.T) *bank {
	b := &bank{world: newWorld(t), schema: &schema{number: map[string]int{"a": 0, "b": 1}}}
	for name := range b.schema.number {
		b.exec(`CREATE TABLE ` + name + ` (x BIGINT NOT NULL); INSERT INTO ` + name + ` VALUES (0)`)
	}
	return b
}

// act runs serializable transactions: "ra" reads the number in a, "wa" writes it, "/" is between two. Where it is patient, one
// that is refused is run again, as the store does.
func (b *bank) act(ctx context.Context, i int, list []string, patient bool) (told string) {
	for _, do := range split(list, "/") {
		one, err := b.transact(ctx, i, do)
		for ; err != nil && patient; one, err = b.transact(ctx, i, do) {
			b.servers[i].actor.refused.Add(1)
		}
		if err != nil {
			return told + "refused"
		}
		told += one
	}
	return told
}

func split(list []string, at string) (parts [][]string) {
	for one := range strings.SplitSeq(strings.Join(list, " "), at) {
		parts = append(parts, strings.Fields(one))
	}
	return parts
}

func (b *bank) transact(ctx context.Context, i int, list []string) (told string, err error) {
	s := b.servers[i]
	stop := func(statement string) { s.actor.before(statement, b.schema.of) }
	stop("BEGIN")
	tx, err := s.raw.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return "", err
	}
	defer tx.Rollback() // where it is left off
	for _, do := range list {
		statement, args := `SELECT x FROM `+do[1:], []any(nil)
		if do[0] == 'w' {
			statement, args = `UPDATE `+do[1:]+` SET x = x * 10 + $1 RETURNING x`, []any{i + 1}
		}
		stop(statement)
		var x int
		if err := tx.QueryRowContext(ctx, statement, args...).Scan(&x); err != nil {
			stop("ROLLBACK")
			return "", errors.Join(err, tx.Rollback())
		}
		told += fmt.Sprint(do, "=", x, " ")
	}
	stop("COMMIT")
	return told, tx.Commit()
}

// begin puts the numbers back and starts programs.
func (b *bank) begin(programs [][]string, may []tables, patient bool) (*play, error) {
	if _, err := b.raw.Exec(`UPDATE a SET x = 0; UPDATE b SET x = 0`); err != nil {
		return nil, err
	}
	b.told = make([]string, len(programs))
	actors, run := make([]*actor, len(programs)), make([]func(), len(programs))
	for i, list := range programs {
		actors[i] = b.servers[i].actor
		actors[i].may = &may[i]
		run[i] = func() { b.told[i] = b.act(b.t.Context(), i, list, patient) }
	}
	return start(actors, run, b.waiting)
}

// end adds how a run ended.
func (b *bank) end(found map[string]bool) error {
	rows, err := b.rows()
	found[fmt.Sprintf("%q %s", b.told, rows)] = true
	return err
}

func (b *bank) rows() (string, error) {
	var x, y int
	err := b.raw.QueryRow(`SELECT a.x, b.x FROM a, b`).Scan(&x, &y)
	return fmt.Sprintf("a=%d b=%d", x, y), err
}

// outcomes runs transactions under all schedules of a search.
func (b *bank) outcomes(s search, programs [][]string, patient bool) (map[string]bool, tally, error) {
	found, may := map[string]bool{}, make([]tables, len(programs))
	e := &explorer{search: s, seen: func(*play) error { return nil }, judge: func([]step) error { return b.end(found) }}
	e.begin = func() (*play, error) { return b.begin(programs, may, patient) }
	err := e.run()
	return found, e.tally, err
}

// charted are the outcomes from point to point.
func (b *bank) charted(k known, programs [][]string) (map[string]bool, *atlas, error) {
	found, may := map[string]bool{}, make([]tables, len(programs))
	m := &atlas{known: k, seen: func(*play) error { return nil }, judge: func([]step) error { return b.end(found) }, rows: b.rows}
	m.begin = func() (*play, error) { return b.begin(programs, may, true) }
	err := m.run()
	return found, m, err
}

func parse(text string) (programs [][]string) { return split([]string{text}, "|") }

// What is left out as equal is equal on the database too, with its locks, snapshots and refusals: all schedules of small
// transactions end as those do that are run.
func TestLocksFindEveryOutcome(t *testing.T) {
	b, fewer := openBank(t), 0
	for _, text := range []string{"wa|wa", "ra wb|rb wa", "wa wb|wb wa", "ra wa|ra wa", "wa rb|wb", "wa|wa|wa", "wa|ra wb|wb", "ra wb|rb wa|ra", "wa wb|wb wa|rb"} {
		want, all, err := b.outcomes(search{switches: -1}, parse(text), false)
		b.check(err)
		got, n, err := b.outcomes(search{rules: bySnapshot}, parse(text), false)
		b.check(err)
		same(t, text, got, want)
		fewer += all.schedules - n.schedules
	}
	if fewer < 100 {
		t.Errorf("only %d schedules were left out", fewer)
	}
}

// Transactions that are run again when they are refused, several to an act, end from point to point as they do under all
// schedules.
func TestPointsFindEveryOutcome(t *testing.T) {
	b, fewer := openBank(t), 0
	for _, text := range []string{"wa|wa", "ra wb|rb wa", "wa wb|wb wa", "ra wa|ra wa", "wa|ra wb|wb", "ra wb|rb wa|ra", "ra / wb|wa", "wa / rb|wb / ra",
		"ra / ra|wa / wa", "ra wb / ra|rb wa", "wa|wa|ra / rb"} {
		want, all, err := b.outcomes(search{switches: -1}, parse(text), true)
		b.check(err)
		for _, k := range []known{{}, wary} {
			got, m, err := b.charted(k, parse(text))
			b.check(err)
			same(t, text, got, want)
			fewer += all.schedules - m.ends - m.met
		}
	}
	if fewer < 100 {
		t.Errorf("only %d schedules were left out", fewer)
	}
}

func same(t *testing.T, text string, got, want map[string]bool) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("%s: %d outcomes of %d:\n%s\nof\n%s", text, len(got), len(want), strings.Join(slices.Sorted(maps.Keys(got)), "\n"), strings.Join(slices.Sorted(maps.Keys(want)), "\n"))
	}
}
