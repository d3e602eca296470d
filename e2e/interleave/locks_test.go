package interleave

import (
	"context"
	"database/sql"
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

// transact runs one serializable transaction: "ra" reads the number in a, "wa" writes it.
func (b *bank) transact(ctx context.Context, i int, list []string) (told string) {
	s := b.servers[i]
	stop := func(statement string) { s.actor.before(statement, b.schema.of) }
	stop("BEGIN")
	tx, err := s.raw.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	for _, do := range list {
		if err != nil {
			break
		}
		statement, args := `SELECT x FROM `+do[1:], []any(nil)
		if do[0] == 'w' {
			statement, args = `UPDATE `+do[1:]+` SET x = x * 10 + $1 RETURNING x`, []any{i + 1}
		}
		stop(statement)
		var x int
		err = tx.QueryRowContext(ctx, statement, args...).Scan(&x)
		told += fmt.Sprint(do, "=", x, " ")
	}
	if err != nil {
		stop("ROLLBACK")
		_ = tx.Rollback()
		return "refused"
	}
	stop("COMMIT")
	if tx.Commit() != nil {
		return "refused"
	}
	return told
}

// outcomes runs transactions under all schedules of a search.
func (b *bank) outcomes(s search, programs [][]string) (map[string]bool, tally, error) {
	found := map[string]bool{}
	e := &explorer{search: s, seen: func(*play) error { return nil }}
	may := make([]tables, len(programs))
	e.begin = func() (*play, error) {
		if _, err := b.raw.Exec(`UPDATE a SET x = 0; UPDATE b SET x = 0`); err != nil {
			return nil, err
		}
		b.told = make([]string, len(programs))
		actors, run := make([]*actor, len(programs)), make([]func(), len(programs))
		for i, list := range programs {
			actors[i] = b.servers[i].actor
			actors[i].may = &may[i]
			run[i] = func() { b.told[i] = b.transact(b.t.Context(), i, list) }
		}
		return start(actors, run, b.waiting)
	}
	e.judge = func([]step) error {
		var x, y int
		err := b.raw.QueryRow(`SELECT a.x, b.x FROM a, b`).Scan(&x, &y)
		found[fmt.Sprintf("%q a=%d b=%d", b.told, x, y)] = true
		return err
	}
	err := e.run()
	return found, e.tally, err
}

// What is left out as equal is equal on the database too, with its locks, snapshots and refusals: all schedules of small
// transactions end as those do that are run.
func TestLocksFindEveryOutcome(t *testing.T) {
	b, fewer := openBank(t), 0
	for _, text := range []string{"wa|wa", "ra wb|rb wa", "wa wb|wb wa", "ra wa|ra wa", "wa rb|wb", "wa|wa|wa", "wa|ra wb|wb", "ra wb|rb wa|ra", "wa wb|wb wa|rb"} {
		var programs [][]string
		for one := range strings.SplitSeq(text, "|") {
			programs = append(programs, strings.Fields(one))
		}
		want, all, err := b.outcomes(search{switches: -1}, programs)
		b.check(err)
		got, n, err := b.outcomes(search{rules: bySnapshot}, programs)
		b.check(err)
		if !maps.Equal(got, want) {
			t.Errorf("%s: %d outcomes of %d:\n%s\nof\n%s", text, len(got), len(want), strings.Join(slices.Sorted(maps.Keys(got)), "\n"), strings.Join(slices.Sorted(maps.Keys(want)), "\n"))
		}
		fewer += all.schedules - n.schedules
	}
	if fewer < 100 {
		t.Errorf("only %d schedules were left out", fewer)
	}
}
