package account

import (
	"context"

	"sallyport"
	"sallyport/internal/audit"
)

// staleError says what stands now and what was typed, and who was faster.
func staleError(ctx context.Context, tx Tx, t sallyport.Technician, form Form) error {
	e := &StaleError{Yours: form, Theirs: public(t), Differ: differ(t, form)}
	last, err := lastChange(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	if last != nil {
		e.By, e.At = last.ActorName, last.At
	}
	return e
}

// lastChange is the newest event of an administrator's change to a technician, nil when none is kept.
func lastChange(ctx context.Context, tx Tx, id sallyport.TechnicianID) (*sallyport.Event, error) {
	var last *sallyport.Event
	for _, kind := range []audit.Type{"technician.", audit.FactorReset, audit.SetupOpened, audit.InvitationSent} {
		events, err := tx.Events(ctx, sallyport.EventFilter{Target: id, Type: string(kind), Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(events) > 0 && (last == nil || events[0].ID > last.ID) {
			last = &events[0]
		}
	}
	return last, nil
}

// differ compares t with what was typed, as it was typed.
func differ(t sallyport.Technician, form Form) []Change {
	typed := t
	typed.FirstName, typed.LastName, typed.UserName = form.FirstName, form.LastName, form.UserName
	typed.Email, typed.Phone, typed.Role, typed.Method = form.Email, form.Phone, form.Role, form.Method
	return diff(t, typed)
}

// public is t without what nobody is shown.
func public(t sallyport.Technician) sallyport.Technician {
	t.Password = nil
	return t
}
