package control

import (
	"context"

	"sallyport"
	"sallyport/internal/ledger"
)

// KeptLog is what somebody else kept of the audit log: a signed head, or a sink's lines. It may be empty.
type KeptLog struct{ Text []byte }

func (f *Face) auditVerify(ctx context.Context, actor sallyport.Actor, in KeptLog) (ledger.Report, error) {
	return f.o.Ledger.Verify(ctx, actor, in.Text)
}

// EventNumber names one event.
type EventNumber struct{ ID int64 }

// Proof is the file that proves one event.
type Proof struct{ File []byte }

func (f *Face) auditProve(ctx context.Context, actor sallyport.Actor, in EventNumber) (Proof, error) {
	file, err := f.o.Ledger.Prove(ctx, actor, in.ID)
	return Proof{file}, err
}

// Note is a text that stands for itself: a signed head, or a verifier key.
type Note struct{ Text string }

func (f *Face) auditHead(ctx context.Context, actor sallyport.Actor, _ None) (Note, error) {
	text, err := f.o.Ledger.Head(ctx, actor)
	return Note{text}, err
}

func (f *Face) auditKey(context.Context, sallyport.Actor, None) (Note, error) {
	return Note{f.o.Ledger.Verifier()}, nil
}

func (f *Face) auditErase(ctx context.Context, actor sallyport.Actor, in User) (ledger.Erased, error) {
	return f.o.Ledger.Erase(ctx, actor, in.User, in.Reason)
}
