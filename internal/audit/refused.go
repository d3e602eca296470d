package audit

import (
	"context"
	"errors"
	"time"

	"sallyport"
)

// refusedTime bounds the transaction that notes a refusal.
const refusedTime = 5 * time.Second

// Tx is the part of a transaction that notes a refusal.
type Tx interface {
	// Technician finds an account. Where there is none the error is a NotFound.
	Technician(ctx context.Context, id sallyport.TechnicianID) (sallyport.Technician, error)
	// InsertEvent adds one event.
	InsertEvent(ctx context.Context, e sallyport.Event) error
}

// Refused is an act that may have been refused.
type Refused struct {
	Actor sallyport.Actor
	About sallyport.TechnicianID // the account it was about, or ""
	After map[string]string      // what it would have changed, where that tells more than the reason
}

// Note is err, where it is a refusal after Leave. An event that could not be written is an error beside err.
func Note[T Tx](ctx context.Context, write func(context.Context, func(T) error) error, r Refused, err error) error {
	switch sallyport.KindOf(err) {
	case sallyport.Forbidden, sallyport.Conflict, sallyport.Invalid, sallyport.TooMany:
		if noted := Leave(ctx, write, r, err); noted != nil {
			return errors.Join(err, noted)
		}
	}
	return err
}

// Leave writes the event of a refusal by a transaction of its own, since that of the act was rolled back. It is cut loose
// from ctx: a client that hangs up leaves its trace all the same.
func Leave[T Tx](ctx context.Context, write func(context.Context, func(T) error) error, r Refused, refusal error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refusedTime)
	defer cancel()
	return write(ctx, func(tx T) error {
		b := New(SaveRefused, r.Actor).Because(ReasonOf(refusal)).Changed(nil, r.After)
		if r.About != "" {
			on, err := tx.Technician(ctx, r.About)
			if err != nil && sallyport.KindOf(err) != sallyport.NotFound {
				return err
			}
			if err == nil {
				b = b.On(on)
			}
		}
		return tx.InsertEvent(ctx, b.Event())
	})
}
