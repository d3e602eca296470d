package account

import (
	"context"

	"sallyport"
)

// PreviewTeam says what SaveTeam would do, row by row. It needs technicians.write and changes nothing.
func (s *Service) PreviewTeam(ctx context.Context, actor sallyport.Actor, ids []sallyport.TechnicianID, method sallyport.Method) (Team, error) {
	return s.team(ctx, actor, ids, method, s.previewRow)
}

// SaveTeam sets the method of each technician, each in a transaction of his own, so that one refusal takes nothing
// from the others. The actor is left out unless he is ticked alone. It needs technicians.write and a fresh proof.
func (s *Service) SaveTeam(ctx context.Context, actor sallyport.Actor, ids []sallyport.TechnicianID, method sallyport.Method) (Team, error) {
	return s.team(ctx, actor, ids, method, s.saveRow)
}

// rowAct previews or saves one technician.
type rowAct func(ctx context.Context, actor sallyport.Actor, row *TeamRow) error

func (s *Service) team(ctx context.Context, actor sallyport.Actor, ids []sallyport.TechnicianID, method sallyport.Method, do rowAct) (Team, error) {
	if !method.Valid() {
		return Team{}, sallyport.InvalidField(FieldMethod, "Please choose one of the methods.")
	}
	ids, err := s.several(ctx, actor, ids, sallyport.WriteTechnicians)
	if err != nil {
		return Team{}, err
	}
	team := Team{Method: method}
	for _, id := range ids {
		row := TeamRow{ID: id, Self: actor.Kind == sallyport.ActorTechnician && id == actor.ID, next: method}
		act := do
		if row.Self && len(ids) > 1 {
			act = s.leaveOut
		}
		err := act(ctx, actor, &row)
		if sallyport.KindOf(err) == sallyport.StepUp && err != nil && team.Changes == 0 {
			return Team{}, err // nothing was done yet: ask for the proof, then do all of it
		}
		if ctx.Err() != nil {
			return team, ctx.Err()
		}
		team.add(row, err)
	}
	return team, nil
}

// leaveOut passes over the actor himself, who is ticked among others.
func (s *Service) leaveOut(ctx context.Context, actor sallyport.Actor, row *TeamRow) error {
	row.Outcome, row.Why = LeftOut, "That is you. To change your own second factor, tick yourself alone."
	return s.store.Read(ctx, func(tx Tx) error {
		_, t, err := target(ctx, tx, actor, row.ID, sallyport.WriteTechnicians)
		row.about(t)
		return err
	})
}

func (r *TeamRow) about(t sallyport.Technician) {
	r.Name, r.UserName, r.Was = t.Name(), t.UserName, t.Method
}

// add counts a row into the team.
func (team *Team) add(row TeamRow, err error) {
	if err != nil {
		row.Outcome, row.Why, row.Err = Refused, messageOf(err), err
		row.SessionsEnded = nil
	}
	switch row.Outcome {
	case WillChange, Changed:
		team.Changes++
		team.Sessions += len(row.SessionsEnded)
		team.SelfSignedOut = team.SelfSignedOut || row.Self
		team.NeedsProof = team.NeedsProof || row.needsProof
	case Refused:
		team.Refused++
	}
	team.Rows = append(team.Rows, row)
}

// planRow plans another method for a row's technician and nothing else, and notes who he is.
func planRow(ctx context.Context, tx Tx, actor sallyport.Actor, row *TeamRow) (plan, error) {
	w, t, err := target(ctx, tx, actor, row.ID, sallyport.WriteTechnicians)
	row.about(t)
	if err != nil {
		return plan{}, err
	}
	form := FormOf(t)
	form.Method = row.next
	return think(ctx, tx, w, t, form)
}

func (s *Service) previewRow(ctx context.Context, actor sallyport.Actor, row *TeamRow) error {
	return s.store.Read(ctx, func(tx Tx) error {
		p, err := planRow(ctx, tx, actor, row)
		if err != nil {
			return err
		}
		v, err := foresee(ctx, tx, p)
		if err != nil {
			return err
		}
		row.foreseen(v)
		return nil
	})
}

// foreseen puts a preview into its row.
func (r *TeamRow) foreseen(v Preview) {
	r.MustSetUp, r.Warnings, r.SessionsEnded, r.needsProof = v.MustSetUp, v.Warnings, v.SignsOut, v.NeedsProof
	if v.Stranded != "" {
		r.Warnings = append([]string{v.Stranded}, r.Warnings...)
	}
	switch {
	case len(v.Refusals) > 0:
		r.Outcome, r.Why = Refused, v.Refusals[0].Message
	case v.Nothing:
		r.Outcome = Unchanged
	default:
		r.Outcome = WillChange
	}
}

func (s *Service) saveRow(ctx context.Context, actor sallyport.Actor, row *TeamRow) error {
	var saved Saved
	err := s.attempt(ctx, actor, row.ID, func(tx Tx) error {
		p, err := planRow(ctx, tx, actor, row)
		if err != nil {
			return err
		}
		saved, err = s.carryOut(ctx, tx, p)
		return err
	})
	row.Outcome = Changed
	if saved.Nothing {
		row.Outcome = Unchanged
	}
	row.SessionsEnded, row.MustSetUp, row.Invitation = saved.SessionsEnded, saved.MustSetUp, saved.Invitation
	return err
}
