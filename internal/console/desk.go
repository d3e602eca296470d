package console

import (
	"net/http"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// sections are the entries of the navigation, each with the permission that shows it.
var sections = []struct {
	name, label, href string
	needs             sallyport.Permission
}{
	{"technicians", "Technicians and Roles", "/admin/technicians", sallyport.ReadTechnicians},
	{"sessions", "Sessions", "/admin/sessions", sallyport.ReadSessions},
	{"email", "Email Settings", "/admin/email", sallyport.ManageEmail},
	{"sms", "SMS Settings", "/admin/sms", sallyport.ManageSMS},
	{"audit", "Audit", "/admin/audit", sallyport.ReadAudit},
}

// home leads to the first page that the visitor may see.
func (c *Console) home(w http.ResponseWriter, r *http.Request) error {
	for _, s := range sections {
		if web.VisitorOf(r).Role.Has(s.needs) {
			return web.See(w, r, s.href)
		}
	}
	return sallyport.ErrForbidden
}

// desk is the frame of a page: who reads it, where he may go, what he should know.
func (c *Console) desk(r *http.Request, title, section string) (view.Desk, error) {
	v, actor := web.VisitorOf(r), web.ActorOf(r)
	settings, err := c.accounts.Policy(r.Context(), actor)
	if err != nil {
		return view.Desk{}, err
	}
	d := view.Desk{Organisation: settings.Organisation, Title: title, Now: c.now(), Stay: &view.Stay{Idle: settings.SessionIdle, Left: actor.EndsAt.Sub(c.now())},
		Who: view.Who{Name: v.Technician.Name(), UserName: v.Technician.UserName, Role: v.Role.Name}}
	if logo, err := c.accounts.Logo(r.Context()); err == nil { // a page does without a picture
		d.Logo = picture(logo)
	}
	for _, s := range sections {
		if v.Role.Has(s.needs) {
			d.Nav = append(d.Nav, view.Link{Label: s.label, Href: s.href, Current: s.name == section})
		}
	}
	a, ok, err := c.answers.get(r.Context(), v.Technician.ID, r.URL.Query().Get("answer"))
	if err != nil {
		return view.Desk{}, err
	}
	if ok {
		d.Answer = &a
	}
	return d, c.notices(r, &d)
}

func picture(logo *account.Logo) *view.Picture {
	if logo == nil {
		return nil
	}
	return &view.Picture{Address: logo.Address(), Width: logo.Width, Height: logo.Height}
}

// notices fills in what every Super Admin is to know.
func (c *Console) notices(r *http.Request, d *view.Desk) error {
	if !web.VisitorOf(r).Role.Has(sallyport.ManageSuperAdmins) {
		return nil
	}
	actor := web.ActorOf(r)
	open, err := c.accounts.Notices(r.Context(), actor)
	if err != nil {
		return err
	}
	for _, n := range open {
		d.Notices = append(d.Notices, view.Notice{ID: n.ID, Text: n.Text, At: d.When(n.CreatedAt)})
	}
	return c.fewSupers(r, d)
}

// fewSupers asks for a second Super Admin where but one is active, and no other one holds an invitation that works. Who let
// his run out is named.
func (c *Console) fewSupers(r *http.Request, d *view.Desk) error {
	f := sallyport.Filter{Role: sallyport.SuperAdmin, Status: sallyport.Active, Page: 1, Size: 1}
	active, err := c.listOf(r, f)
	if err != nil || active.Total > 1 {
		return err
	}
	f.Status, f.Size = sallyport.Invited, pageSize
	invited, err := c.listOf(r, f)
	if err != nil {
		return err
	}
	for _, row := range invited.Rows {
		switch one, err := c.accounts.Technician(r.Context(), web.ActorOf(r), row.ID); {
		case sallyport.KindOf(err) == sallyport.NotFound: // deleted just now
		case err != nil:
			return err
		case one.Invitation != nil:
			return nil
		default:
			d.LateSuper = &view.Link{Label: row.Name(), Href: "/admin/technicians/" + string(row.ID) + "/invitation"}
		}
	}
	d.FewSupers = true
	return nil
}

// ackNotice takes one notice off the reader's pages.
func (c *Console) ackNotice(w http.ResponseWriter, r *http.Request, _ web.Form) error {
	if err := c.accounts.AckNotice(r.Context(), web.ActorOf(r), r.PathValue("id")); err != nil {
		return err
	}
	return c.see(w, r, "/admin/technicians", done("Acknowledged. It stays in the audit log."))
}

// tabs are those of Technicians and Roles. counts are the team's; the waiting ones are shown to who may act on them.
func tabs(r *http.Request, counts sallyport.TeamCounts, open string) []view.Tab {
	tab := func(name, label, href string, count int, call bool) view.Tab {
		return view.Tab{Link: view.Link{Label: label, Href: href, Current: name == open}, Count: count, Call: call}
	}
	out := []view.Tab{
		tab("technicians", "Technicians", "/admin/technicians", counts.Total, false),
		tab("roles", "Roles", "/admin/roles", len(sallyport.BuiltInRoles), false),
		tab("invitations", "Invitations", "/admin/invitations", counts.Invited, false),
	}
	if web.VisitorOf(r).Role.Has(sallyport.WriteTechnicians) {
		out = append(out, tab("resets", "Password resets", "/admin/resets", counts.WaitingResets, true),
			tab("help", "Help", "/admin/help", counts.HelpRequests, true))
	}
	return out
}

// teamDesk is the frame of a tab of Technicians and Roles.
func (c *Console) teamDesk(r *http.Request, open string, counts sallyport.TeamCounts) (view.Desk, error) {
	d, err := c.desk(r, "Technicians and Roles", "technicians")
	if err != nil {
		return d, err
	}
	d.Tabs = tabs(r, counts, open)
	if web.VisitorOf(r).Role.Has(sallyport.WriteTechnicians) {
		d.Action = &view.Link{Label: "Add Technician", Href: "/admin/technicians/new"}
	}
	return d, nil
}

// counts are the numbers on the tabs, for pages that do not list technicians themselves.
func (c *Console) counts(r *http.Request) (sallyport.TeamCounts, error) {
	p, err := c.accounts.List(r.Context(), web.ActorOf(r), sallyport.Filter{Page: 1, Size: 1})
	return p.Counts, err
}

// listOf asks for one page of technicians.
func (c *Console) listOf(r *http.Request, f sallyport.Filter) (account.Page, error) {
	return c.accounts.List(r.Context(), web.ActorOf(r), f)
}

func roleName(id sallyport.RoleID) string {
	if role, ok := sallyport.RoleByID(id); ok {
		return role.Name
	}
	return string(id)
}
