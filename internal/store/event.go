package store

import (
	"context"

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
