package console_test

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
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
	p := b.finished(at).wants(http.StatusOK, "Done: 1 saved, 1 session ended, 1 refused, 1 left out.", "Signed out of 1 browser: Firefox on Windows at 192.0.2.7.", "left out", "needs a phone number")
	if words := p.words(); strings.Index(words, "refused Text Message needs a phone number") > strings.Index(words, "saved Signed out of 1 browser: Firefox on Windows at 192.0.2.7.") {
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

// TestChoiceIsSavedOnce: whoever goes back after Save and chooses another method is told that nothing comes of it, and is
// not shown a preview of it.
func TestChoiceIsSavedOnce(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	b, dana := h.signIn(h.add(sallyport.SuperAdmin)), h.add(sallyport.Admin)
	at := b.send("/admin/rollouts", "id", string(dana.ID)).at
	b.send(at, "method", "email")
	b.finished(at).wants(http.StatusOK, "Done: 1 saved").lacks("Nothing was saved now")
	for _, path := range []string{at, at + "/preview"} {
		b.follow(b.send(path, "method", "app")).wants(http.StatusOK, "Email for 1 technician", "Nothing was saved now: Save was pressed before, with Email,", "Done: 1 saved")
		b.follow(b.send(path, "method", "email")).wants(http.StatusOK, "Done: 1 saved").lacks("Nothing was saved now") // pressed twice
	}
	if h.technician(dana.ID).Method != sallyport.MethodEmail {
		t.Error("saved twice")
	}
}

// TestDeletedWhileChosen: who is deleted before or after the preview is refused, under his name where it is known, with no
// link to a page that is gone; everybody who was chosen is counted.
func TestDeletedWhileChosen(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	dana, early, late := h.add(sallyport.Admin), h.add(sallyport.Admin), h.add(sallyport.Admin)
	same := h.add(sallyport.Admin, func(p *sallyport.Technician) { p.Method = sallyport.MethodEmail })
	at := b.send("/admin/rollouts", "id", string(dana.ID), "id", string(early.ID), "id", string(late.ID), "id", string(same.ID)).at
	b.send("/admin/technicians/" + string(early.ID) + "/delete")
	b.send(at+"/preview", "method", "email").wants(http.StatusOK, "Cannot be saved: Deleted meanwhile (1) Deleted technician", "Save for 2 technicians")
	b.send("/admin/technicians/" + string(late.ID) + "/delete")
	b.send(at, "method", "email")
	p := b.finished(at).wants(http.StatusOK, "Done: 1 saved, 0 sessions ended, 2 refused, 1 unchanged.", "4 of 4", "Deleted technician refused Deleted meanwhile.")
	for _, gone := range []sallyport.Technician{early, late} {
		p.lacks("/admin/technicians/" + string(gone.ID))
	}
	p.link("/admin/technicians/" + string(dana.ID))
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
	if p := b.send(at, "method", "email"); p.at != at {
		t.Errorf("status %d to %q", p.status, p.at)
	}
	b.finished(at).wants(http.StatusOK, "Done: 1 saved")
}

// TestUnreadableChoiceChoosesNobody: a filter that this version does not know is not everybody.
func TestUnreadableChoiceChoosesNobody(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	for _, all := range []string{"", "role=king", "method=pigeon", "team=berlin", "role=admin&role=king", "status=gone&q=dana", "%zz"} {
		b.send("/admin/rollouts", "all", all).wants(http.StatusBadRequest)
	}
	if p := b.send("/admin/rollouts", "all", "sort=-last&role=super-admin&setup=yes"); p.status != http.StatusSeeOther {
		t.Errorf("status %d", p.status)
	}
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
	for range 2000 { // somebody who looks at the head alone sees no link
		if !strings.Contains(b.do(httptest.NewRequest(http.MethodHead, at, http.NoBody)).body, `data-poll`) {
			break
		}
	}
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
	same := b.send("/admin/rollouts", "id", string(me.ID)).at
	if p := b.send(same, "method", "app"); p.at != same {
		t.Errorf("nothing changes, and yet: status %d to %q", p.status, p.at)
	}
	b.finished(same).wants(http.StatusOK, "Has this method already.")
	at := b.send("/admin/rollouts", "id", string(me.ID)).at
	b.send(at+"/preview", "method", "email").wants(http.StatusOK, "Save for 1 technician", "This signs you out, too (1) Person 1")
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
	good := "first_name,email,role\nDana,dana@northwind.example,admin\n\"=Ilya \"\"I\"\"\",ilya@northwind.example,read-only\n"
	p := b.upload(good).wants(http.StatusOK, "2 technicians will be added", "Authenticator App", "the next page shows the invitation links once")
	csv := strings.NewReplacer("&#34;", `"`, "&#43;", "+").Replace(p.field("csv"))
	added := b.send("/admin/technicians/import", "csv", csv).wants(http.StatusOK, "2 technicians were added.", public+"/invitation/")
	_, file, _ := strings.Cut(added.body, `href="data:text/csv;charset=utf-8,`)
	file, _, _ = strings.Cut(file, `"`)
	if file, err := url.PathUnescape(file); err != nil || strings.Count(file, "\r\n") != 3 || strings.Count(file, public+"/invitation/") != 2 ||
		!strings.Contains(file, "\r\n\"'=Ilya \"\"I\"\"\",ilya@northwind.example,ilya@northwind.example,"+public) {
		t.Errorf("the file of the links: %q, %v", file, err)
	}
	b.get("/admin/invitations").wants(http.StatusOK, "Dana", `=Ilya "I"`)
	b.send("/admin/technicians/import", "csv", csv).wants(http.StatusUnprocessableEntity, "Nothing was imported")
	if p := b.send("/admin/technicians/import", "csv", ""); !strings.Contains(p.body, `id="csv"`) || p.status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", p.status)
	}
	h.prove(sallyport.ChannelEmail)
	b.upload("email,role\nnew@northwind.example,admin").wants(http.StatusOK, "Each gets an invitation by email.")
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
	if !strings.Contains(p.body, `name="all" value="sort=name"`) || !strings.Contains(b.get("/admin/technicians").body, `name="all" value="everybody"`) {
		t.Error("the button for all of them chooses others")
	}
	if len(p.body) > 200_000 {
		t.Errorf("a page of 50 rows has %d bytes", len(p.body))
	}
	b.get(fmt.Sprint("/admin/technicians?sort=name&page=", last)).wants(http.StatusOK, fmt.Sprintf("%d–%d of %d", last*50-49, crowd, crowd), fmt.Sprintf("Many%04d", crowd-2))
	b.get(fmt.Sprint("/admin/technicians?sort=name&page=", last+1)).wants(http.StatusOK, "There is no such page")
	b.get("/admin/technicians?q=many0042").wants(http.StatusOK, fmt.Sprintf("1 of %d", crowd), "Many0042")
	b.get("/admin/technicians?q=%25").wants(http.StatusOK, "Nobody matches")
	if p := b.get("/admin/technicians?method=off&page=2"); !strings.Contains(p.body, `name="all" value="method=off"`) {
		t.Error("the button for all who match chooses others")
	}
	b.get("/admin/technicians?method=app").wants(http.StatusOK, fmt.Sprintf("1 of %d", crowd), "Person 1")
	b.get("/admin/technicians?page=-1&sort=nonsense&method=x&role=y").wants(http.StatusOK, fmt.Sprintf("1–50 of %d", crowd))
	at := b.send("/admin/rollouts", "all", "everybody").at
	b.get(at).wants(http.StatusOK, fmt.Sprintf("Two Factor Authentication for %d technicians", crowd))
	at = b.send("/admin/rollouts", "all", "q=many00&sort=name").at
	b.send(at+"/preview", "method", "app").wants(http.StatusOK, "Save for 100 technicians", "Many0000", "and 70 more")
}

// TestImportKeepsWhatWasTyped, shows so many lines and says how many more there are, and takes a file of 1 MB either way.
func TestImportKeepsWhatWasTyped(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	lines := func(n int, role string) string {
		var s strings.Builder
		s.WriteString("email,role\n")
		for i := range n {
			fmt.Fprintf(&s, "many%d@northwind.example,%s\n", i, role)
		}
		return s.String()
	}
	b.upload(lines(201, "admin")).wants(http.StatusOK, "201 technicians will be added", "and 1 more")
	p := b.upload(lines(2, "king")).wants(http.StatusUnprocessableEntity, "2 lines need mending")
	if !strings.Contains(p.body, "many1@northwind.example,king\n</textarea>") {
		t.Error("the text is lost")
	}
	if p := b.upload(lines(300, "king")); !strings.Contains(p.words(), " more ") || p.status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", p.status)
	}
	for _, p := range []page{b.upload("email,rank\nilya@northwind.example,admin"), b.send("/admin/technicians/import", "csv", "email,rank\nilya@northwind.example,admin")} {
		if !strings.Contains(p.body, "ilya@northwind.example,admin</textarea>") || p.status != http.StatusUnprocessableEntity {
			t.Errorf("status %d, or the text is lost", p.status)
		}
	}
	const heading = "email,role\n"
	big := heading + strings.Repeat(",", 1<<20-len(heading)-1) + "\n" // three bytes each, on the way
	for _, p := range []page{b.upload(big), b.send("/admin/technicians/import", "csv", big)} {
		if p.status != http.StatusUnprocessableEntity {
			t.Errorf("a file of 1 MB: status %d", p.status)
		}
	}
	b.upload(strings.Repeat(",", 20_000) + "\n").wants(http.StatusUnprocessableEntity) // as many columns without a name
	b.upload(big + strings.Repeat(",", 70<<10)).wants(http.StatusRequestEntityTooLarge)
}

// TestChoiceOfATeam: who is chosen by the filter, what the page shows of the choice, and that nothing can be saved which would
// change nobody.
func TestChoiceOfATeam(t *testing.T) {
	h := newHouse(t)
	me := h.add(sallyport.SuperAdmin)
	b := h.signIn(me)
	h.add(sallyport.Admin)
	h.add(sallyport.ReadOnlyTechnician)
	b.get(b.send("/admin/rollouts", "all", "everybody").at).wants(http.StatusOK, "for 3 technicians")
	b.get(b.send("/admin/rollouts", "all", "role=admin", "id", string(me.ID)).at).wants(http.StatusOK, "for 1 technician")
	b.send("/admin/rollouts", "all", "%zz").wants(http.StatusBadRequest)
	at := b.send("/admin/rollouts", "all", "role=admin").at
	p := b.send(at+"/preview", "method", "app").wants(http.StatusOK, "Have Authenticator App already: nothing happens (1)").lacks("Save for")
	if !strings.Contains(p.body, `value="app" id="method-app" checked`) {
		t.Error("the choice is lost")
	}
	for _, path := range []string{at, at + "/preview"} {
		if p := b.send(path, "method", "pigeon").wants(http.StatusUnprocessableEntity, "Please choose a method."); !strings.Contains(p.body, `id="method-error"`) {
			t.Error("the field does not say what is wrong")
		}
	}
	b.send(at+"/preview", "method", "text").wants(http.StatusOK).lacks("Save for")
	h.prove(sallyport.ChannelSMS)
	at = b.send("/admin/rollouts", "id", string(h.add(sallyport.Admin, func(p *sallyport.Technician) { p.Phone = "+14255550100" }).ID)).at
	b.send(at+"/preview", "method", "text").wants(http.StatusOK, "Save for 1 technician", "Email Settings are not proved: nobody is told by email (1)")
}

// TestPreviewOfATeam: it says of everybody whether he is signed out, one warning of all whom it is about, and warns of nothing
// that is not done.
func TestPreviewOfATeam(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	h.write(func(ctx context.Context, tx *store.Tx) error {
		s, err := tx.Settings(ctx)
		s.PermitOff = true
		if err != nil {
			return err
		}
		return tx.PutSettings(ctx, s)
	})
	h.signIn(h.add(sallyport.Admin))
	h.signIn(h.add(sallyport.Admin))
	h.add(sallyport.Admin)
	h.add(sallyport.Admin, func(p *sallyport.Technician) { p.Status, p.Password = sallyport.Invited, nil })
	at := b.send("/admin/rollouts", "all", "everybody").at
	b.send(at+"/preview", "method", "off").wants(http.StatusOK, "Signed out at once, nothing to set up for Off (2) Person 2 , Person 3",
		"Signed in nowhere now, nothing to set up for Off (1) Person 4", "Not in yet: a fresh invitation takes the place of the one before (1) Person 5",
		"Email Settings are not proved: nobody is told by email (4)").lacks("This signs you out")
	b.send(at+"/preview", "method", "text").wants(http.StatusOK, "Cannot be saved: SMS Settings have not been proved yet").lacks("The code of the set-up", "told by email")
}

// TestTeamOfAServerThatStops: whoever was not begun is left as he was, and his row says so.
func TestTeamOfAServerThatStops(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelEmail)
	b, dana := h.signIn(h.add(sallyport.SuperAdmin)), h.add(sallyport.Admin)
	at := b.send("/admin/rollouts", "id", string(dana.ID)).at
	for _, c := range h.consoles {
		c.Close()
	}
	b.send(at, "method", "email")
	b.finished(at).wants(http.StatusOK, "Done: 0 saved, 0 sessions ended, 1 refused.", "Not begun: Sallyport was stopped.")
	if h.technician(dana.ID).Method != sallyport.MethodApp {
		t.Error("saved by a server that stops")
	}
}

// TestResultsOfATeam: a hundred to a page, those first who need somebody's hand, and then those who were left out.
func TestResultsOfATeam(t *testing.T) {
	h := newHouse(t)
	h.prove(sallyport.ChannelSMS)
	me := h.add(sallyport.SuperAdmin)
	h.add(sallyport.SuperAdmin)
	b := h.signIn(me)
	ids := []string{"id", string(me.ID)}
	for i := range 101 {
		who := h.add(sallyport.Admin, func(p *sallyport.Technician) {
			p.Phone = "+14255550100"
			switch i {
			case 50:
				p.Phone = ""
			case 51:
				p.Method = sallyport.MethodText
			}
		})
		ids = append(ids, "id", string(who.ID))
	}
	at := b.send("/admin/rollouts", ids...).at
	b.send(at, "method", "text")
	p := b.finished(at).wants(http.StatusOK, "Done: 99 saved, 0 sessions ended, 1 refused, 1 unchanged, 1 left out.", "Text Message for 102 technicians", "1–100 of 102", "saved Was signed in nowhere. ")
	words := p.words()
	if refused, left, saved := strings.Index(words, " refused Text Message"), strings.Index(words, " left out "), strings.Index(words, " saved Was"); refused > left || left > saved || refused < 0 {
		t.Errorf("refused at %d, left out at %d, saved at %d", refused, left, saved)
	}
	b.get(at+"?page=2").wants(http.StatusOK, "101–102 of 102")
	b.get(at+"?page=9").wants(http.StatusOK, "Done: 99 saved")
}
