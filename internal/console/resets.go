package console

import (
	"fmt"
	"net/http"
	"slices"

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
		for _, e := range w.Earlier {
			row.Earlier = append(row.Earlier, view.ResetAsked{Asked: desk.When(e.CreatedAt), From: e.Address})
		}
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

// approveLabel is the button that sends a link.
const approveLabel = "Approve and send the link"

// waitingReset finds the one that is called id, or that is decided with it.
func (c *Console) waitingReset(r *http.Request, id string) (account.WaitingReset, error) {
	waiting, err := c.accounts.WaitingResets(r.Context(), web.ActorOf(r))
	if err != nil {
		return account.WaitingReset{}, err
	}
	for _, w := range waiting {
		of := func(e sallyport.PasswordReset) bool { return e.ID == id }
		if of(w.PasswordReset) || slices.ContainsFunc(w.Earlier, of) {
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
	reset, err := c.waitingReset(r, r.PathValue("id"))
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
		Lines: append(askedLines(desk, reset), view.PreviewLine{Kind: "warn", Text: warning})}
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
	page.Button = approveLabel
	return page, nil
}

// askedLines say when and from where it was asked for, each time.
func askedLines(d view.Desk, w account.WaitingReset) []view.PreviewLine {
	asked := func(r sallyport.PasswordReset) string {
		return "sked from " + r.Address + ", " + d.When(r.CreatedAt).Words() + "."
	}
	lines := say("A" + asked(w.PasswordReset))
	for _, e := range w.Earlier {
		lines = append(lines, say("Before that a"+asked(e))...)
	}
	if n := len(w.Earlier); n > 0 {
		lines = append(lines, say(fmt.Sprintf("What you decide holds for all %d.", n+1))...)
	}
	return lines
}

func (c *Console) approveReset(w http.ResponseWriter, r *http.Request, _ web.Form) error {
	reset, err := c.waitingReset(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := c.accounts.ApproveReset(r.Context(), web.ActorOf(r), r.PathValue("id")); err != nil {
		return c.refused(w, r, err, func(p *view.Problem) (view.Page, error) { return c.resetPage(r, p) })
	}
	return c.see(w, r, "/admin/resets", done("The link is on its way to "+reset.Email+"."))
}

func (c *Console) denyReset(w http.ResponseWriter, r *http.Request, _ web.Form) error {
	reset, err := c.waitingReset(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := c.accounts.DenyReset(r.Context(), web.ActorOf(r), r.PathValue("id")); err != nil {
		return c.refused(w, r, err, func(p *view.Problem) (view.Page, error) { return c.resetPage(r, p) })
	}
	return c.see(w, r, "/admin/resets", done("Denied. No link was sent to "+reset.Name+"."))
}
