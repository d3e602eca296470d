package attack

import (
	"bufio"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/testkit/team"
)

// route is a line of the golden list of routes.
type route struct{ method, pattern, needs, accepts string }

// routes reads the list that internal/app keeps, and makes sure that the assembled server has the same.
func (h *house) routes() []route {
	h.t.Helper()
	f, err := os.Open("../../internal/app/testdata/routes.golden")
	h.check(err)
	defer f.Close()
	var out []route
	for lines := bufio.NewScanner(f); lines.Scan(); {
		part := strings.Fields(lines.Text())
		r := route{method: part[0], pattern: part[1], needs: part[2]}
		if len(part) > 4 {
			r.accepts = part[4]
		}
		out = append(out, r)
	}
	if len(out) != len(h.app.Site().Routes()) || len(out) < 60 {
		h.t.Fatalf("the list has %d routes, the server %d", len(out), len(h.app.Site().Routes()))
	}
	return out
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

func (r route) path(id string) string {
	return placeholder.ReplaceAllString(strings.TrimSuffix(r.pattern, "{$}"), id)
}

// ask sends the request of a route with an empty body of the right type.
func (b *browser) route(r route, id string) answer {
	b.h.t.Helper()
	if r.accepts != "" {
		b.header["Content-Type"] = r.accepts + "; boundary=zz"
		defer delete(b.header, "Content-Type")
	}
	return b.do(r.method, r.path(id), nil)
}

// TestD10_7: each role at each route. Without the permission it is 403 for whatever record is named, the same bytes for
// one that exists, for a Super Admin's, and for none; with it, it is never that. Nobody signed in is sent to sign in.
// And all those refusals change nothing.
func TestD10_7(t *testing.T) {
	tokens := map[sallyport.RoleID]string{}
	var boss, dana team.Member
	h, mara, _ := staffed(t, sallyport.MethodApp, plan{people: func(f *team.Folder) {
		boss, dana = addPlain(t, f, "boss", sallyport.SuperAdmin, sallyport.MethodApp), addPlain(t, f, "dorothea", sallyport.ReadOnlyTechnician, sallyport.MethodApp)
		for _, role := range sallyport.BuiltInRoles {
			tokens[role.ID] = signedIn(t, f, addPlain(t, f, "holder-"+string(role.ID), role.ID, sallyport.MethodApp))[0]
		}
	}})
	before := state(mara, boss, dana)
	routes := h.routes()
	ids := []string{string(dana.ID), string(boss.ID), "aaaaaaaaaaaaaaaa", "none"}
	for _, role := range sallyport.BuiltInRoles {
		b := h.holding(tokens[role.ID])
		for _, r := range routes {
			if r.needs == "anyone" || r.needs == "signed-in" {
				continue
			}
			may := role.Has(sallyport.Permission(r.needs))
			if may && r.method == http.MethodPost {
				continue // what a permitted act does is tested where the act is
			}
			var faces []string
			for _, id := range ids {
				a := b.route(r, id)
				if a.Status >= 500 || (a.Status == http.StatusForbidden) == may {
					t.Errorf("%s: %s with %s: %d, permitted %v", role.Name, r.pattern, id, a.Status, may)
				}
				if faces = append(faces, face(a, "\x00")); !may && faces[0] != faces[len(faces)-1] {
					t.Errorf("%s: %s %s tells %q from %q:\n%s\n%s", role.Name, r.method, r.pattern, ids[0], id, faces[0], faces[len(faces)-1])
				}
			}
		}
	}
	for _, r := range routes {
		if r.needs == "anyone" {
			continue
		}
		for _, id := range ids {
			if a := h.browser().route(r, id); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.at(), "/sign-in") {
				t.Errorf("nobody: %s: %d %s", r.pattern, a.Status, a.at())
			}
		}
	}
	if after := state(mara, boss, dana); !slices.Equal(before, after) {
		t.Errorf("something was changed:\n%q\n%q", before, after)
	}
}

// state is what an administrator sees of the members: each field of the form, and how often the audit log has a change.
func state(mara *browser, members ...team.Member) []string {
	var out []string
	for _, m := range members {
		out = append(out, regexp.MustCompile(`value="[^"]*"`).FindAllString(mara.get("/admin/technicians/"+string(m.ID)).Body, -1)...)
	}
	for _, e := range mara.events("") {
		if strings.HasPrefix(e.Type, "technician.") || strings.HasPrefix(e.Type, "factor.") || strings.HasPrefix(e.Type, "session.") || strings.HasPrefix(e.Type, "settings.") {
			out = append(out, e.Line)
		}
	}
	return out
}

// TestD10_7SuperAdmin: an Admin, who may change technicians, changes nothing of a Super Admin's record and makes nobody
// one.
func TestD10_7SuperAdmin(t *testing.T) {
	var token string
	var boss, dana team.Member
	h, mara, _ := staffed(t, sallyport.MethodApp, plan{people: func(f *team.Folder) {
		boss, dana = addPlain(t, f, "boss", sallyport.SuperAdmin, sallyport.MethodApp), addPlain(t, f, "dorothea", sallyport.ReadOnlyTechnician, sallyport.MethodApp)
		token = signedIn(t, f, addPlain(t, f, "aron", sallyport.Admin, sallyport.MethodApp))[0]
	}})
	before := state(mara, boss, dana)
	b := h.holding(token)
	for _, r := range h.routes() {
		if r.method == http.MethodPost && strings.HasPrefix(r.pattern, "/admin/technicians/{id}/") && !strings.HasSuffix(r.pattern, "/preview") {
			if a := b.route(r, string(boss.ID)); a.Status != http.StatusForbidden {
				t.Errorf("%s of a Super Admin: %d", r.pattern, a.Status)
			}
		}
	}
	b.saveMethod(boss, sallyport.MethodEmail).wants(http.StatusForbidden, "")
	dana.Role = sallyport.SuperAdmin
	if a := b.saveMethod(dana, sallyport.MethodApp); a.Status != http.StatusForbidden && a.Status != http.StatusUnprocessableEntity {
		t.Errorf("making a Super Admin: %d", a.Status)
	}
	a := b.post("/admin/technicians/new", "first_name", "Eve", "last_name", "Team", "email", "eve@northwind.example", "user_name", "", "phone", "", "role", "super-admin", "method", "app")
	if a.Status != http.StatusForbidden && a.Status != http.StatusUnprocessableEntity {
		t.Errorf("adding a Super Admin: %d", a.Status)
	}
	if after := state(mara, boss, dana); !slices.Equal(before, after) {
		t.Errorf("something was changed:\n%q\n%q", before, after)
	}
}

// TestD10_12: when a technician is deactivated, everything that he holds is dead at once: sessions, a sign-in half way,
// links, the password with the factor, a browser that signed in before (also W40). Activated again, what was dead stays
// dead.
func TestD10_12(t *testing.T) {
	h, mara, dana := staffed(t, sallyport.MethodApp, plan{})
	in := h.browser().atCode(dana)
	in.post("/sign-in/code", "code", dana.Digits(half(0)))
	if !in.live() {
		t.Fatal("not signed in")
	}
	session := in.twin()
	half1, half2 := h.browser().atCode(dana), h.browser().atCode(dana)
	h.browser().post("/forgotten", "user_name", dana.UserName)
	reset := "/reset/" + h.mail.next(h, regexp.MustCompile(`/reset/([A-Za-z0-9_-]{43})`), 0)
	stepUp := in.twin()
	stepUp.post("/confirm", "way", "recovery", "return", "/me").wants(http.StatusSeeOther, "/sign-in/recovery")

	page := "/admin/technicians/" + string(dana.ID)
	if a := mara.post(page+"/deactivate", "reason", "left"); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.words())
	}
	dead := func(when string) {
		t.Helper()
		if session.live() || stepUp.live() {
			t.Errorf("%s: a session lives", when)
		}
		session.get("/me").wants(http.StatusSeeOther, "/sign-in?return=%2Fme")
		for _, b := range []*browser{half1, half2} {
			if a := b.twin().post("/sign-in/code", "code", dana.Digits(half(1))); a.Status != http.StatusSeeOther || a.at() != "/sign-in/code?over=step" {
				t.Errorf("%s: a sign-in half way: %d %s", when, a.Status, a.at())
			}
		}
		stepUp.twin().get("/sign-in/code").wants(http.StatusSeeOther, "/sign-in?why=over")
		h.browser().get(reset).wants(http.StatusGone, "")
		h.browser().post(reset, "password", "another long enough lantern").wants(http.StatusGone, "")
	}
	dead("deactivated")
	known := in.twin() // with the device's cookie
	delete(known.cookies, known.name(""))
	for _, b := range []*browser{known, h.browser()} {
		if a := b.password(dana.UserName, team.Password); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("the password leads on: %d", a.Status)
		}
	}
	h.browser().post("/forgotten", "user_name", dana.UserName)
	if a := mara.post(page + "/activate"); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.words())
	}
	dead("active again")
	again := h.browser().atCode(dana)
	if again.post("/sign-in/code", "code", dana.Digits(half(1))); !again.live() {
		t.Error("active again, and cannot sign in")
	}
}
