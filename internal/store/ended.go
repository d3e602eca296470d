package store

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"sallyport"
)

// endWhere deletes sessions, remembers why, and deletes the sign-ins that belonged to them.
func (tx *Tx) endWhere(ctx context.Context, reason sallyport.EndReason, where string, a args) ([]sallyport.Session, error) {
	ended, err := all(ctx, tx, scanSession, `DELETE FROM session WHERE `+where+returningSession, a)
	if err != nil {
		return nil, err
	}
	for part := range inSteps(ended) {
		s, a := endedIn[len(part)], args{reason}
		for _, session := range part {
			a = append(a, session.Hash)
			tx.change.Ended = append(tx.change.Ended, session.Hash)
		}
		if err := tx.later(ctx, nil, s.remember, a); err != nil {
			return nil, err
		}
		if err := tx.later(ctx, nil, s.signIns, a[1:]); err != nil {
			return nil, err
		}
	}
	return ended, nil
}

// endSteps are how many sessions, names or new rows one statement takes: many must not cost a round trip for each, and
// every number of them must not be a statement of its own to prepare.
var endSteps = []int{250, 25, 1}

// inSteps cuts a list into pieces of the lengths in endSteps, as few as there can be.
func inSteps[T any](list []T) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		for _, step := range endSteps {
			whole := len(list) / step * step
			for part := range slices.Chunk(list[:whole], step) {
				if !yield(part) {
					return
				}
			}
			list = list[whole:]
		}
	}
}

// endedIn are the statements for so many ended sessions.
var endedIn = func() map[int]endStatements {
	all := map[int]endStatements{}
	for _, step := range endSteps {
		all[step] = newEndStatements(step)
	}
	return all
}()

// endStatements follow the end of sessions: remember takes the reason and their hashes, signIns the hashes.
type endStatements struct{ remember, signIns string }

func newEndStatements(n int) endStatements {
	rows, places := make([]string, n), make([]string, n)
	for i := range n {
		rows[i], places[i] = fmt.Sprintf("($%d, $1, now_us())", i+2), fmt.Sprintf("$%d", i+1)
	}
	return endStatements{
		remember: `INSERT INTO ended_session (hash, reason, ended_at) VALUES ` + strings.Join(rows, ", ") + `
			ON CONFLICT (hash) DO UPDATE SET reason = excluded.reason, ended_at = excluded.ended_at`,
		signIns: `DELETE FROM sign_in WHERE session IN (` + strings.Join(places, ", ") + `)`,
	}
}
