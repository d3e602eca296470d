package store

import (
	"context"
	"fmt"
	"strings"

	"sallyport"
)

const eventColumns = `at, type, actor_kind, actor, actor_name, target, target_name, old_values, new_values, address, browser, request, reason, outcome`

// InsertEvent writes one line of the audit log. Its ID is given here; its time is the database's where At is zero.
func (tx *Tx) InsertEvent(ctx context.Context, e sallyport.Event) error {
	return tx.InsertEvents(ctx, []sallyport.Event{e})
}

// InsertEvents is InsertEvent for several, in their order.
func (tx *Tx) InsertEvents(ctx context.Context, list []sallyport.Event) error {
	return insertAll(ctx, tx, insertEvent, list, eventRow)
}

var insertEvent = inserting(`INSERT INTO event (`+eventColumns+`, search)
		VALUES `, `(CASE WHEN CAST($1 AS BIGINT) = 0 THEN now_us() ELSE $1 END, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`, ``)

// eventRow are the arguments that write e.
func eventRow(e sallyport.Event) (args, error) {
	before, err := encodeText(e.Before)
	if err != nil {
		return nil, err
	}
	after, err := encodeText(e.After)
	if err != nil {
		return nil, err
	}
	search := foldText(e.Type, e.ActorName, e.TargetName, e.Address, e.Browser, e.RequestID, e.Reason)
	return args{e.At, e.Type, e.ActorKind, e.Actor, e.ActorName, e.Target, e.TargetName, before, after, e.Address, e.Browser,
		e.RequestID, e.Reason, e.Outcome, search}, nil
}

// eventPage is how many events Events returns where the filter names no number.
const eventPage = 100

// Events returns the events that f selects, the newest first; f.Before continues where a page ended.
func (tx *Tx) Events(ctx context.Context, f sallyport.EventFilter) ([]sallyport.Event, error) {
	if f.Limit < 1 {
		f.Limit = eventPage
	}
	var w where
	if f.Search != "" {
		pattern, err := contains(f.Search)
		if err != nil {
			return nil, err
		}
		w.and(`search LIKE ? ESCAPE '!'`, pattern)
	}
	if prefix, ok := strings.CutSuffix(f.Type, "."); ok {
		w.and(`type > ?`, prefix+".")
		w.and(`type < ?`, prefix+"/") // the character after the dot
	} else if f.Type != "" {
		w.and(`type = ?`, f.Type)
	}
	if f.Actor != "" {
		w.and(`actor = ? AND actor <> ''`, f.Actor)
	}
	if f.Target != "" {
		w.and(`target = ? AND target <> ''`, f.Target)
	}
	if !f.From.IsZero() {
		w.and(`at >= ?`, f.From)
	}
	if !f.Until.IsZero() {
		w.and(`at < ?`, f.Until)
	}
	if f.Before > 0 {
		w.and(`id < ?`, f.Before)
	}
	query := `SELECT id, ` + eventColumns + ` FROM event` + w.clause() + ` ORDER BY id DESC LIMIT ` + w.place(f.Limit)
	return all(ctx, tx, scanEvent, query, w.args)
}

func scanEvent(r row) (sallyport.Event, error) {
	var e sallyport.Event
	var before, after string
	err := r.Scan(&e.ID, stamp{&e.At}, &e.Type, &e.ActorKind, &e.Actor, &e.ActorName, &e.Target, &e.TargetName, &before, &after,
		&e.Address, &e.Browser, &e.RequestID, &e.Reason, &e.Outcome)
	if err != nil {
		return e, err
	}
	if e.Before, err = decode[map[string]string](before); err != nil {
		return e, err
	}
	e.After, err = decode[map[string]string](after)
	return e, err
}

// where collects conditions, written with ? and numbered here, so that every combination is one text to prepare.
type where struct {
	terms []string
	args  args
}

func (w *where) and(term string, value any) {
	w.terms = append(w.terms, strings.Replace(term, "?", w.place(value), 1))
}

// place takes one more argument and returns its placeholder.
func (w *where) place(value any) string {
	w.args = append(w.args, value)
	return fmt.Sprintf("$%d", len(w.args))
}

func (w *where) clause() string {
	if len(w.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.terms, " AND ")
}
