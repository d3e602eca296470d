package console

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"sallyport"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// sessions is Admin > Sessions.
func (c *Console) sessions(w http.ResponseWriter, r *http.Request) error {
	q, err := web.ReadQuery(r, "q", "technician", "page")
	if err != nil {
		return err
	}
	f := sallyport.SessionFilter{Search: strings.TrimSpace(q.Get("q")), Technician: sallyport.TechnicianID(q.Get("technician")), Page: pageNumber(q.Get("page")), Size: pageSize}
	p, err := c.accounts.Sessions(r.Context(), web.ActorOf(r), f)
	if err != nil {
		return err
	}
	desk, err := c.desk(r, "Sessions", "sessions")
	if err != nil {
		return err
	}
	v := web.VisitorOf(r)
	page := view.Sessions{Desk: desk, Search: f.Search, Of: string(f.Technician),
		Counts: count(p.Total, "live session", "live sessions"), Visited: sessionsAddress(f, f.Page)}
	if f.Technician != "" && len(p.Rows) > 0 {
		page.Lead = "Only those of " + p.Rows[0].Name + "."
		if sessionRow(desk, v, p.Rows[0]).MayEnd {
			page.SignOut = "/admin/technicians/" + string(f.Technician) + "/sign-out"
		}
	}
	for _, s := range p.Rows {
		page.Rows = append(page.Rows, sessionRow(desk, v, s))
	}
	page.Pager = view.NewPager(f.Page, f.Size, p.Total, func(n int) string { return sessionsAddress(f, n) })
	switch {
	case len(p.Rows) > 0:
	case p.Total > 0:
		page.Empty = noPage(sessionsAddress(f, 1))
	default:
		page.Empty = &view.Empty{Title: "No live session", Text: "Nobody who matches is signed in now.", Next: &view.Link{Label: "Show everybody’s sessions", Href: "/admin/sessions"}}
	}
	return c.pages.Render(w, http.StatusOK, page)
}

func sessionsAddress(f sallyport.SessionFilter, page int) string {
	q := url.Values{}
	if f.Search != "" {
		q.Set("q", f.Search)
	}
	if f.Technician != "" {
		q.Set("technician", string(f.Technician))
	}
	return address("/admin/sessions", q, page)
}

func sessionRow(d view.Desk, v web.Visitor, s sallyport.SessionRow) view.SessionRow {
	role, _ := sallyport.RoleByID(s.Role)
	return view.SessionRow{Key: hex.EncodeToString(s.Hash[:]), TechnicianID: string(s.Technician), Name: s.Name, UserName: s.UserName,
		Role: role.Name, Browser: s.Browser, Address: s.Address, Method: methodWord(s.Method), Started: d.When(s.CreatedAt),
		Used: d.When(s.UsedAt), Ends: d.When(s.ExpiresAt), Own: s.Hash == v.Session.Hash,
		MayEnd: v.Role.Has(sallyport.EndSessions) && v.Role.Covers(role)}
}

// endSession ends one session. Whoever ends his own is at the sign-in page with his next click.
func (c *Console) endSession(w http.ResponseWriter, r *http.Request, f web.Form) error {
	var hash sallyport.Hash
	b, err := hex.DecodeString(f.Get("session"))
	if err != nil || len(b) != len(hash) {
		return web.BadRequest("The field \"session\" names no session.")
	}
	copy(hash[:], b)
	back := web.LocalPath(f.Get("back"))
	if back != "/admin/sessions" && !strings.HasPrefix(back, "/admin/sessions?") {
		back = "/admin/sessions"
	}
	switch err := c.accounts.EndSession(r.Context(), web.ActorOf(r), hash); {
	case sallyport.KindOf(err) == sallyport.NotFound:
		return c.see(w, r, back, view.Answer{Line: "That session had ended already."})
	case err != nil:
		return err
	}
	return c.see(w, r, back, done("The session was ended. Its browser is at the sign-in page with its next request."))
}
