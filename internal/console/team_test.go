package console_test

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/identity"
	"sallyport/internal/store"
)

// finished loads a roll-out's page until it says that it is done.
func (b *browser) finished(path string) page {
	b.t.Helper()
	for range 2000 {
		if p := b.get(path); p.status != http.StatusOK || !strings.Contains(p.body, `data-poll`) {
			return p
		}
	}
	b.t.Fatal("the roll-out does not end")
	return page{}
}

func TestWholeTeamAtOnce(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelSMS)
	me := h.add(sallyport.SuperAdmin)
	h.add(sallyport.SuperAdmin)
	b := h.signIn(me)
	phone := h.add(sallyport.Admin, func(p *sallyport.Technician) { p.Phone = "+14255550100" })
	h.signIn(phone)
	none := h.add(sallyport.Admin)

	b.follow(b.send("/admin/rollouts")).wants(http.StatusOK, "Nobody was ticked.")
	at := b.send("/admin/rollouts", "id", string(me.ID), "id", string(phone.ID), "id", string(none.ID)).at
	b.get(at).wants(http.StatusOK, "Two Factor Authentication for 3 technicians", "Email Settings have not been proved yet")
	b.send(at+"/preview", "method", "").wants(http.StatusUnprocessableEntity, "Please choose a method.")
	b.send(at+"/preview", "method", "text").wants(http.StatusOK, "Signed out at once, set up Text Message at the next sign-in (1)", "Left out: That is you.", "Cannot be saved: Text Message needs a phone number.", "Save for 1 technician")
	if h.sessions(phone.ID) != 1 {
		t.Fatal("the preview signed somebody out")
	}
	if p := b.send(at, "method", "text"); p.at != at {
		t.Fatalf("status %d to %q", p.status, p.at)
	}
	p := b.finished(at).wants(http.StatusOK, "Done: 1 saved, 1 session ended, 1 refused.", "Signed out of 1 browser.", "left out", "needs a phone number")
	if words := p.words(); strings.Index(words, "refused Text Message needs a phone number") > strings.Index(words, "saved Signed out of 1 browser.") {
		t.Error("who was refused does not come first")
	}
	b.get(at).wants(http.StatusOK, "Done: 1 saved")
	if h.technician(phone.ID).Method != sallyport.MethodText || h.technician(me.ID).Method != sallyport.MethodApp || h.sessions(phone.ID) != 0 {
		t.Error("saved wrongly")
	}
	before := h.technician(phone.ID).Version
	b.send(at, "method", "app") // a second Save of the same choice
	b.finished(at)
	if h.technician(phone.ID).Version != before {
		t.Error("one choice was saved twice")
	}
	h.signIn(h.add(sallyport.Admin)).get(at).wants(http.StatusGone)
}

func TestWholeTeamAsksForAProof(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	me, dana := h.add(sallyport.SuperAdmin), h.add(sallyport.Admin)
	b := h.signIn(me)
	h.clock.Add(16 * time.Minute)
	at := b.send("/admin/rollouts", "all", "role=admin").at
	b.get(at).wants(http.StatusOK, "for 1 technician")
	b.send(at+"/preview", "method", "email").wants(http.StatusOK, "Save for 1 technician", "you are asked once more who you are")
	b.send(at+"/preview", "method", "app").wants(http.StatusOK, "nothing happens").lacks("asked once more")
	if p := b.send(at, "method", "email"); !strings.HasPrefix(p.at, "/confirm?return=") {
		t.Fatalf("status %d to %q", p.status, p.at)
	}
	if h.technician(dana.ID).Method != sallyport.MethodApp {
		t.Fatal("saved without a proof")
	}
	b = h.signIn(me)
	b.send(at+"/preview", "method", "email").wants(http.StatusOK, "Save for 1 technician").lacks("asked once more")
	b.send(at, "method", "email")
	b.finished(at).wants(http.StatusOK, "Done: 1 saved")
}

// TestLinksOfATeamAreShownOnce: without Email Settings the fresh invitations are handed over, and then forgotten.
func TestLinksOfATeamAreShownOnce(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelSMS)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	guest := h.add(sallyport.Admin, func(p *sallyport.Technician) {
		p.Status, p.Password, p.Phone = sallyport.Invited, nil, "+14255550100"
	})
	at := b.send("/admin/rollouts", "id", string(guest.ID)).at
	b.send(at, "method", "text")
	b.finished(at).wants(http.StatusOK, "Done: 1 saved", public+"/invitation/")
	b.get(at).wants(http.StatusOK, "Done: 1 saved", "shown once").lacks("/invitation/")
}

// TestAloneInTheTeam: who is ticked alone changes himself, and gets the answer before the sign-in page.
func TestAloneInTheTeam(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	me := h.add(sallyport.SuperAdmin)
	h.add(sallyport.SuperAdmin)
	b := h.signIn(me)
	at := b.send("/admin/rollouts", "id", string(me.ID)).at
	b.send(at+"/preview", "method", "email").wants(http.StatusOK, "Save for 1 technician")
	b.send(at, "method", "email").wants(http.StatusOK, "Done, and you are signed out", "Person 1 was signed out of 1 browser")
	if b.get(at).status != http.StatusSeeOther || h.technician(me.ID).Method != sallyport.MethodEmail {
		t.Error("not saved, or still in")
	}
}

// upload sends a file as the import page does.
func (b *browser) upload(text string) page {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("file", "team.csv")
	if err == nil {
		_, err = part.Write([]byte(text))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/admin/technicians/import/preview", &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return b.do(r)
}

func TestImport(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	bad := "first_name,email,role\nDana,dana@,admin\nIlya,ilya@northwind.example,king\nOlga,olga@northwind.example,admin\n"
	b.upload(bad).wants(http.StatusUnprocessableEntity, "Nothing was imported: 2 lines need mending.", "2 email", "3 role")
	b.upload("first_name,email,role\nDana,dana@,king\n").wants(http.StatusUnprocessableEntity, "Nothing was imported: 1 line needs mending.", "2 email", "2 role")
	b.upload("").wants(http.StatusUnprocessableEntity, "This file is empty.")
	good := "first_name,email,role\nDana,dana@northwind.example,admin\n\"Ilya \"\"I\"\"\",ilya@northwind.example,read-only\n"
	p := b.upload(good).wants(http.StatusOK, "2 technicians will be added", "Authenticator App", "the next page shows the invitation links once")
	csv := strings.NewReplacer("&#34;", `"`, "&#43;", "+").Replace(p.field("csv"))
	b.send("/admin/technicians/import", "csv", csv).wants(http.StatusOK, "2 technicians were added.", public+"/invitation/")
	b.get("/admin/invitations").wants(http.StatusOK, "Dana", `Ilya "I"`)
	b.send("/admin/technicians/import", "csv", csv).wants(http.StatusUnprocessableEntity, "Nothing was imported")
	h.prove(sallyport.ChannelEmail)
	b.follow(b.send("/admin/technicians/import", "csv", "email,role\nnew@northwind.example,admin")).wants(http.StatusOK, "1 technician was added. The invitations are on their way.")
}

// TestCrowd: with 5,000 technicians the list pages, sorts and filters on the server, and a page stays small.
func TestCrowd(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	h.write(func(ctx context.Context, tx *store.Tx) error {
		for i := range crowd - 1 {
			name := fmt.Sprintf("many%04d@northwind.example", i)
			display, key, skeleton, err := identity.UserName(name)
			if err != nil {
				return err
			}
			if err := tx.InsertTechnician(ctx, sallyport.Technician{ID: sallyport.TechnicianID(sallyport.NewID()), FirstName: fmt.Sprintf("Many%04d", i), UserName: display,
				UserNameKey: key, Skeleton: skeleton, Email: name, Role: sallyport.ReadOnlyTechnician, Status: sallyport.Active, Method: sallyport.MethodOff, Generation: 1, Version: 1, CreatedAt: h.clock.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
	last := (crowd + 49) / 50
	p := b.get("/admin/technicians?sort=name").wants(http.StatusOK, fmt.Sprintf("1–50 of %d", crowd), "Many0000", fmt.Sprintf("or for all %d that match", crowd))
	if len(p.body) > 200_000 {
		t.Errorf("a page of 50 rows has %d bytes", len(p.body))
	}
	b.get(fmt.Sprint("/admin/technicians?sort=name&page=", last)).wants(http.StatusOK, fmt.Sprintf("%d–%d of %d", last*50-49, crowd, crowd), fmt.Sprintf("Many%04d", crowd-2))
	b.get(fmt.Sprint("/admin/technicians?sort=name&page=", last+1)).wants(http.StatusOK, "There is no such page")
	b.get("/admin/technicians?q=many0042").wants(http.StatusOK, fmt.Sprintf("1 of %d", crowd), "Many0042")
	b.get("/admin/technicians?q=%25").wants(http.StatusOK, "Nobody matches")
	b.get("/admin/technicians?method=app").wants(http.StatusOK, fmt.Sprintf("1 of %d", crowd), "Person 1")
	b.get("/admin/technicians?page=-1&sort=nonsense&method=x&role=y").wants(http.StatusOK, fmt.Sprintf("1–50 of %d", crowd))
	at := b.send("/admin/rollouts", "all", "everybody").at
	b.get(at).wants(http.StatusOK, fmt.Sprintf("Two Factor Authentication for %d technicians", crowd))
	at = b.send("/admin/rollouts", "all", "q=many00&sort=name").at
	b.send(at+"/preview", "method", "app").wants(http.StatusOK, "Save for 100 technicians", "Many0000", "and 70 more")
}
