package account

import (
	"context"

	"sallyport"
	"sallyport/internal/audit"
)

// OpenHelp lists the open requests for help, the oldest first. It needs technicians.read.
func (s *Service) OpenHelp(ctx context.Context, actor sallyport.Actor) ([]HelpItem, error) {
	var items []HelpItem
	err := s.store.Read(ctx, func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.ReadTechnicians)
		if err != nil {
			return err
		}
		open, err := tx.OpenHelp(ctx)
		if err != nil {
			return err
		}
		for _, h := range open {
			t, err := tx.Technician(ctx, h.Technician)
			if err != nil {
				return err
			}
			items = append(items, HelpItem{HelpRequest: h, UserName: t.UserName, Name: t.Name(),
				MayEdit: w.may(sallyport.WriteTechnicians) && w.over(t) == nil, MayReset: rights(w, t, false).Reset})
		}
		return nil
	})
	return items, err
}

// FinishHelp marks a request for help as done. It needs technicians.write.
func (s *Service) FinishHelp(ctx context.Context, actor sallyport.Actor, id string) error {
	var about sallyport.TechnicianID
	return s.attemptOn(ctx, actor, &about, func(tx Tx) error {
		if _, err := judge(ctx, tx, actor, sallyport.WriteTechnicians); err != nil {
			return err
		}
		h, err := openHelp(ctx, tx, id)
		if err != nil {
			return err
		}
		about = h.Technician
		w, t, err := target(ctx, tx, actor, h.Technician, sallyport.WriteTechnicians)
		if err != nil {
			return err
		}
		done, err := tx.FinishHelp(ctx, id, w.ID)
		if err != nil {
			return err
		}
		if !done {
			return sallyport.ErrNotFound
		}
		return s.record(ctx, tx, w, entry{what: audit.HelpDone, on: t, after: map[string]string{"number": h.Number}})
	})
}

func openHelp(ctx context.Context, tx Tx, id string) (sallyport.HelpRequest, error) {
	open, err := tx.OpenHelp(ctx)
	if err != nil {
		return sallyport.HelpRequest{}, err
	}
	for _, h := range open {
		if h.ID == id {
			return h, nil
		}
	}
	return sallyport.HelpRequest{}, sallyport.ErrNotFound
}
