package console

import (
	"net/http"

	"sallyport"
	"sallyport/internal/view"
)

// permissionWords are the permissions as people read them, in the order in which they are shown.
var permissionWords = []struct {
	permission sallyport.Permission
	words      string
}{
	{sallyport.UseApplications, "Use the applications"},
	{sallyport.ReadReports, "See reports"},
	{sallyport.ReadTechnicians, "See technicians"},
	{sallyport.WriteTechnicians, "Add, change and reset technicians"},
	{sallyport.ReadSessions, "See everybody’s sessions"},
	{sallyport.EndSessions, "End anybody’s sessions"},
	{sallyport.ReadAudit, "See the audit log"},
	{sallyport.ExportAudit, "Download the audit log"},
	{sallyport.ManageEmail, "Email Settings"},
	{sallyport.ManageSMS, "SMS Settings"},
	{sallyport.ManagePolicy, "Policy"},
	{sallyport.ManageRoles, "Roles"},
	{sallyport.ManageSuperAdmins, "Every right over Super Admins"},
}

// roles is the tab that says who may do what.
func (c *Console) roles(w http.ResponseWriter, r *http.Request) error {
	counts, err := c.counts(r)
	if err != nil {
		return err
	}
	desk, err := c.teamDesk(r, "roles", counts)
	if err != nil {
		return err
	}
	page := view.Roles{Desk: desk}
	for _, role := range sallyport.BuiltInRoles {
		held, err := c.listOf(r, sallyport.Filter{Role: role.ID, Page: 1, Size: 1})
		if err != nil {
			return err
		}
		page.Roles = append(page.Roles, roleCard(role, held.Total))
	}
	return c.pages.Render(w, http.StatusOK, page)
}

func roleCard(role sallyport.Role, held int) view.RoleCard {
	card := view.RoleCard{Name: role.Name, Description: role.Description, Held: held, Href: "/admin/technicians?role=" + string(role.ID)}
	for _, p := range permissionWords {
		if role.Has(p.permission) {
			card.May = append(card.May, p.words)
		} else {
			card.MayNot = append(card.MayNot, p.words)
		}
	}
	return card
}
