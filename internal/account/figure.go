package account

import (
	"context"
	"time"

	"sallyport"
)

// FigureDays is how many days the figures look back, today among them.
const FigureDays = 30

// Figures are the sign-ins of the last days and how far the team is with its set-up.
type Figures struct {
	First   time.Time // the first day, at its first moment, UTC
	SignIns []sallyport.SignInCount
	Team    sallyport.TeamCounts
}

// Figures counts. It needs audit.read.
func (s *Service) Figures(ctx context.Context, actor sallyport.Actor) (Figures, error) {
	var f Figures
	err := s.store.Read(ctx, func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.ReadAudit)
		if err != nil {
			return err
		}
		f.First = w.now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-FigureDays)
		if f.SignIns, err = tx.SignIns(ctx, f.First); err != nil {
			return err
		}
		f.Team, err = tx.TeamCounts(ctx)
		return err
	})
	return f, err
}
