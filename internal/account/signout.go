package account

import (
	"context"
	"maps"
	"strconv"

	"sallyport"
	"sallyport/internal/audit"
)

// SignOut ends every session, unfinished sign-in, link and enrolment code of a technician. It needs sessions.end, and is no sensitive
// act: whoever fears a thief should not be held up. The actor may do it to himself. Of somebody invited it would end nothing
// but the invitation, without a word, and is refused.
func (s *Service) SignOut(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (SignedOut, error) {
	out := SignedOut{ID: id}
	err := s.attempt(ctx, actor, id, func(tx Tx) error {
		w, t, err := target(ctx, tx, actor, id, sallyport.EndSessions)
		if err != nil {
			return err
		}
		if t.Status == sallyport.Invited {
			return errNotIn
		}
		code, err := tx.EnrolmentCode(ctx, id)
		if err != nil {
			return err
		}
		out, err = s.signOut(ctx, tx, w, entry{what: audit.TechnicianSignedOut, on: t})
		if err != nil {
			return err
		}
		out.CodeEnded = code != nil
		if t.Status != sallyport.Active {
			return nil // who was deactivated is told so, and not that he can sign in again
		}
		return s.tell(ctx, tx, w, message{kind: NoticeSignedOut, to: t})
	})
	return out, err
}

// signOut raises the generation and writes the event of the act that made it rise.
func (s *Service) signOut(ctx context.Context, tx Tx, w who, e entry) (SignedOut, error) {
	raised, err := tx.Raise(ctx, e.on.ID, w.endReason(e))
	if err != nil {
		return SignedOut{}, err
	}
	e.after = sessionCount(e.after, len(raised.Sessions))
	return SignedOut{ID: e.on.ID, Name: e.on.Name(), SessionsEnded: raised.Sessions, SelfSignedOut: w.is(e.on.ID)},
		s.record(ctx, tx, w, e)
}

// endReason is what the holders of the sessions are told that the act ends.
func (w who) endReason(e entry) sallyport.EndReason {
	switch e.what {
	case audit.TechnicianDeleted:
		return sallyport.EndedByDeletion
	case audit.TechnicianDeactivated:
		return sallyport.EndedByDeactivation
	}
	return w.endsSessionOf(e.on)
}

// endsSessionOf is the reason of a sign-out that changes nothing else: his own, or an administrator's.
func (w who) endsSessionOf(t sallyport.Technician) sallyport.EndReason {
	if w.is(t.ID) {
		return sallyport.EndedByOwner
	}
	return sallyport.EndedByAdmin
}

// sessionCount notes how many sessions ended, where there were any.
func sessionCount(after map[string]string, n int) map[string]string {
	counted := map[string]string{"sessions": strconv.Itoa(n)}
	maps.Copy(counted, after)
	return counted
}

// SignOutMany does SignOut for each technician in a transaction of his own, the actor last. Each row has its own
// error; the second result is for what stopped them all.
func (s *Service) SignOutMany(ctx context.Context, actor sallyport.Actor, ids []sallyport.TechnicianID) ([]SignedOut, error) {
	ids, err := s.several(ctx, actor, ids, sallyport.EndSessions)
	if err != nil {
		return nil, err
	}
	var rows []SignedOut
	for _, id := range ids {
		row, err := s.SignOut(ctx, actor, id)
		row.ID, row.Err = id, err
		rows = append(rows, row)
		if ctx.Err() != nil {
			return rows, ctx.Err()
		}
	}
	return rows, nil
}

// MostTogether is how many technicians one act may be about, ticked or all that a filter matches.
const MostTogether = 100_000

// several checks that the actor may do p at all, and puts ids into the order of the work: each once, himself last.
func (s *Service) several(ctx context.Context, actor sallyport.Actor, ids []sallyport.TechnicianID, p sallyport.Permission) ([]sallyport.TechnicianID, error) {
	err := s.store.Read(ctx, func(tx Tx) error {
		_, err := judge(ctx, tx, actor, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 || len(ids) > MostTogether {
		return nil, errTicked
	}
	var others, self []sallyport.TechnicianID
	seen := map[sallyport.TechnicianID]bool{}
	for _, id := range ids {
		switch {
		case seen[id]:
		case actor.Kind == sallyport.ActorTechnician && id == actor.ID:
			self = append(self, id)
		default:
			others = append(others, id)
		}
		seen[id] = true
	}
	return append(others, self...), nil
}

var errNotIn = sallyport.E(sallyport.Conflict, "not_in_yet",
	"This technician was invited and has not come in yet: there is nobody to sign out. “Resend invitation” puts a fresh link in the place of the older one.")

var errTicked = sallyport.E(sallyport.Invalid, "ticked", "Please tick at least one technician, and at most 100,000.")

// Sessions returns a page of everybody's sessions. It needs sessions.read.
func (s *Service) Sessions(ctx context.Context, actor sallyport.Actor, f sallyport.SessionFilter) (SessionPage, error) {
	f.Page, f.Size = pageAndSize(f.Page, f.Size)
	var page SessionPage
	err := s.store.Read(ctx, func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.ReadSessions)
		if err != nil {
			return err
		}
		page.Now = w.now
		page.Rows, page.Total, err = tx.Sessions(ctx, f)
		return err
	})
	return page, err
}

// EndSession ends one session. It needs sessions.end; one that has ended already is sallyport.ErrNotFound.
func (s *Service) EndSession(ctx context.Context, actor sallyport.Actor, hash sallyport.Hash) error {
	var owner sallyport.TechnicianID
	return s.attemptOn(ctx, actor, &owner, func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.EndSessions)
		if err != nil {
			return err
		}
		session, t, err := findSession(ctx, tx, hash)
		if err != nil {
			return err
		}
		owner = t.ID
		if err := w.over(t); err != nil {
			return err
		}
		return s.endSession(ctx, tx, w, session, t)
	})
}

func findSession(ctx context.Context, tx Tx, hash sallyport.Hash) (sallyport.Session, sallyport.Technician, error) {
	session, t, err := tx.Session(ctx, hash, sallyport.AnyIdle)
	if sallyport.KindOf(err) == sallyport.Unauthorized && err != nil {
		return session, t, sallyport.ErrNotFound
	}
	return session, t, err
}

func (s *Service) endSession(ctx context.Context, tx Tx, w who, session sallyport.Session, t sallyport.Technician) error {
	if err := tx.Hold(ctx, t.ID); err != nil {
		return err
	}
	reason := w.endsSessionOf(t)
	ended, err := tx.EndSession(ctx, session.Hash, reason)
	if err != nil {
		return err
	}
	if !ended {
		return sallyport.ErrNotFound
	}
	return s.record(ctx, tx, w, entry{what: audit.SessionEnded, on: t, reason: string(reason),
		before: map[string]string{"browser": session.Browser, "address": session.Address}})
}
