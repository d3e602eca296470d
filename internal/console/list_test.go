package console_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/store"
)

// TestMenuOfARow: each row's menu has the acts that its technician's state leaves room for, and its own of oneself.
func TestMenuOfARow(t *testing.T) {
	h := newHouse(t)
	me := h.add(sallyport.SuperAdmin)
	b := h.signIn(me)
	state := func(edit func(*sallyport.Technician)) sallyport.Technician { return h.add(sallyport.Admin, edit) }
	for _, c := range []struct {
		who  sallyport.Technician
		acts []string
	}{
		{me, []string{"sign-out", "deactivate", "delete"}},
		{h.add(sallyport.Admin), []string{"reset", "sign-out", "deactivate", "delete"}},
		{state(func(p *sallyport.Technician) { p.Method = sallyport.MethodOff }), []string{"sign-out", "deactivate", "delete"}},
		{state(func(p *sallyport.Technician) { p.Status, p.Password = sallyport.Invited, nil }), []string{"invitation", "deactivate", "delete"}},
		{state(func(p *sallyport.Technician) { p.Status = sallyport.Deactivated }), []string{"activate", "delete"}},
	} {
		body, base := b.get("/admin/technicians?q="+c.who.UserName).body, `href="/admin/technicians/`+string(c.who.ID)+"/"
		for _, act := range []string{"reset", "sign-out", "invitation", "deactivate", "activate", "delete", "set-up"} {
			if got := strings.Contains(body, base+act+`"`); got != slices.Contains(c.acts, act) {
				t.Errorf("%s, %s with %s: %s is in the menu: %v", c.who.UserName, c.who.Status, c.who.Method, act, got)
			}
		}
		if self := strings.Contains(body, `>you<`); self != (c.who.ID == me.ID) {
			t.Errorf("%s is oneself: %v", c.who.UserName, self)
		}
	}
}

// TestListSortsAndFilters: a head sorts by its column and then the other way round, keeps the filter and begins at the first
// page; the line says how many of all match.
func TestListSortsAndFilters(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	h.add(sallyport.ReadOnlyTechnician, func(p *sallyport.Technician) { p.Status = sallyport.Deactivated })
	h.add(sallyport.ReadOnlyTechnician, func(p *sallyport.Technician) { p.Method = sallyport.MethodEmail })
	all := b.get("/admin/technicians?q=&page=1").wants(http.StatusOK, "3 · 1 set up")
	all.link("/admin/technicians?sort=name")
	if strings.Contains(all.body, "aria-sort") {
		t.Error("sorted by nothing")
	}
	p := b.get("/admin/technicians?role=read-only&sort=role&page=1").wants(http.StatusOK, "2 of 3")
	p.link("/admin/technicians?role=read-only&amp;sort=-role")
	p.link("/admin/technicians?role=read-only&amp;sort=name")
	if !strings.Contains(p.body, `aria-sort="ascending"`) {
		t.Error("the order is not said")
	}
	p = b.get("/admin/technicians?sort=-role")
	p.link("/admin/technicians?sort=role")
	if !strings.Contains(p.body, `aria-sort="descending"`) {
		t.Error("the order is not said")
	}
	for query, n := range map[string]string{"status=deactivated": "1 of 3", "status=active": "2 of 3", "setup=no": "1 of 3", "setup=no&status=deactivated": "1 of 3", "setup=yes": "1 of 3", "method=email": "1 of 3", "q=person2": "1 of 3", "role=king": "3 · 1 set up", "setup=maybe": "3 · 1 set up"} {
		b.get("/admin/technicians?"+query).wants(http.StatusOK, n)
	}
	b.get("/admin/technicians?role=admin").wants(http.StatusOK, "Nobody matches").link("/admin/technicians")
	b.get("/admin/technicians?role=read-only&page=2").wants(http.StatusOK, "There is no such page").link("/admin/technicians?role=read-only")
	b.get("/admin/technicians?page=1000001").wants(http.StatusOK, "Person 1")
}

// TestFrameOfAPage: the navigation leads where the role may go, says where one is, and how long the session lasts; what Super
// Admins are to know is for them alone.
func TestFrameOfAPage(t *testing.T) {
	h := newHouse(t)
	h.write(func(ctx context.Context, tx *store.Tx) error {
		s := sallyport.DefaultSettings()
		s.Organisation = "Northwind IT"
		return tx.PutSettings(ctx, s)
	})
	super := h.add(sallyport.SuperAdmin)
	for role, leads := range map[sallyport.RoleID][]string{
		sallyport.SuperAdmin:            {"/admin/technicians", "/admin/sessions", "/admin/email", "/admin/sms", "/admin/audit"},
		sallyport.Admin:                 {"/admin/technicians", "/admin/sessions", "/admin/audit"},
		sallyport.AppsAndReportsManager: {"/admin/technicians", "/admin/audit"},
		sallyport.ReportsManager:        {"/admin/audit"},
	} {
		who := super
		if role != sallyport.SuperAdmin {
			who = h.add(role)
		}
		b := h.signIn(who)
		if p := b.get("/admin"); p.at != leads[0] {
			t.Errorf("%s begins at %q", role, p.at)
		}
		p := b.get("/admin/audit").wants(http.StatusOK, "Northwind IT")
		_, nav, _ := strings.Cut(p.body, "<nav")
		nav, _, _ = strings.Cut(nav, "</nav>")
		for _, href := range []string{"/admin/technicians", "/admin/sessions", "/admin/email", "/admin/sms", "/admin/audit"} {
			if got := strings.Contains(nav, `href="`+href+`"`); got != slices.Contains(leads, href) {
				t.Errorf("%s is led to %s: %v", role, href, got)
			}
		}
		if !strings.Contains(nav, `href="/admin/audit" aria-current="page"`) || !strings.Contains(p.body, `data-left="43200"`) {
			t.Errorf("%s: the page does not say where one is, or for how long:\n%s", role, nav)
		}
		if few := strings.Contains(p.body, "There is only one Super Admin"); few != (role == sallyport.SuperAdmin) {
			t.Errorf("%s is told that there is one Super Admin: %v", role, few)
		}
	}
	h.add(sallyport.SuperAdmin)
	b := h.signIn(super)
	b.send("/admin/technicians/"+string(super.ID)+"/sign-out").wants(http.StatusOK, "Done, and you are signed out", "Northwind IT")
}

// TestSearchWithSpacesAround: a phone's keyboard puts a space behind the word that it completes.
func TestSearchWithSpacesAround(t *testing.T) {
	h := newHouse(t)
	b, dana := h.signIn(h.add(sallyport.SuperAdmin)), h.add(sallyport.Admin)
	h.signIn(dana)
	b.send("/admin/technicians/" + string(dana.ID) + "/deactivate")
	b.send("/admin/technicians/" + string(dana.ID) + "/activate")
	h.signIn(dana)
	for _, path := range []string{"/admin/technicians", "/admin/sessions", "/admin/audit"} {
		b.get(path+"?q=%20"+dana.UserName+"+").wants(http.StatusOK, dana.UserName).lacks("Nobody matches", "No live session", "No event matches")
	}
	b.get("/admin/technicians?q=+").wants(http.StatusOK, "2 · 2 set up").lacks(`>Clear<`)
}

// Whatever the field takes, its 100 characters in any writing, is searched for.
func TestSearchAsLongAsTheField(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	for path, none := range map[string]string{"/admin/technicians": "Nobody matches", "/admin/sessions": "No live session", "/admin/audit": "No event matches"} {
		b.get(path+"?q="+url.QueryEscape(strings.Repeat("漢", 100))).wants(http.StatusOK, none)
	}
}
