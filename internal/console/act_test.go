package console_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

// TestActsOnMoreThanOneself: the page before an act says why it cannot be done, and has no button for it.
func TestActsOnMoreThanOneself(t *testing.T) {
	h := newHouse(t)
	super, admin := h.add(sallyport.SuperAdmin), h.signIn(h.add(sallyport.Admin))
	boss, base := h.signIn(h.add(sallyport.SuperAdmin)), "/admin/technicians/"+string(super.ID)
	for _, act := range []string{"/reset", "/sign-out", "/deactivate", "/delete", "/activate", "/invitation", "/set-up"} {
		post := `action="` + base + act + `"`
		p := admin.get(base+act).wants(http.StatusOK, "Only a Super Admin may change the account of a Super Admin.")
		if !strings.Contains(p.body, post) || strings.Contains(main(p), `<button`) {
			t.Errorf("%s: a button for what is refused", act)
		}
		if p := boss.get(base + act); !strings.Contains(main(p), `<button`) {
			t.Errorf("%s: no button for who may", act)
		}
		asks := act == "/reset" || act == "/deactivate" || act == "/delete"
		if got := strings.Contains(p.body, `name="reason"`); got != asks {
			t.Errorf("%s asks for a reason: %v", act, got)
		}
	}
	if menu := admin.get("/admin/technicians?q=" + super.UserName); strings.Contains(menu.body, base+"/") {
		t.Error("the menu leads to what is refused")
	}
}

// main is the page without its frame.
func main(p page) string {
	_, in, _ := strings.Cut(p.body, `<main`)
	in, _, _ = strings.Cut(in, `</main>`)
	return in
}

// TestReasonOfAnAct: a reason stays where the act was refused, and stands trimmed in the audit log.
func TestReasonOfAnAct(t *testing.T) {
	h := newHouse(t)
	me, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	b := h.signIn(me)
	p := b.send("/admin/technicians/"+string(me.ID)+"/deactivate", "reason", "tired").wants(http.StatusConflict, "no Super Admin who can sign in")
	if p.field("reason") != "tired" {
		t.Error("the reason is lost")
	}
	path := "/admin/technicians/" + string(dana.ID) + "/deactivate"
	b.send("/admin/technicians/"+string(dana.ID)+"/sign-out", "reason", "none is asked for").wants(http.StatusBadRequest)
	b.follow(b.send(path, "reason", "  left "))
	if lines := b.get("/admin/audit.jsonl").body; !strings.Contains(lines, `"reason":"left"`) {
		t.Errorf("%s", lines)
	}
}

// TestActsOnOneself: who ends his own sessions is told so at once, for he cannot ask for it later.
func TestActsOnOneself(t *testing.T) {
	for _, act := range []string{"/sign-out", "/deactivate", "/delete"} {
		h := newHouse(t)
		me := h.add(sallyport.SuperAdmin)
		h.add(sallyport.SuperAdmin)
		b := h.signIn(me)
		b.send("/admin/technicians/"+string(me.ID)+act).wants(http.StatusOK, "Done, and you are signed out", "was signed out of 1 browser")
		if b.get("/admin").status != http.StatusSeeOther {
			t.Errorf("%s: still in", act)
		}
	}
}

// TestWarningsBeforeAReset: it is warned of where there is something to take away, and a code is shown only where one is asked for.
func TestWarningsBeforeAReset(t *testing.T) {
	const warned = "call back on a number you know"
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	none := func(p *sallyport.Technician) { p.Method = sallyport.MethodEmail }
	path := func(p sallyport.Technician) string { return "/admin/technicians/" + string(p.ID) }
	held, live, bare := h.add(sallyport.Admin), h.add(sallyport.Admin, none), h.add(sallyport.Admin, none)
	h.signIn(live)
	b.get(path(held)+"/reset").wants(http.StatusOK, warned, "is signed in nowhere now")
	b.get(path(live)+"/reset").wants(http.StatusOK, warned)
	b.get(path(bare) + "/reset").lacks(warned)
	b.get(path(bare) + "/set-up").lacks(warned)
	h.write(func(ctx context.Context, tx *store.Tx) error {
		s := sallyport.DefaultSettings()
		s.EnrolmentCodes = false
		return tx.PutSettings(ctx, s)
	})
	b.follow(b.send(path(held)+"/reset")).wants(http.StatusOK, "The second factor was reset.").lacks("Read out this code")
}

// TestInvitationsAreHandedOver where no mail can be sent, by the menu too.
func TestInvitationsAreHandedOver(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	noor := h.add(sallyport.Admin, func(p *sallyport.Technician) { p.Status, p.Password = sallyport.Invited, nil })
	path := "/admin/technicians/" + string(noor.ID)
	b.send(path+"/invitation").wants(http.StatusOK, "A new invitation", public+"/invitation/", "It is shown this once.", "Go to "+noor.Name())
	b.follow(b.send(path + "/deactivate"))
	b.send(path+"/activate").wants(http.StatusOK, "A new invitation", public+"/invitation/")
	h.prove(sallyport.ChannelEmail)
	b.follow(b.send(path + "/deactivate"))
	b.follow(b.send(path+"/activate")).wants(http.StatusOK, "Activated. The invitation is on its way to "+noor.Email+".")
}

// TestActsSayWhatTheyEnd: an enrolment code that was read out ends with everything else, and so does an invitation; the page
// before says so, and the one after offers the way on. Nobody invited is signed out.
func TestActsSayWhatTheyEnd(t *testing.T) {
	h := newHouse(t)
	b, dana := h.signIn(h.add(sallyport.SuperAdmin)), h.add(sallyport.Admin)
	path := "/admin/technicians/" + string(dana.ID)
	b.get(path).wants(http.StatusOK, "The next sign-in is as usual.").lacks(path + "/set-up")
	b.get(path+"/sign-out").wants(http.StatusOK, "the next sign-in is as usual").lacks("enrolment code")
	b.send(path+"/reset").wants(http.StatusOK, "Read out this code", "“Open the set-up again” makes another", "Go to Person 2")

	b.get(path).wants(http.StatusOK, "For an enrolment code that was lost").lacks("The next sign-in is as usual.")
	for _, act := range []string{"/sign-out", "/deactivate"} {
		b.get(path+act).wants(http.StatusOK, "The enrolment code that was read out works no more").lacks("as usual")
	}
	b.send(path + "/sign-out")
	b.get(path).wants(http.StatusOK, "none works now").link(path + "/set-up")
	b.send(path+"/set-up").wants(http.StatusOK, "Read out this code")
	b.send(path + "/deactivate")
	b.get(path+"/activate").wants(http.StatusOK, "is asked for an enrolment code, of which none works now")
	b.send(path + "/activate")
	b.get(path).wants(http.StatusOK, "none works now").link(path + "/set-up")
	b.send(path+"/set-up").wants(http.StatusOK, "Read out this code")
	h.clock.Add(2 * time.Hour)
	b = h.signIn(h.add(sallyport.SuperAdmin))
	b.get(path).wants(http.StatusOK, "none works now").link(path + "/set-up")

	noor := h.add(sallyport.Admin, func(p *sallyport.Technician) { p.Status, p.Password = sallyport.Invited, nil })
	path = "/admin/technicians/" + string(noor.ID)
	b.send(path + "/invitation")
	b.get(path).wants(http.StatusOK).lacks(path + "/sign-out")
	b.send(path+"/sign-out").wants(http.StatusConflict, "there is nobody to sign out", "Resend invitation")
	b.get(path+"/deactivate").wants(http.StatusOK, "The invitation works no more.")
}
