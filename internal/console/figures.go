package console

import (
	"net/http"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// figures draws the sign-ins of the last days, and how far the team is with its set-up.
func (c *Console) figures(w http.ResponseWriter, r *http.Request) error {
	f, err := c.accounts.Figures(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	desk, err := c.desk(r, "Sign-ins in figures", "audit")
	if err != nil {
		return err
	}
	desk.Back = &view.Link{Label: "Audit", Href: "/admin/audit"}
	page := view.Figures{Desk: desk, Days: view.NewDays(signInDays(f)), Shares: shares(f.Team)}
	page.MayList = web.VisitorOf(r).Role.Has(sallyport.ReadTechnicians)
	return c.pages.Render(w, http.StatusOK, page)
}

// signInDays puts the counts into a row of days without a gap.
func signInDays(f account.Figures) []view.Day {
	days := make([]view.Day, account.FigureDays)
	for i := range days {
		days[i] = view.Day{Date: f.First.AddDate(0, 0, i), Counts: map[string]int{}}
	}
	for _, c := range f.SignIns {
		if i := int(c.Day.Sub(f.First) / (24 * time.Hour)); i >= 0 && i < len(days) {
			days[i].Counts[c.Method] += c.Count
		}
	}
	return days
}

func shares(t sallyport.TeamCounts) []view.Share {
	var out []view.Share
	for _, m := range []sallyport.Method{sallyport.MethodApp, sallyport.MethodEmail, sallyport.MethodText} {
		if s := t.Shares[m]; s.All > 0 {
			out = append(out, view.NewShare(m.String(), s.Ready, s.All))
		}
	}
	return out
}
