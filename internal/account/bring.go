package account

import (
	"context"

	"sallyport"
	"sallyport/internal/audit"
)

// namesakes are those who have, or look like, one of many user names.
type namesakes struct {
	byKey      map[string]sallyport.Technician
	bySkeleton map[string]sallyport.Technician // one of those that look alike: of several, all are in ASCII
}

// readNamesakes looks for the user names of all drafts at once.
func readNamesakes(ctx context.Context, tx Tx, drafts []draft) (namesakes, error) {
	var keys, skeletons []string
	for _, d := range drafts {
		if d.named {
			keys, skeletons = append(keys, d.next.UserNameKey), append(skeletons, d.next.Skeleton)
		}
	}
	n := namesakes{map[string]sallyport.Technician{}, map[string]sallyport.Technician{}}
	taken, err := tx.TechniciansByKeys(ctx, keys)
	if err != nil {
		return n, err
	}
	for _, t := range taken {
		n.byKey[t.UserNameKey] = t
	}
	alike, err := tx.TechniciansBySkeletons(ctx, skeletons)
	for _, t := range alike {
		n.bySkeleton[t.Skeleton] = t
	}
	return n, err
}

// TechnicianByKey implements names.
func (n namesakes) TechnicianByKey(_ context.Context, key string) (sallyport.Technician, error) {
	return orNobody(n.byKey, key)
}

// TechnicianBySkeleton implements names.
func (n namesakes) TechnicianBySkeleton(_ context.Context, skeleton string) (sallyport.Technician, error) {
	return orNobody(n.bySkeleton, skeleton)
}

func orNobody(in map[string]sallyport.Technician, by string) (sallyport.Technician, error) {
	t, ok := in[by]
	if !ok {
		return t, sallyport.ErrNotFound
	}
	return t, nil
}

// mayBringAll is mayBring for everybody of a batch.
func mayBringAll(_ context.Context, _ Tx, w who, b *Batch) error {
	for _, row := range b.Rows {
		if err := mayBring(w, row.Technician); err != nil {
			return err
		}
	}
	return nil
}

// bringAll stores everybody of a batch with invitation and event, as welcome does with one: many by one statement.
func (s *Service) bringAll(ctx context.Context, tx Tx, w who, b *Batch) error {
	if err := mayBringAll(ctx, tx, w, b); err != nil {
		return err
	}
	if err := afterFirst(ctx, tx, w, b.Rows[0].Technician); err != nil { // the others come after him
		return err
	}
	var all arrivals
	for i := range b.Rows {
		if err := s.arrive(w, b.WillSend, &b.Rows[i], &all); err != nil {
			return err
		}
	}
	if err := all.store(ctx, tx); err != nil {
		return err
	}
	b.Done = true
	return nil
}

// arrivals are the rows that newcomers bring into the database.
type arrivals struct {
	technicians []sallyport.Technician
	events      []sallyport.Event
	links       []sallyport.Link
	letters     []sallyport.OutboxMessage
}

// arrive adds what one newcomer brings. Nobody has an invitation already.
func (s *Service) arrive(w who, byEmail bool, row *ImportRow, all *arrivals) error {
	t := w.welcomed(row.Technician)
	url, link := s.newLink(w, t, sallyport.LinkInvitation, w.settings.InvitationLife)
	all.technicians, all.links = append(all.technicians, t), append(all.links, link)
	all.events = append(all.events, brought(t, audit.TechnicianImported).event(w.Actor))
	row.ID = t.ID
	if !byEmail {
		row.Invitation = url
		return nil
	}
	letters, err := s.letters(w, invitation(t, url, link))
	all.letters = append(all.letters, letters...)
	return err
}

func (a arrivals) store(ctx context.Context, tx Tx) error {
	if err := tx.InsertTechnicians(ctx, a.technicians); err != nil {
		return takenField(err)
	}
	if err := tx.InsertEvents(ctx, a.events); err != nil {
		return err
	}
	if err := tx.InsertLinks(ctx, a.links); err != nil {
		return err
	}
	return tx.InsertOutboxAll(ctx, a.letters)
}
