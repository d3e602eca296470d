package console

import (
	"net/http"
	"net/url"
	"time"

	"sallyport"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// invitations is the tab with those who did not come in yet.
func (c *Console) invitations(w http.ResponseWriter, r *http.Request) error {
	q, err := web.ReadQuery(r, "page")
	if err != nil {
		return err
	}
	f := sallyport.Filter{Status: sallyport.Invited, Page: pageNumber(q.Get("page")), Size: pageSize}
	p, err := c.listOf(r, f)
	if err != nil {
		return err
	}
	desk, err := c.teamDesk(r, "invitations", p.Counts)
	if err != nil {
		return err
	}
	page := view.Invitations{Desk: desk}
	for _, row := range p.Rows {
		out, err := c.invitationRow(r, desk, row)
		if sallyport.KindOf(err) == sallyport.NotFound {
			continue // deleted meanwhile
		}
		if err != nil {
			return err
		}
		page.Rows = append(page.Rows, out)
	}
	page.Pager = view.NewPager(f.Page, f.Size, p.Total, func(n int) string { return address("/admin/invitations", url.Values{}, n) })
	switch {
	case len(p.Rows) > 0:
	case p.Total > 0:
		page.Empty = noPage("/admin/invitations")
	default:
		page.Empty = &view.Empty{Title: "No open invitations", Text: "Whoever is added gets an invitation, and stands here until a password is set."}
	}
	return c.pages.Render(w, http.StatusOK, page)
}

// invitationRow looks up until when the invitation works.
func (c *Console) invitationRow(r *http.Request, d view.Desk, row sallyport.Row) (view.InvitationRow, error) {
	detail, err := c.accounts.Technician(r.Context(), web.ActorOf(r), row.ID)
	if err != nil {
		return view.InvitationRow{}, err
	}
	var expires time.Time
	if detail.Invitation != nil {
		expires = detail.Invitation.ExpiresAt
	}
	return view.InvitationRow{ID: string(row.ID), Name: row.Name(), Email: row.Email, Role: roleName(row.Role), Method: row.Method.String(),
		Added: d.When(row.CreatedAt), Expires: d.When(expires), Over: detail.Invitation == nil, MaySend: detail.May.Resend}, nil
}
