package console

import (
	"fmt"
	"net/http"
	"strings"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// columns are the heads of the list.
var columns = []struct{ label, sort string }{
	{"Name", "name"}, {"Role", "role"}, {"Status", "status"}, {"Method", "method"}, {"Set up", "setup"}, {"Last sign-in", "last"},
}

// technicians is the list.
func (c *Console) technicians(w http.ResponseWriter, r *http.Request) error {
	f, err := listQuery(r)
	if err != nil {
		return err
	}
	p, err := c.listOf(r, f)
	if err != nil {
		return err
	}
	desk, err := c.teamDesk(r, "technicians", p.Counts)
	if err != nil {
		return err
	}
	page := view.Technicians{Desk: desk, Filter: filterLine(f, p), Matching: p.Total, All: query(f).Encode(),
		MayWrite: web.VisitorOf(r).Role.Has(sallyport.WriteTechnicians), MayLook: web.VisitorOf(r).Role.Has(sallyport.ReadSessions)}
	if page.All == "" {
		page.All = "everybody"
	}
	page.Columns = sortColumns(f)
	for _, row := range p.Rows {
		page.Rows = append(page.Rows, technicianRow(desk, web.VisitorOf(r), row, p.MayOff))
	}
	page.Pager = view.NewPager(f.Page, f.Size, p.Total, func(n int) string { return address("/admin/technicians", query(f), n) })
	page.Empty = emptyList(f, p, page.Filter.On)
	return c.pages.Render(w, http.StatusOK, page)
}

func filterLine(f sallyport.Filter, p account.Page) view.TechnicianFilter {
	line := view.TechnicianFilter{Search: f.Search, Sort: f.Sort,
		On:     f.Search != "" || f.Role != "" || f.Status != "" || f.Method != "" || f.SetUp != "",
		Counts: fmt.Sprintf("%d · %d set up", p.Counts.Total, p.Counts.SetUp)}
	if line.On {
		line.Counts = fmt.Sprintf("%d of %d", p.Total, p.Counts.Total)
	}
	methods := []string{"", "Any method"}
	for _, m := range sallyport.Methods {
		methods = append(methods, string(m), m.String())
	}
	roles := []string{"", "Any role"}
	for _, role := range sallyport.BuiltInRoles {
		roles = append(roles, string(role.ID), role.Name)
	}
	line.Selects = []view.Select{
		{Name: "method", Label: "Method", Options: view.Options(string(f.Method), methods...)},
		{Name: "status", Label: "Status", Options: view.Options(string(f.Status), "", "Any status", "active", "Active", "invited", "Invited", "deactivated", "Deactivated")},
		{Name: "setup", Label: "Set up", Options: view.Options(f.SetUp, "", "Set up or not", "yes", "Set up", "no", "Not set up")},
		{Name: "role", Label: "Role", Options: view.Options(string(f.Role), roles...)},
	}
	return line
}

func sortColumns(f sallyport.Filter) []view.Column {
	var out []view.Column
	for _, c := range columns {
		turned := f
		turned.Sort = c.sort
		col := view.Column{Label: c.label}
		switch f.Sort {
		case c.sort:
			col.Sort, turned.Sort = "ascending", "-"+c.sort
		case "-" + c.sort:
			col.Sort = "descending"
		}
		col.Href = address("/admin/technicians", query(turned), 1)
		out = append(out, col)
	}
	return out
}

func technicianRow(d view.Desk, v web.Visitor, row sallyport.Row, mayOff bool) view.TechnicianRow {
	out := view.TechnicianRow{ID: string(row.ID), Name: row.Name(), UserName: row.UserName, Role: roleName(row.Role),
		Status: statusMark(row.Status), Method: row.Method.String(), SetUp: setUpMark(row.Technician, row.SetUp, mayOff),
		LastSignIn: d.When(row.LastSignInAt), Sessions: row.LiveSessions, Self: row.ID == v.Technician.ID, Help: row.HelpRequested}
	out.Menu = rowMenu(v, row.Technician)
	return out
}

// rowMenu are the acts on one technician. It is a convenience: each act is judged where it is done.
func rowMenu(v web.Visitor, t sallyport.Technician) []view.Link {
	base := "/admin/technicians/" + string(t.ID)
	role, _ := sallyport.RoleByID(t.Role)
	writes, ends := v.Role.Has(sallyport.WriteTechnicians) && v.Role.Covers(role), v.Role.Has(sallyport.EndSessions) && v.Role.Covers(role)
	menu := []view.Link{{Label: "View", Href: base}}
	if writes {
		menu[0].Label = "Edit Technician"
	}
	add := func(when bool, label, path string, danger bool) {
		if when {
			menu = append(menu, view.Link{Label: label, Href: base + path, Danger: danger})
		}
	}
	self := t.ID == v.Technician.ID
	add(writes && t.Status == sallyport.Active && t.Method != sallyport.MethodOff && !self, "Reset second factor", "/reset", false)
	add(ends && t.Status == sallyport.Active, "Sign out everywhere", "/sign-out", false)
	add(writes && t.Status == sallyport.Invited, "Resend invitation", "/invitation", false)
	add(writes && t.Status != sallyport.Deactivated, "Deactivate", "/deactivate", true)
	add(writes && t.Status == sallyport.Deactivated, "Activate", "/activate", false)
	add(writes, "Delete", "/delete", true)
	return menu
}

func statusMark(s sallyport.Status) view.Mark {
	switch s {
	case sallyport.Active:
		return view.Mark{Kind: "good", Word: "active"}
	case sallyport.Invited:
		return view.Mark{Kind: "warn", Word: "invited"}
	}
	return view.Mark{Kind: "quiet", Word: string(s)}
}

// setUpMark says how far t is. Nobody gets in with the method Off where the policy does not permit it (any more).
func setUpMark(t sallyport.Technician, setUp, mayOff bool) view.Mark {
	switch {
	case t.Method == sallyport.MethodOff && !mayOff:
		return view.Mark{Kind: "bad", Word: "not permitted"}
	case t.Method == sallyport.MethodOff:
		return view.Mark{Kind: "quiet", Word: "not needed"}
	case t.FactorDisabled:
		return view.Mark{Kind: "bad", Word: "switched off"}
	case setUp:
		return view.Mark{Kind: "good", Word: "yes"}
	}
	return view.Mark{Kind: "warn", Word: "no"}
}

// noPage stands in the place of a page behind the last one: the list is not empty.
func noPage(first string) *view.Empty {
	return &view.Empty{Title: "There is no such page", Text: "The list is shorter than that.", Next: &view.Link{Label: "First page", Href: first}}
}

func emptyList(f sallyport.Filter, p account.Page, filtered bool) *view.Empty {
	switch {
	case p.Total > 0 && len(p.Rows) == 0:
		return noPage(address("/admin/technicians", query(f), 1))
	case p.Total > 0:
		return nil
	case filtered:
		return &view.Empty{Title: "Nobody matches", Text: "No technician matches this search and these filters.", Next: &view.Link{Label: "Show everybody", Href: "/admin/technicians"}}
	}
	return &view.Empty{Title: "No technicians yet", Text: "Technicians are the people who administer something through your portals. Add the first one, or import the whole team from a CSV file.",
		Next: &view.Link{Label: "Add Technician", Href: "/admin/technicians/new"}}
}

// count says "1 browser" or "3 browsers".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// mostWhere is how many browsers a sentence names.
const mostWhere = 20

// where says in which browsers sessions were, each once.
func where(sessions []sallyport.Session) []string {
	var out []string
	n := map[string]int{}
	for _, s := range sessions {
		at := strings.TrimSpace(s.Browser + " at " + s.Address)
		if n[at]++; n[at] == 1 {
			out = append(out, at)
		}
	}
	for i, at := range out {
		if n[at] > 1 {
			out[i] = fmt.Sprintf("%s (%d times)", at, n[at])
		}
	}
	if more := len(out) - mostWhere; more > 0 {
		out = append(out[:mostWhere], fmt.Sprintf("and %d more", more))
	}
	return out
}
