package crash

import (
	"context"
	"database/sql"
	"fmt"
)

// history is what all events say, read once: after a kill only the new ones are read, and the others counted. From time to
// time everything is read again.
type history struct {
	newest, count int64
	of            map[string]past
	reads         int
}

// everything is after how many reads all events are read again.
const everything = 50

// read brings the history to what the database holds now.
func (h *history) read(ctx context.Context, tx *sql.Tx) error {
	again := h.reads%everything == 0
	h.reads++
	if !again {
		return h.add(ctx, tx)
	}
	whole := &history{of: map[string]past{}}
	if err := whole.add(ctx, tx); err != nil {
		return err
	}
	if err := h.add(ctx, tx); err != nil {
		return err
	}
	for id, p := range whole.of {
		if h.of[id] != p {
			return fmt.Errorf("I8: events changed after they were stored: %s had %+v, and has %+v", id, h.of[id], p)
		}
	}
	return nil
}

// add reads what is newer than what was read. No event that was there may be gone.
func (h *history) add(ctx context.Context, tx *sql.Tx) error {
	found, err := tx.QueryContext(ctx, `SELECT id, type, actor, target FROM event WHERE id > ? ORDER BY id`, h.newest)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var kind, actor, target string
		if err := found.Scan(&h.newest, &kind, &actor, &target); err != nil {
			return err
		}
		h.count++
		h.note(kind, actor, target)
	}
	if err := found.Err(); err != nil {
		return err
	}
	var stored int64
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM event`).Scan(&stored); err != nil {
		return err
	}
	if stored != h.count {
		return fmt.Errorf("I8: %d events are stored, of %d that were seen", stored, h.count)
	}
	return nil
}

func (h *history) note(kind, actor, target string) {
	of := func(id string, count func(*past)) {
		p := h.of[id]
		count(&p)
		h.of[id] = p
	}
	switch kind {
	case "technician.edited", "technician.method.changed", "technician.signed-out": // what raises a generation in this run
		of(target, func(p *past) { p.raises++ })
	case "signin.finished":
		of(actor, func(p *past) { p.finished++ })
	case "signin.factor.right":
		of(actor, func(p *past) { p.right++ })
	}
}
