package store

import (
	"context"
	"math"
	"strings"

	"sallyport"
)

// eventPage is how many events Events returns where the filter names no number.
const eventPage = 100

// How much one statement of Events looks at, so that it ends in time in a log of any size.
var (
	eventsWindow int64 = 100_000 // numbers of events
	eventsFew          = 5000    // entries of an index, whose events are sorted
)

// Events returns the events that f selects, the newest first; f.Before continues where a page ended.
//
// Where an index has what is looked for in the order of the numbers, one statement finds it. Otherwise a few entries of the
// index that has them are looked at and sorted; and where they are many, the log is read from its end, a piece at a time.
func (tx *Tx) Events(ctx context.Context, f sallyport.EventFilter) ([]sallyport.Event, error) {
	if f.Limit < 1 {
		f.Limit = eventPage
	}
	if f.Actor != "" || f.Target != "" || f.Search == "" && !timed(f) && !grouped(f) {
		return tx.eventsBy(ctx, f, inOrder, 0)
	}
	by, err := tx.few(ctx, f)
	switch {
	case err != nil:
		return nil, err
	case by != nil:
		return tx.eventsBy(ctx, f, *by, 0)
	}
	return tx.walkEvents(ctx, f)
}

func timed(f sallyport.EventFilter) bool { return !f.From.IsZero() || !f.Until.IsZero() }

func grouped(f sallyport.EventFilter) bool { return strings.HasSuffix(f.Type, ".") }

// way is how the conditions of a statement are written: what is no bare column keeps an engine from its index.
type way struct{ id, at, group, kind string }

var (
	inOrder = way{"id", "at", "type", "type"}
	byTime  = way{"+id", "at", "type || ''", "type || ''"}
	byType  = way{"+id", "+at", "type", "type"}
	inPiece = way{"id", "+at", "type || ''", "type"}
)

// few is the way to the events that f selects where an index has few entries to look at, nil where there is none.
func (tx *Tx) few(ctx context.Context, f sallyport.EventFilter) (*way, error) {
	if f.Type != "" {
		if few, err := tx.fewOf(ctx, sallyport.EventFilter{Type: f.Type}, "type, id"); err != nil || few {
			return &byType, err
		}
	}
	if timed(f) {
		if few, err := tx.fewOf(ctx, sallyport.EventFilter{From: f.From, Until: f.Until}, "at"); err != nil || few {
			return &byTime, err
		}
	}
	return nil, nil
}

// fewOf reports whether an index of that order has few entries that f selects.
func (tx *Tx) fewOf(ctx context.Context, f sallyport.EventFilter, order string) (bool, error) {
	w, err := eventsWhere(f, inOrder)
	if err != nil {
		return false, err
	}
	n := 0
	_, err = tx.one(ctx, `SELECT count(*) FROM (SELECT 1 FROM event`+w.clause()+` ORDER BY `+order+` LIMIT `+w.place(eventsFew+1)+`) AS few`,
		w.args, &n)
	return n <= eventsFew, err
}

// walkEvents looks at the log from f.Before backwards. Where ctx ends, it does so between two pieces.
func (tx *Tx) walkEvents(ctx context.Context, f sallyport.EventFilter) (found []sallyport.Event, err error) {
	if f.Before < 1 {
		f.Before = math.MaxInt64
	}
	for most := f.Limit; len(found) < most && f.Before > 1; {
		after, last, err := tx.piece(ctx, f)
		if err != nil || last == 0 {
			return found, err
		}
		f.Before, f.Limit = last+1, most-len(found)
		more, err := tx.eventsBy(ctx, f, inPiece, after)
		if err != nil {
			return nil, err
		}
		found, f.Before = append(found, more...), max(after, 0)+1
	}
	return found, nil
}

// piece is the next piece of the log before f.Before, or of the events of f's one type: the numbers after after to last, which
// is 0 where there is none.
func (tx *Tx) piece(ctx context.Context, f sallyport.EventFilter) (after, last int64, err error) {
	one := sallyport.EventFilter{Before: f.Before}
	if !grouped(f) {
		one.Type = f.Type
	}
	w, err := eventsWhere(one, inOrder)
	if err != nil {
		return 0, 0, err
	}
	newest := `SELECT id FROM event` + w.clause() + ` ORDER BY id DESC LIMIT 1`
	if _, err := tx.one(ctx, newest, append(args{}, w.args...), &last); err != nil || one.Type == "" {
		return last - eventsWindow, last, err
	}
	_, err = tx.one(ctx, newest+` OFFSET `+w.place(eventsWindow), w.args, &after)
	return after, last, err
}

// eventsBy is one statement for those events of f whose numbers are greater than after, where that is not 0.
func (tx *Tx) eventsBy(ctx context.Context, f sallyport.EventFilter, by way, after int64) ([]sallyport.Event, error) {
	w, err := eventsWhere(f, by)
	if err != nil {
		return nil, err
	}
	if after != 0 {
		w.and(by.id+` > ?`, after)
	}
	query := `SELECT id, ` + eventColumns + ` FROM event` + w.clause() + ` ORDER BY ` + by.id + ` DESC LIMIT ` + w.place(f.Limit)
	return all(ctx, tx, scanEvent, query, w.args)
}

func eventsWhere(f sallyport.EventFilter, by way) (*where, error) {
	w := &where{}
	if f.Search != "" {
		pattern, err := contains(f.Search)
		if err != nil {
			return nil, err
		}
		w.and(`search LIKE ? ESCAPE '!'`, pattern)
	}
	if prefix, ok := strings.CutSuffix(f.Type, "."); ok {
		w.and(by.group+` > ?`, prefix+".")
		w.and(by.group+` < ?`, prefix+"/") // the character after the dot
	} else if f.Type != "" {
		w.and(by.kind+` = ?`, f.Type)
	}
	if f.Actor != "" {
		w.and(`actor = ? AND actor <> ''`, f.Actor)
	}
	if f.Target != "" {
		w.and(`target = ? AND target <> ''`, f.Target)
	}
	if !f.From.IsZero() {
		w.and(by.at+` >= ?`, f.From)
	}
	if !f.Until.IsZero() {
		w.and(by.at+` < ?`, f.Until)
	}
	if f.Before > 0 {
		w.and(by.id+` < ?`, f.Before)
	}
	return w, nil
}
