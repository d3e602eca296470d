package sallyport

import "slices"

// RoleID names a role.
type RoleID string

// Permission is one thing that a role may do.
type Permission string

const (
	ReadTechnicians   Permission = "technicians.read"   // see the list and a technician's page
	WriteTechnicians  Permission = "technicians.write"  // add, edit, deactivate, delete, reset
	ReadSessions      Permission = "sessions.read"      // see everybody's sessions
	EndSessions       Permission = "sessions.end"       // end anybody's sessions, one or all
	ReadAudit         Permission = "audit.read"         // see the audit log
	ExportAudit       Permission = "audit.export"       // download it
	ManageEmail       Permission = "email.manage"       // Email Settings
	ManageSMS         Permission = "sms.manage"         // SMS Settings
	ManagePolicy      Permission = "policy.manage"      // the contract's numbers
	ManageRoles       Permission = "roles.manage"       // roles
	ManageSuperAdmins Permission = "superadmins.manage" // every right over a Super Admin
	UseApplications   Permission = "applications.use"   // reach the applications behind the door
	ReadReports       Permission = "reports.read"       // sign-ins per day, share set up
)

// Role is a named set of permissions; every technician has exactly one.
type Role struct {
	ID          RoleID
	Name        string
	Description string
	Permissions []Permission
}

// Has reports whether the role holds p.
func (r Role) Has(p Permission) bool { return slices.Contains(r.Permissions, p) }

// Covers reports whether the role holds everything that other holds. Nobody gives a permission that he lacks.
func (r Role) Covers(other Role) bool {
	for _, p := range other.Permissions {
		if !r.Has(p) {
			return false
		}
	}
	return true
}

const (
	SuperAdmin            RoleID = "super-admin"
	Admin                 RoleID = "admin"
	ReportsManager        RoleID = "reports-manager"
	AppsAndReportsManager RoleID = "apps-and-reports-manager"
	ReadOnlyTechnician    RoleID = "read-only"
)

// BuiltInRoles are the five roles of every installation, strongest first.
var BuiltInRoles = []Role{
	{SuperAdmin, "Super Admin", "Everything, with the gateways, the policy and every right over other Super Admins.", []Permission{
		ReadTechnicians, WriteTechnicians, ReadSessions, EndSessions, ReadAudit, ExportAudit, ManageEmail, ManageSMS,
		ManagePolicy, ManageRoles, ManageSuperAdmins, UseApplications, ReadReports}},
	{Admin, "Admin", "Technicians, their second factors and sessions, and the audit log; nothing over Super Admins.", []Permission{
		ReadTechnicians, WriteTechnicians, ReadSessions, EndSessions, ReadAudit, ExportAudit, UseApplications, ReadReports}},
	{AppsAndReportsManager, "Apps and Reports Manager", "Applications and reports, and sees who the technicians are.", []Permission{
		ReadTechnicians, ReadAudit, UseApplications, ReadReports}},
	{ReportsManager, "Reports Manager", "Reports and the audit log, read and exported.", []Permission{
		ReadAudit, ExportAudit, UseApplications, ReadReports}},
	{ReadOnlyTechnician, "Read-only Technician", "Signs in to the applications; sees nothing of Admin.", []Permission{
		UseApplications}},
}

// RoleByID returns a built-in role, false when there is none of that id.
func RoleByID(id RoleID) (Role, bool) {
	for _, r := range BuiltInRoles {
		if r.ID == id {
			return r, true
		}
	}
	return Role{}, false
}

// May reports whether the role named id holds p; an unknown role holds nothing.
func May(id RoleID, p Permission) bool {
	r, ok := RoleByID(id)
	return ok && r.Has(p)
}
