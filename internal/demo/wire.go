package demo

import (
	"context"
	"strings"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/delivery"
	"sallyport/internal/store"
)

// notices gives the administrators' use cases the messages that delivery writes.
type notices struct{ d *delivery.Service }

// Notice implements account.Notices.
func (n notices) Notice(kind account.NoticeKind, to string, data account.NoticeData) (sallyport.OutboxMessage, error) {
	return n.d.Compose(delivery.NoticeKind(kind), to, delivery.NoticeData(data))
}

func mailbox(first, last string) string {
	return strings.ToLower(first + "." + last + "@northwind.example")
}

// newPassword is 80 random bits in groups that can be typed.
func newPassword() string {
	id := sallyport.NewID()
	return id[:4] + "-" + id[4:8] + "-" + id[8:12] + "-" + id[12:]
}

// record reads the audit log beside the server, to know when a Save was written.
type record struct{ db *store.DB }

func openRecord(ctx context.Context, folder string) (*record, error) {
	db, err := store.Open(ctx, store.Options{Folder: folder, ReadOnlyConns: 1})
	return &record{db}, err
}

func (r *record) close() error { return r.db.Close() }

// change is the newest event that an administrator caused at a technician.
func (r *record) change(ctx context.Context, of sallyport.TechnicianID) (e sallyport.Event, found bool, err error) {
	err = r.db.Read(ctx, func(tx *store.Tx) error {
		events, err := tx.Events(ctx, sallyport.EventFilter{Target: of, Type: "technician.", Limit: 1})
		if err == nil && len(events) > 0 {
			e, found = events[0], true
		}
		return err
	})
	return e, found, err
}
