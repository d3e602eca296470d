package console

import (
	"net/http"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// resets is the tab with the password resets that wait for an approval.
func (c *Console) resets(w http.ResponseWriter, r *http.Request) error {
	waiting, err := c.accounts.WaitingResets(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	counts, err := c.counts(r)
	if err != nil {
		return err
	}
	desk, err := c.teamDesk(r, "resets", counts)
	if err != nil {
		return err
	}
	page := view.Resets{Desk: desk}
	for _, w := range waiting {
		row := view.ResetRow{ID: w.ID, TechnicianID: string(w.Technician), Name: w.Name, UserName: w.UserName, Email: w.Email,
			Asked: desk.When(w.CreatedAt), Expires: desk.When(w.ExpiresAt), From: w.Address}
		if !w.MayApprove {
			row.Barred, row.MayDeny = w.WhyNot, w.MayDeny
		}
		page.Rows = append(page.Rows, row)
	}
	if len(page.Rows) == 0 {
		page.Empty = &view.Empty{Title: "No password reset is waiting", Text: "A reset waits here where whoever can read the mailbox would get in with the link alone: with the method Email or Off, or while the second factor is not set up."}
	}
	return c.pages.Render(w, http.StatusOK, page)
}

func (c *Console) waitingReset(r *http.Request) (account.WaitingReset, error) {
	waiting, err := c.accounts.WaitingResets(r.Context(), web.ActorOf(r))
	if err != nil {
		return account.WaitingReset{}, err
	}
	for _, w := range waiting {
		if w.ID == r.PathValue("id") {
			return w, nil
		}
	}
	return account.WaitingReset{}, sallyport.E(sallyport.Gone, "reset_over", "This request is no longer waiting: somebody decided it, or it ran out.")
}

// resetForm asks before a link goes out.
func (c *Console) resetForm(w http.ResponseWriter, r *http.Request) error {
	page, err := c.resetPage(r, nil)
	if err != nil {
		return err
	}
	return c.pages.Render(w, http.StatusOK, page)
}

func (c *Console) resetPage(r *http.Request, p *view.Problem) (view.Confirm, error) {
	reset, err := c.waitingReset(r)
	if err != nil {
		return view.Confirm{}, err
	}
	desk, err := c.desk(r, "Password reset of "+reset.Name, "technicians")
	if err != nil {
		return view.Confirm{}, err
	}
	desk.Problem, desk.Back = p, &view.Link{Label: "Password resets", Href: "/admin/resets"}
	warning := "Whoever can read " + reset.Email + " gets in with the link alone. Call " + reset.Name + " on a number you know, and ask whether the request was really made."
	if reset.Own {
		warning = "If you did not ask for it, deny it: somebody tried to reset your password."
	}
	page := view.Confirm{Desk: desk, Subject: reset.Name + " (" + reset.UserName + ")", Post: "/admin/resets/" + reset.ID, Cancel: "/admin/resets",
		Lines: []view.PreviewLine{
			{Text: "Asked from " + reset.Address + ", " + desk.When(reset.CreatedAt).Words() + "."},
			{Kind: "warn", Text: warning},
		}}
	if reset.MayDeny {
		page.Other = &view.Link{Label: "Deny", Href: page.Post + "/deny"}
	}
	switch {
	case reset.Own && reset.MayDeny:
		page.Lines = append(page.Lines, view.PreviewLine{Text: "If you did, another administrator has to approve it. " + reset.WhyNot})
		return page, nil
	case !reset.MayApprove:
		page.Lines = append(page.Lines, view.PreviewLine{Kind: "bad", Text: reset.WhyNot})
		return page, nil
	}
	page.Lines = append(page.Lines, view.PreviewLine{Text: "Approve sends a link to " + reset.Email + ": one use, 24 hours. It does not take away the second factor."})
	page.Button = "Approve and send the link"
	return page, nil
}

func (c *Console) approveReset(w http.ResponseWriter, r *http.Request, _ web.Form) error {
	reset, err := c.waitingReset(r)
	if err != nil {
		return err
	}
	if err := c.accounts.ApproveReset(r.Context(), web.ActorOf(r), reset.ID); err != nil {
		return c.refused(w, r, err, func(p *view.Problem) (view.Page, error) { return c.resetPage(r, p) })
	}
	return c.see(w, r, "/admin/resets", done("The link is on its way to "+reset.Email+"."))
}

func (c *Console) denyReset(w http.ResponseWriter, r *http.Request, _ web.Form) error {
	reset, err := c.waitingReset(r)
	if err != nil {
		return err
	}
	if err := c.accounts.DenyReset(r.Context(), web.ActorOf(r), reset.ID); err != nil {
		return c.refused(w, r, err, func(p *view.Problem) (view.Page, error) { return c.resetPage(r, p) })
	}
	return c.see(w, r, "/admin/resets", done("Denied. No link was sent to "+reset.Name+"."))
}
