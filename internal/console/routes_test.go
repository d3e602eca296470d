package console_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/testkit/golden"
	"sallyport/internal/web"
)

// TestRoutes: every page with the permission it needs is written down, so that a change of either is seen.
func TestRoutes(t *testing.T) {
	var lines []string
	for _, r := range newHouse(t).console.Routes() {
		lines = append(lines, r.String())
	}
	golden.File(t, filepath.Join("testdata", "routes.golden"), strings.Join(lines, "\n")+"\n")
}

// TestRolesTimesRoutes: nobody signed in is sent to the sign-in page, a role without the permission is refused, and one
// that has it is let through to the use case.
func TestRolesTimesRoutes(t *testing.T) {
	h := newHouse(t)
	routes := h.console.Routes()
	for _, role := range sallyport.BuiltInRoles {
		b := h.signIn(h.add(role.ID))
		for _, r := range routes {
			target := h.add(sallyport.ReadOnlyTechnician)
			path := strings.Replace(r.Pattern, "{id}", string(target.ID), 1)
			p := ask(b, r, path)
			may := r.Needs == web.SignedIn || role.Has(sallyport.Permission(r.Needs))
			if r.Pattern == "/admin" {
				may = role.Has(sallyport.ReadTechnicians) || role.Has(sallyport.ReadAudit)
			}
			if (p.status == http.StatusForbidden) == may {
				t.Errorf("%s: %s %s: status %d, permitted %v", role.Name, r.Method, path, p.status, may)
			}
			if p.status >= 500 {
				t.Errorf("%s: %s %s: status %d: %s", role.Name, r.Method, path, p.status, p.words())
			}
		}
	}
	nobody := &browser{house: h}
	for _, r := range routes {
		p := ask(nobody, r, strings.Replace(r.Pattern, "{id}", "x", 1))
		if p.status != http.StatusSeeOther || !strings.HasPrefix(p.at, "/sign-in") {
			t.Errorf("nobody: %s %s: status %d to %q", r.Method, r.Pattern, p.status, p.at)
		}
	}
}

func ask(b *browser, r web.Route, path string) page {
	if r.Method == http.MethodGet {
		return b.get(path)
	}
	return b.send(path)
}

// TestForms: a form takes the fields that its page has, each once (D10.8, D9.12).
func TestForms(t *testing.T) {
	h := newHouse(t)
	boss := h.signIn(h.add(sallyport.SuperAdmin))
	someone := h.add(sallyport.Admin)
	for _, r := range h.console.Routes() {
		if r.Method != http.MethodPost || len(r.Types) > 0 {
			continue
		}
		path := strings.Replace(r.Pattern, "{id}", string(someone.ID), 1)
		for _, evil := range [][]string{{"generation", "0"}, {"id", "x", "status", "active"}, {"version", "1", "version", "2"}, {"first_name", "a\x00b"}} {
			boss.send(path, evil...).wants(http.StatusBadRequest)
		}
	}
	if now := h.technician(someone.ID); now.Version != someone.Version || now.Generation != someone.Generation {
		t.Error("a refused form changed something")
	}
}

// TestRightsOverSuperAdmins: an Admin sees a Super Admin, and changes nothing of his (contract section 2).
func TestRightsOverSuperAdmins(t *testing.T) {
	h := newHouse(t)
	super, admin := h.add(sallyport.SuperAdmin), h.signIn(h.add(sallyport.Admin))
	base := "/admin/technicians/" + string(super.ID)
	p := admin.get(base).wants(http.StatusOK, "Only a Super Admin may change the account of a Super Admin.").lacks(base+"/delete", "data-save")
	if !strings.Contains(p.body, `<option value="super-admin" selected>`) || !strings.Contains(p.body, `id="method" disabled`) {
		t.Error("the form shows another role, or a method that can be chosen")
	}
	for _, act := range []string{"/reset", "/sign-out", "/deactivate", "/delete", "/activate", "/invitation", "/set-up"} {
		if p := admin.send(base + act); p.status != http.StatusForbidden {
			t.Errorf("%s: status %d", act, p.status)
		}
	}
	p = admin.send(base, "version", "1", "email", super.Email, "role", "read-only", "method", "app").wants(http.StatusForbidden)
	if p.field("email") != super.Email {
		t.Error("the page of the refused form is another one")
	}
	if now := h.technician(super.ID); now.Generation != super.Generation || now.Role != sallyport.SuperAdmin {
		t.Error("an Admin changed a Super Admin")
	}
}
