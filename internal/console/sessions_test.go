package console_test

import (
	"html"
	"net/http"
	"strings"
	"testing"

	"sallyport"
)

func TestSessions(t *testing.T) {
	h := newHouse(t)
	super, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.ReadOnlyTechnician)
	b, admin, theirs := h.signIn(super), h.signIn(h.add(sallyport.Admin)), h.signIn(dana)
	b.get("/admin/sessions").wants(http.StatusOK, "3 live sessions", "this browser", "Firefox on Windows")
	p := b.get("/admin/sessions?technician="+string(dana.ID)).wants(http.StatusOK, "1 live session", "Only those of Person 2.", "Sign out everywhere…")
	key := p.field("session")
	b.follow(b.send("/admin/sessions/end", "session", key, "back", "/admin/sessions?technician="+string(dana.ID))).wants(http.StatusOK, "The session was ended.", "No live session")
	if theirs.get("/admin").status != http.StatusSeeOther {
		t.Error("still in")
	}
	b.follow(b.send("/admin/sessions/end", "session", key, "back", "//evil.example/")).wants(http.StatusOK, "had ended already")
	b.follow(b.send("/admin/sessions/end", "session", key, "back", "/admin/sessions?q=a\tb")).wants(http.StatusOK, "had ended already")
	for _, bad := range []string{"zz", "02", key + "02"} {
		b.send("/admin/sessions/end", "session", bad).wants(http.StatusBadRequest)
	}
	supers := b.get("/admin/sessions?technician="+string(super.ID)).wants(http.StatusOK, "this browser").field("session")
	admin.get("/admin/sessions?technician="+string(super.ID)).lacks(`name="session"`, "this browser")
	admin.send("/admin/sessions/end", "session", supers).wants(http.StatusForbidden)
}

// Who has very many sessions has a page like everybody else's, which leads to the list of them.
func TestPageOfVeryManySessions(t *testing.T) {
	h := newHouse(t)
	b, dana := h.signIn(h.add(sallyport.SuperAdmin)), h.add(sallyport.Admin)
	for range 25 {
		h.signIn(dana)
	}
	p := b.get("/admin/technicians/"+string(dana.ID)).wants(http.StatusOK, "Signed in on 25 browsers", "and 5 more", "Sessions")
	if n := strings.Count(p.body, "Firefox on Windows"); n != 20 {
		t.Errorf("%d of them stand on the page", n)
	}
	b.get("/admin/technicians/"+string(dana.ID)+"/sign-out").wants(http.StatusOK, "is signed out of 25 browsers at once: Firefox on Windows at 192.0.2.7 (25 times).")
}

// A list of sessions is searched and paged by the server, and leads back to where one was. A page behind the last one is no
// empty list.
func TestPagesOfSessions(t *testing.T) {
	h := newHouse(t)
	super, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	b := h.signIn(super)
	for range 51 {
		h.signIn(dana)
	}
	who := "technician=" + string(dana.ID)
	b.get("/admin/sessions").wants(http.StatusOK, "52 live sessions", "1–50 of 52").lacks("Only those of")
	b.get("/admin/sessions?q=person1").wants(http.StatusOK, "1 live session", "Person 1").lacks("Person 2")
	p := b.get("/admin/sessions?page=2&q=person&"+who).wants(http.StatusOK, "51–51 of 51", "Only those of Person 2.")
	if back := p.field("back"); back != "/admin/sessions?page=2&amp;q=person&amp;"+who {
		t.Errorf("back to %q", back)
	}
	p.link("/admin/sessions?q=person&amp;" + who)
	b.follow(b.send("/admin/sessions/end", "session", p.field("session"), "back", html.UnescapeString(p.field("back")))).
		wants(http.StatusOK, "50 live sessions", "There is no such page").lacks("No live session").link("/admin/sessions?q=person&amp;" + who)
}

// TestPagesOfInvitations likewise.
func TestPagesOfInvitations(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	b.get("/admin/invitations").wants(http.StatusOK, "No open invitations")
	for range 51 {
		h.add(sallyport.Admin, func(p *sallyport.Technician) { p.Status, p.Password = sallyport.Invited, nil })
	}
	b.get("/admin/invitations").wants(http.StatusOK, "1–50 of 51", "over").link("/invitation")
	b.get("/admin/invitations?page=2").wants(http.StatusOK, "51–51 of 51")
	b.get("/admin/invitations?page=3").wants(http.StatusOK, "There is no such page").lacks("No open invitations")
	h.signIn(h.add(sallyport.AppsAndReportsManager)).get("/admin/invitations").wants(http.StatusOK, "1–50 of 51").lacks(`/invitation"`)
}
