package ledger

import (
	"context"
	"strconv"

	"sallyport"
	"sallyport/internal/audit"
)

var (
	errNoEvent = sallyport.E(sallyport.NotFound, "no_such_event", "There is no event of this number.")
	errNoHead  = sallyport.E(sallyport.NotFound, "no_head", "There is no event yet, and so nothing to sign.")
)

// Prove makes the file that proves one event, against a signed head that holds it. It needs audit.export, and is an
// event itself, as its refusal is.
func (s *Service) Prove(ctx context.Context, actor sallyport.Actor, id int64) ([]byte, error) {
	err := s.store.Write(ctx, func(tx Tx) error {
		if err := may(ctx, tx, actor, sallyport.ExportAudit); err != nil {
			return err
		}
		if _, found, err := tx.Leaf(ctx, id); err != nil {
			return err
		} else if !found {
			return errNoEvent
		}
		return tx.InsertEvent(ctx, audit.New(audit.AuditExported, actor).
			Changed(nil, map[string]string{"format": "proof", "filter": "event=" + strconv.FormatInt(id, 10), "events": "1"}).Event())
	})
	if err != nil {
		return nil, audit.Note(ctx, s.store.Write, audit.Refused{Actor: actor}, err)
	}
	if err := s.cover(ctx, id); err != nil {
		return nil, err
	}
	var file []byte
	err = s.store.Read(ctx, func(tx Tx) (err error) {
		file, err = proofOf(ctx, tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if _, err := audit.ReadProof(file, s.Verifier()); err != nil {
		return nil, ErrTree.Because(err)
	}
	return file, nil
}

// cover lets a signed head hold the event.
func (s *Service) cover(ctx context.Context, id int64) error {
	covered := false
	err := s.store.Read(ctx, func(tx Tx) error {
		l, _, err := tx.Leaf(ctx, id)
		if err != nil {
			return err
		}
		h, found, err := tx.LastHead(ctx)
		covered = found && l.Place >= 0 && l.Place < h.Size && audit.SignedBy(h.Note) == s.signer.KeyHash()
		return err
	})
	if err != nil || covered {
		return err
	}
	return s.settle(ctx)
}

func proofOf(ctx context.Context, tx Tx, id int64) ([]byte, error) {
	l, found, err := tx.Leaf(ctx, id)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errNoEvent
	}
	h, found, err := tx.LastHead(ctx)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrTree
	}
	p, err := audit.Prove(l, h, stored(ctx, tx))
	if err != nil {
		return nil, ErrTree.Because(err)
	}
	return p.Write()
}

// Head is the newest signed head, after everything that is committed was placed and signed. It needs audit.read.
func (s *Service) Head(ctx context.Context, actor sallyport.Actor) (string, error) {
	if err := s.store.Read(ctx, func(tx Tx) error { return may(ctx, tx, actor, sallyport.ReadAudit) }); err != nil {
		return "", err
	}
	if err := s.settle(ctx); err != nil {
		return "", err
	}
	var h sallyport.Head
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		found := false
		if h, found, err = tx.LastHead(ctx); err == nil && !found {
			err = errNoHead
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if _, err := audit.OpenHead(h.Note, s.Verifier()); err != nil {
		return "", ErrTree.Because(err)
	}
	return h.Note, nil
}
