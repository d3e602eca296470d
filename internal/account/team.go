package account

import (
	"context"
	"slices"

	"sallyport"
)

// previewedTogether is how many rows of a preview are read in one transaction: so many share each round trip to PostgreSQL,
// and none of those transactions is a long one.
const previewedTogether = 100

// PreviewTeam says what SaveTeam would do, row by row. It needs technicians.write and changes nothing.
func (s *Service) PreviewTeam(ctx context.Context, actor sallyport.Actor, ids []sallyport.TechnicianID, method sallyport.Method) (Team, error) {
	all, err := s.rows(ctx, actor, ids, method)
	if err != nil {
		return Team{}, err
	}
	team := Team{Method: method}
	for part := range slices.Chunk(all, previewedTogether) {
		errs, err := s.previewRows(ctx, actor, part)
		if err != nil {
			return Team{}, err
		}
		for i, row := range part {
			team.add(row, errs[i])
		}
	}
	return team, nil
}

// SaveTeam sets the method of each technician, each in a transaction of his own, so that one refusal takes nothing
// from the others. The actor is left out unless he is ticked alone. It needs technicians.write and a fresh proof.
func (s *Service) SaveTeam(ctx context.Context, actor sallyport.Actor, ids []sallyport.TechnicianID, method sallyport.Method) (Team, error) {
	all, err := s.rows(ctx, actor, ids, method)
	if err != nil {
		return Team{}, err
	}
	team := Team{Method: method}
	for _, row := range all {
		err := s.saveRow(ctx, actor, &row)
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

// rows are those of a roll-out of method to ids, the actor's own last.
func (s *Service) rows(ctx context.Context, actor sallyport.Actor, ids []sallyport.TechnicianID, method sallyport.Method) ([]TeamRow, error) {
	if !method.Valid() {
		return nil, sallyport.InvalidField(FieldMethod, "Please choose one of the methods.")
	}
	ids, err := s.several(ctx, actor, ids, sallyport.WriteTechnicians)
	if err != nil {
		return nil, err
	}
	rows := make([]TeamRow, len(ids))
	for i, id := range ids {
		rows[i] = TeamRow{ID: id, Self: actor.Kind == sallyport.ActorTechnician && id == actor.ID, among: len(ids) > 1, next: method}
	}
	return rows, nil
}

// leaveOut reports whether a row is passed over: the actor himself, ticked among others.
func (r *TeamRow) leaveOut(w who) bool {
	if !r.Self || !r.among {
		return false
	}
	r.about(w.row)
	r.Outcome, r.Why = LeftOut, "That is you. To change your own second factor, tick yourself alone."
	return true
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
	if err != nil && sallyport.KindOf(err) == sallyport.NotFound {
		row.Gone, row.Name, row.Why = true, "Deleted technician", "Deleted meanwhile."
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
func planRow(ctx context.Context, tx Tx, w who, row *TeamRow) (plan, error) {
	t, err := tx.Technician(ctx, row.ID)
	if err != nil {
		return plan{}, err
	}
	row.about(t)
	if err := w.over(t); err != nil {
		return plan{}, err
	}
	form := FormOf(t)
	form.Method = row.next
	return think(ctx, tx, w, t, form)
}

// previewRows foresees each of rows in one transaction; each has its own error.
func (s *Service) previewRows(ctx context.Context, actor sallyport.Actor, rows []TeamRow) ([]error, error) {
	errs := make([]error, len(rows))
	err := s.store.Read(ctx, func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.WriteTechnicians)
		if err != nil {
			return err
		}
		previews := make([]func() error, len(rows))
		for i := range rows {
			previews[i] = func() error {
				errs[i] = previewRow(ctx, tx, w, &rows[i])
				return nil
			}
		}
		return tx.Together(ctx, previews...)
	})
	return errs, err
}

func previewRow(ctx context.Context, tx Tx, w who, row *TeamRow) error {
	if row.leaveOut(w) {
		return nil
	}
	p, err := planRow(ctx, tx, w, row)
	if err != nil {
		return err
	}
	v, err := foresee(ctx, tx, p)
	if err != nil {
		return err
	}
	row.foreseen(v)
	return nil
}

// foreseen puts a preview into its row.
func (r *TeamRow) foreseen(v Preview) {
	r.MustSetUp, r.Warnings, r.SessionsEnded, r.needsProof = v.MustSetUp, v.Warnings, v.SignsOut, v.NeedsProof
	r.Invites = v.Invitation
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
		w, err := judge(ctx, tx, actor, sallyport.WriteTechnicians)
		if err != nil {
			return err
		}
		if row.leaveOut(w) {
			return nil
		}
		p, err := planRow(ctx, tx, w, row)
		if err != nil {
			return err
		}
		saved, err = s.carryOut(ctx, tx, p)
		return err
	})
	if err != nil || row.Outcome == LeftOut {
		return err // what was planned is undone, an invitation's link with it
	}
	row.Outcome = Changed
	if saved.Nothing {
		row.Outcome = Unchanged
	}
	row.SessionsEnded, row.MustSetUp, row.Invitation = saved.SessionsEnded, saved.MustSetUp, saved.Invitation
	return nil
}
