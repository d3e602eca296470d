package store

import (
	"context"
	"time"

	"sallyport"
)

const outboxColumns = `id, channel, recipient, sealed, attempts, next_at, expires_at, created_at, sent_at, last_error, event, link`

func scanOutbox(r row) (sallyport.OutboxMessage, error) {
	var m sallyport.OutboxMessage
	err := r.Scan(&m.ID, &m.Channel, &m.To, &m.Sealed, &m.Attempts, stamp{&m.NextAt}, stamp{&m.ExpiresAt}, stamp{&m.CreatedAt},
		stamp{&m.SentAt}, &m.LastError, &m.Event, token{&m.Link})
	return m, err
}

// InsertOutbox stores a notice or a link that is to be sent.
func (tx *Tx) InsertOutbox(ctx context.Context, m sallyport.OutboxMessage) error {
	_, err := tx.exec(ctx, insertOutbox.one, outboxRow(m))
	return err
}

// InsertOutboxAll stores several of them.
func (tx *Tx) InsertOutboxAll(ctx context.Context, list []sallyport.OutboxMessage) error {
	return insertAll(ctx, tx, insertOutbox, list, sure(outboxRow))
}

var insertOutbox = inserting(`INSERT INTO outbox (`+outboxColumns+`, done_at) VALUES `, `($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)`, ``)

func outboxRow(m sallyport.OutboxMessage) args {
	return args{m.ID, m.Channel, m.To, m.Sealed, m.Attempts, m.NextAt, m.ExpiresAt, m.CreatedAt, m.SentAt, m.LastError, m.Event, m.Link}
}

// DueOutbox returns up to n messages whose time has come and not passed, the longest due first.
func (tx *Tx) DueOutbox(ctx context.Context, n int) ([]sallyport.OutboxMessage, error) {
	return all(ctx, tx, scanOutbox, `SELECT `+outboxColumns+` FROM outbox
		WHERE done_at = 0 AND next_at <= (SELECT now_us()) AND expires_at > now_us() ORDER BY next_at, id LIMIT $1`, args{n})
}

// ExpiredOutbox returns up to n messages that were not sent before their end, the oldest end first. They stay until
// DropOutbox gives them up, however long nobody looks, so that none goes without a word.
func (tx *Tx) ExpiredOutbox(ctx context.Context, n int) ([]sallyport.OutboxMessage, error) {
	return all(ctx, tx, scanOutbox, `SELECT `+outboxColumns+` FROM outbox
		WHERE done_at = 0 AND expires_at <= now_us() ORDER BY expires_at, id LIMIT $1`, args{n})
}

// FailedOutbox counts the messages that wait after a failed try, and says why that of the one that waits longest failed.
func (tx *Tx) FailedOutbox(ctx context.Context) (n int, lastError string, err error) {
	_, err = tx.one(ctx, `SELECT COUNT(*) OVER (), last_error FROM outbox WHERE done_at = 0 AND attempts > 0 ORDER BY next_at DESC, id LIMIT 1`, nil, &n, &lastError)
	return n, lastError, err
}

// ClaimOutbox takes a due message for the one who is about to send it: for as long as lease it is due to nobody else.
// False when somebody else was first.
func (tx *Tx) ClaimOutbox(ctx context.Context, id string, lease time.Duration) (bool, error) {
	return tx.did(ctx, `UPDATE outbox SET next_at = now_us() + $2 WHERE id = $1 AND done_at = 0 AND next_at <= now_us() AND expires_at > now_us()`,
		args{id, lease.Microseconds()})
}

// HurryOutbox makes due now what waits after a failed attempt for longer than lease: no message waits so long that somebody
// is sending.
func (tx *Tx) HurryOutbox(ctx context.Context, lease time.Duration) error {
	_, err := tx.exec(ctx, `UPDATE outbox SET next_at = now_us() WHERE done_at = 0 AND next_at > now_us() + $1`, args{lease.Microseconds()})
	return err
}

// FinishOutbox notes that a message was sent and erases what it said.
func (tx *Tx) FinishOutbox(ctx context.Context, id string) error {
	_, err := tx.exec(ctx, `UPDATE outbox SET sent_at = now_us(), done_at = now_us(), attempts = attempts + 1, sealed = $2, last_error = ''
		WHERE id = $1 AND done_at = 0`, args{id, []byte{}})
	return err
}

// RetryOutbox notes a failed attempt and when to try again.
func (tx *Tx) RetryOutbox(ctx context.Context, id string, next time.Time, lastError string) error {
	_, err := tx.exec(ctx, `UPDATE outbox SET attempts = attempts + 1, next_at = $2, last_error = $3 WHERE id = $1 AND done_at = 0`,
		args{id, next, lastError})
	return err
}

// DropOutbox gives a message up and erases what it said. False where it was sent or given up before.
func (tx *Tx) DropOutbox(ctx context.Context, id, lastError string) (bool, error) {
	return tx.did(ctx, `UPDATE outbox SET attempts = attempts + 1, done_at = now_us(), sealed = $3, last_error = $2
		WHERE id = $1 AND done_at = 0`, args{id, lastError, []byte{}})
}

// withdrawOutbox gives up the messages that carry these links, which have ended, and erases what they said. It returns
// how many of the links nobody can have, because nobody had begun to send their message.
func (tx *Tx) withdrawOutbox(ctx context.Context, links []sallyport.Hash) (unsent int, err error) {
	for _, link := range links {
		var untouched bool
		found, err := tx.one(ctx, `UPDATE outbox SET done_at = now_us(), sealed = $2, last_error = 'withdrawn: its link has ended'
			WHERE link = $1 AND done_at = 0 RETURNING attempts = 0 AND next_at <= created_at`, args{link, []byte{}}, &untouched)
		if err != nil {
			return 0, err
		}
		if found && untouched {
			unsent++
		}
	}
	return unsent, nil
}
