package app

import (
	"context"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/delivery"
	"sallyport/internal/session"
)

// accountNotices gives the administrators' use cases the messages that delivery writes.
type accountNotices struct{ d *delivery.Service }

// Notice implements account.Notices.
func (n accountNotices) Notice(kind account.NoticeKind, to string, data account.NoticeData) (sallyport.OutboxMessage, error) {
	return n.d.Compose(delivery.NoticeKind(kind), to, delivery.NoticeData(data))
}

// messages gives the sign-in's use cases the ways out. Wake is delivery's own.
type messages struct{ *delivery.Service }

// SendCode implements session.Messages.
func (m messages) SendCode(ctx context.Context, c session.CodeMessage) error {
	return m.Service.SendCode(ctx, delivery.CodeMessage(c))
}

// Notice implements session.Messages.
func (m messages) Notice(kind session.NoticeKind, to string, data session.NoticeData) (sallyport.OutboxMessage, error) {
	return m.Compose(delivery.NoticeKind(kind), to, delivery.NoticeData(data))
}
