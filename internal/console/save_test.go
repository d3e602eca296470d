package console_test

import (
	"context"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

// formOf is the edit form as a browser sends it, with some fields typed anew.
func formOf(t sallyport.Technician, typed ...string) []string {
	fields := []string{"version", strconv.FormatInt(t.Version, 10), "first_name", t.FirstName, "last_name", t.LastName, "user_name", t.UserName,
		"email", t.Email, "phone", t.Phone, "role", string(t.Role), "method", string(t.Method)}
	for i := 0; i+1 < len(typed); i += 2 {
		for j := 0; j < len(fields); j += 2 {
			if fields[j] == typed[i] {
				fields[j+1] = typed[i+1]
			}
		}
	}
	return fields
}

func TestSaveSignsOutAndSaysWhere(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	boss, dana := h.signIn(h.add(sallyport.SuperAdmin)), h.add(sallyport.Admin)
	browser := h.signIn(dana)
	h.signIn(dana)
	path := "/admin/technicians/" + string(dana.ID)

	boss.get(path).wants(http.StatusOK, "Nothing: the form says what is stored already. Nobody is signed out.", "Signed in on 2 browsers")
	boss.send(path+"/preview", formOf(dana, "method", "email")...).wants(http.StatusOK,
		"Person is signed out of 2 browsers at once: Firefox on Windows at 192.0.2.7", "first gives a code of the authenticator app in use now once more", "Save and sign out")
	if h.sessions(dana.ID) != 2 {
		t.Fatal("the preview signed somebody out")
	}
	boss.follow(boss.send(path, formOf(dana, "method", "email")...)).wants(http.StatusOK, "Saved. Person was signed out of 2 browsers", "Everything older was refused everywhere after ", "Second factor changed from Authenticator App to Email.")
	if h.sessions(dana.ID) != 0 || browser.get("/admin/technicians").status != http.StatusSeeOther {
		t.Fatal("an older session lets somebody in after Save answered")
	}

	now := h.technician(dana.ID)
	boss.follow(boss.send(path, formOf(now)...)).wants(http.StatusOK, "nothing was saved and nobody was signed out")
	boss.follow(boss.send(path, formOf(now, "first_name", "Dana")...)).wants(http.StatusOK, "Saved. Nobody was signed out.").lacks("Everything older was refused everywhere")
	if after := h.technician(dana.ID); after.Generation != now.Generation || after.FirstName != "Dana" {
		t.Fatal("a new first name is no security change")
	}
}

func TestSaveKeepsWhatWasTyped(t *testing.T) {
	h := newHouse(t)
	boss, dana := h.signIn(h.add(sallyport.SuperAdmin)), h.add(sallyport.Admin)
	path := "/admin/technicians/" + string(dana.ID)
	p := boss.send(path, formOf(dana, "email", "dana@", "phone", "0170", "first_name", "Dana <b>")...).wants(http.StatusUnprocessableEntity)
	if p.field("email") != "dana@" || p.field("phone") != "0170" || p.field("first_name") != "Dana &lt;b&gt;" {
		t.Error("something typed was lost")
	}
	if !strings.Contains(p.body, `id="email-error"`) || !strings.Contains(p.body, `id="phone-error"`) || !strings.Contains(p.body, "<title>Error: ") {
		t.Error("the page does not say at the fields what is wrong")
	}
	boss.get("/admin/technicians/new").wants(http.StatusOK, "Empty: the email address.")
	boss.send(path, formOf(dana, "user_name", "")...).wants(http.StatusUnprocessableEntity, "Please give a user name.").lacks("Empty: the email address.")
	boss.send(path, formOf(dana, "method", "text")...).wants(http.StatusUnprocessableEntity, "SMS Settings have not been proved yet")
	boss.send(path, "version", "abc").wants(http.StatusBadRequest)
	if now := h.technician(dana.ID); now.Version != dana.Version {
		t.Error("a refused Save changed something")
	}
}

// TestStaleSave: the second of two administrators sees both versions, and nothing of his is lost (D10.5).
func TestStaleSave(t *testing.T) {
	h := newHouse(t)
	first, second, dana := h.signIn(h.add(sallyport.SuperAdmin)), h.signIn(h.add(sallyport.Admin)), h.add(sallyport.ReadOnlyTechnician)
	path := "/admin/technicians/" + string(dana.ID)
	first.follow(first.send(path, formOf(dana, "last_name", "Reyes")...)).wants(http.StatusOK, "Saved.")
	second.send(path+"/preview", formOf(dana, "first_name", "Dana")...).wants(http.StatusOK, "Save will be refused: somebody else saved")
	p := second.send(path, formOf(dana, "first_name", "Dana")...).wants(http.StatusConflict, "saved this technician while you were editing", "Last name Reyes")
	if p.field("first_name") != "Dana" || p.field("version") != "2" {
		t.Fatalf("typed %q, version %s", p.field("first_name"), p.field("version"))
	}
	second.follow(second.send(path, formOf(h.technician(dana.ID), "first_name", "Dana")...)).wants(http.StatusOK, "Saved.")
	if now := h.technician(dana.ID); now.FirstName != "Dana" || now.LastName != "Reyes" {
		t.Errorf("an update was lost: %+v", now)
	}
}

// TestOwnSave: who signs himself out gets the answer, then the sign-in page.
func TestOwnSave(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	me := h.add(sallyport.SuperAdmin)
	h.add(sallyport.SuperAdmin)
	b := h.signIn(me)
	path := "/admin/technicians/" + string(me.ID)
	b.send(path, formOf(me, "method", "email")...).wants(http.StatusOK, "Done, and you are signed out", "was signed out of 1 browser", "Go to the sign-in page")
	if p := b.get(path); p.status != http.StatusSeeOther || !strings.HasPrefix(p.at, "/sign-in") {
		t.Errorf("status %d to %q", p.status, p.at)
	}
}

func TestLastSuperAdmin(t *testing.T) {
	h := newHouse(t)
	me := h.add(sallyport.SuperAdmin)
	b := h.signIn(me)
	path := "/admin/technicians/" + string(me.ID)
	b.send(path, formOf(me, "role", "read-only")...).wants(http.StatusConflict, "no Super Admin who can sign in")
	b.send(path+"/deactivate", "reason", "tired").wants(http.StatusConflict, "no Super Admin who can sign in")
	b.send(path+"/delete").wants(http.StatusConflict, "no Super Admin who can sign in")
	b.send(path + "/reset").wants(http.StatusForbidden)
	b.get("/admin/technicians").wants(http.StatusOK, "There is only one Super Admin")
	h.add(sallyport.SuperAdmin, func(p *sallyport.Technician) { p.Status = sallyport.Deactivated })
	b.get("/admin/technicians").wants(http.StatusOK, "There is only one Super Admin")
	late := h.add(sallyport.SuperAdmin, func(p *sallyport.Technician) { p.Status, p.Password = sallyport.Invited, nil })
	again := "/admin/technicians/" + string(late.ID) + "/invitation"
	b.get("/admin/technicians/new").wants(http.StatusOK, "There is only one Super Admin", "does not work any more").link(again)
	b.send(again)
	b.get("/admin/technicians").wants(http.StatusOK).lacks("There is only one Super Admin")
	h.clock.Add(73 * time.Hour)
	b = h.signIn(me)
	b.get("/admin/technicians/new").wants(http.StatusOK, "There is only one Super Admin").link(again)
	h.add(sallyport.SuperAdmin)
	b.get("/admin/technicians").wants(http.StatusOK).lacks("There is only one Super Admin")
}

// TestStepUp: a proof that is too old is asked for again, and what was typed comes back; secrets do not.
func TestStepUp(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	me, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	b, other := h.signIn(me), h.signIn(h.add(sallyport.SuperAdmin))
	path := "/admin/technicians/" + string(dana.ID)
	h.clock.Add(16 * time.Minute)
	b.send(path+"/preview", formOf(dana, "method", "email")...).wants(http.StatusOK, "Before it is saved, you are asked once more who you are.")
	p := b.send(path, formOf(dana, "method", "email", "first_name", "Dana")...)
	back, ok := strings.CutPrefix(p.at, "/confirm?return=%2Fadmin%2Fresume%2F")
	if p.status != http.StatusSeeOther || !ok {
		t.Fatalf("status %d to %q", p.status, p.at)
	}
	other.get("/admin/resume/" + back).wants(http.StatusGone)
	b.get("/admin/resume/"+back).wants(http.StatusOK, "Your change is not saved yet", "Before it is saved, you are asked once more who you are.").lacks("Confirmed")

	b = h.signIn(me) // the proof was given: a new token
	page := b.get("/admin/resume/"+back).wants(http.StatusOK, "Confirmed. Your change is not saved yet", "Edit Technician: Person 2", "Method Email")
	if h.technician(dana.ID).Method != sallyport.MethodApp {
		t.Fatal("saved without a press of Save")
	}
	b.follow(b.send(path, "version", page.field("version"), "first_name", page.field("first_name"), "last_name", page.field("last_name"), "user_name", page.field("user_name"),
		"email", page.field("email"), "phone", page.field("phone"), "role", page.field("role"), "method", page.field("method"))).wants(http.StatusOK, "Saved.")
	if now := h.technician(dana.ID); now.Method != sallyport.MethodEmail || now.FirstName != "Dana" {
		t.Errorf("%+v", now)
	}

	h.clock.Add(16 * time.Minute)
	p = b.send(path+"/delete", "reason", "left")
	h.signIn(me).get(strings.TrimPrefix(strings.ReplaceAll(p.at, "%2F", "/"), "/confirm?return=")).wants(http.StatusOK, "Delete: Dana 2", "Reason left", "Delete for good")
	p = b.send("/admin/email", "kind", "smtp", "host", "mail.northwind.example", "port", "587", "tls", "starttls", "user", "u", "password", "correct horse", "sender", "it@northwind.example")
	b.follow(p)
	page = h.signIn(me).get(strings.TrimPrefix(strings.ReplaceAll(p.at, "%2F", "/"), "/confirm?return=")).wants(http.StatusOK, "mail.northwind.example", "asked again for: Password")
	page.lacks("correct horse")
}

// A new secret that was typed before the proof is asked for again after it: the one that is stored does not stay in its
// place without a word.
func TestNewSecretIsNotLostAtTheProof(t *testing.T) {
	h := newHouse(t)
	me := h.add(sallyport.SuperAdmin)
	b := h.signIn(me)
	b.follow(b.send("/admin/email", smtpForm...)).wants(http.StatusOK, "Saved as a draft.")
	h.clock.Add(16 * time.Minute)
	p := b.send("/admin/email", with(smtpForm, "password", "battery staple")...)
	b = h.signIn(me)
	page := b.get(strings.TrimPrefix(strings.ReplaceAll(p.at, "%2F", "/"), "/confirm?return=")).wants(http.StatusOK, "asked again for: Password").lacks("battery staple")
	var form []string
	for _, hidden := range regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`).FindAllStringSubmatch(page.body, -1) {
		form = append(form, hidden[1], html.UnescapeString(hidden[2]))
	}
	b.send("/admin/email", form...).wants(http.StatusUnprocessableEntity, "Please type this again")
	b.follow(b.send("/admin/email", append(form, "password", "battery staple")...)).wants(http.StatusOK, "Saved as a draft.")
}

func TestAddAndInvite(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	b.get("/admin/technicians/new").wants(http.StatusOK, "Email Settings are not proved yet, so the next page shows its link once")
	form := []string{"first_name", "Noor", "last_name", "Haddad", "user_name", "", "email", "noor@northwind.example", "phone", "", "role", "admin", "method", "app"}
	p := b.send("/admin/technicians/new", form...).wants(http.StatusOK, public+"/invitation/", "It is shown this once.", "Go to Noor Haddad")
	if !strings.Contains(p.header.Get("Cache-Control"), "no-store") {
		t.Error("a page with a link may be kept by the browser")
	}
	b.send("/admin/technicians/new", form...).wants(http.StatusUnprocessableEntity)
	b.get("/admin/invitations").wants(http.StatusOK, "Noor Haddad", "in 3 days")
	path := strings.TrimSuffix(b.get("/admin/technicians?q=noor").link("/invitation"), "/invitation")
	noor := h.technician(sallyport.TechnicianID(strings.TrimPrefix(path, "/admin/technicians/")))
	b.send(path, formOf(noor, "role", "read-only")...).wants(http.StatusOK, "Saved; the invitation is a new one", public+"/invitation/", "Works until")
	h.prove(sallyport.ChannelEmail)
	form[7] = "olga@northwind.example"
	b.follow(b.send("/admin/technicians/new", form...)).wants(http.StatusOK, "Noor was added. The invitation is on its way to olga@northwind.example.")
	p = b.get("/admin/technicians?q=olga").wants(http.StatusOK, "Noor Haddad", "1 of 3", "Resend invitation")
	b.follow(b.send(p.link("/invitation"))).wants(http.StatusOK, "The invitation is on its way to olga@northwind.example.")
}

// TestResetShowsTheCodeOnce: the enrolment code is shown, large, and stands nowhere afterwards.
func TestResetShowsTheCodeOnce(t *testing.T) {
	h := newHouse(t)
	b, dana := h.signIn(h.add(sallyport.SuperAdmin)), h.add(sallyport.Admin)
	h.signIn(dana)
	path := "/admin/technicians/" + string(dana.ID)
	b.get(path+"/reset").wants(http.StatusOK, "Person is signed out of 1 browser at once", "call back on a number you know")
	p := b.send(path+"/reset", "reason", "phone in the sea").wants(http.StatusOK, "Read out this code", "was signed out of 1 browser", "Works until 2 Mar 2026, 10:00 UTC")
	code := p.body[strings.Index(p.body, `aria-labelledby="secret-label">`)+len(`aria-labelledby="secret-label">`):]
	code, _, _ = strings.Cut(code, "<")
	if len(code) != 9 || code[4] != '-' {
		t.Fatalf("the code is %q", code)
	}
	if !strings.Contains(p.header.Get("Cache-Control"), "no-store") {
		t.Error("the page may be kept by the browser")
	}
	for _, at := range []string{path, "/admin/technicians", "/admin/audit", "/admin/audit.csv"} {
		b.get(at).lacks(code)
	}
	b.get("/admin/audit?technician="+string(dana.ID)).wants(http.StatusOK, "phone in the sea")
}

// TestSetUpOpenedAgainShowsACode: after a reset the sign-in asks for an enrolment code, so opening the set-up again shows one.
func TestSetUpOpenedAgainShowsACode(t *testing.T) {
	h := newHouse(t)
	admin, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	path := "/admin/technicians/" + string(dana.ID)
	h.signIn(admin).send(path+"/reset", "reason", "phone in the sea").wants(http.StatusOK, "Read out this code")
	h.clock.Add(73 * time.Hour)
	b := h.signIn(admin)
	b.get(path+"/set-up").wants(http.StatusOK, "Nobody is signed out.", "shows a fresh enrolment code", "call back on a number you know")
	b.send(path+"/set-up").wants(http.StatusOK, "Read out this code", "The set-up is open until 8 Mar 2026", "Read this code out to Person")
}

func TestActsOfTheMenu(t *testing.T) {
	h := newHouse(t)
	b, dana := h.signIn(h.add(sallyport.SuperAdmin)), h.add(sallyport.Admin)
	theirs := h.signIn(dana)
	path := "/admin/technicians/" + string(dana.ID)
	b.follow(b.send(path+"/sign-out")).wants(http.StatusOK, "Person was signed out of 1 browser: Firefox on Windows at 192.0.2.7.")
	if theirs.get("/admin").status != http.StatusSeeOther {
		t.Error("still in")
	}
	b.follow(b.send(path+"/deactivate", "reason", "left")).wants(http.StatusOK, "Deactivated. Person was signed in nowhere", "Undo: activate")
	b.send(path+"/deactivate", "reason", "left").wants(http.StatusConflict)
	b.follow(b.send(path+"/activate")).wants(http.StatusOK, "Activated.")
	b.follow(b.send(path+"/delete")).wants(http.StatusOK, "Person 2 was deleted.")
	b.follow(b.get(path)).wants(http.StatusOK, "This technician was deleted.", "Only what was done to "+dana.UserName+".", "Technician: deleted")
	b.get("/admin/technicians/never").wants(http.StatusNotFound)
	b.follow(b.send(path+"/delete")).wants(http.StatusOK, "That technician had been deleted already.") // pressed twice
}

// TestAnswersAreTheirOwners: what an act led to is shown to who did it, and text never comes from the address.
func TestAnswersAreTheirOwners(t *testing.T) {
	h := newHouse(t)
	mine, yours := h.signIn(h.add(sallyport.SuperAdmin)), h.signIn(h.add(sallyport.SuperAdmin))
	dana := h.add(sallyport.Admin)
	p := mine.send("/admin/technicians/" + string(dana.ID) + "/sign-out")
	mine.get(p.at).wants(http.StatusOK, "was signed in nowhere; whatever was begun before is dead.")
	if strings.Contains(yours.get(p.at).words(), "was signed in nowhere; whatever") {
		t.Error("somebody else's answer is shown")
	}
	mine.get("/admin/technicians?answer=You+won+a+prize").lacks("won a prize")
	h.clock.Add(11 * time.Minute)
	if strings.Contains(mine.get(p.at).words(), "was signed in nowhere; whatever") {
		t.Error("the answer is shown for ever")
	}
}

// TestNotices: a rescue stands on every Super Admin's page until he acknowledges it.
func TestNotices(t *testing.T) {
	h := newHouse(t)
	one, two, admin := h.signIn(h.add(sallyport.SuperAdmin)), h.signIn(h.add(sallyport.SuperAdmin)), h.signIn(h.add(sallyport.Admin))
	h.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertNotice(ctx, sallyport.Notice{ID: "n1", Type: "rescue.issued", Text: "A rescue link for mara was printed.", CreatedAt: h.clock.Now()})
	})
	one.get("/admin/audit").wants(http.StatusOK, "A rescue link for mara was printed.")
	one.follow(one.send("/admin/notices/n1")).wants(http.StatusOK, "Acknowledged.").lacks("A rescue link for mara")
	two.get("/admin/sessions").wants(http.StatusOK, "A rescue link for mara was printed.")
	admin.get("/admin/sessions").wants(http.StatusOK).lacks("A rescue link for mara")
}
