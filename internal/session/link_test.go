package session_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/login"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

func (w *world) link(kind sallyport.LinkKind, t sallyport.Technician) sallyport.Token {
	w.t.Helper()
	token := sallyport.NewToken()
	hash, _ := token.Hash()
	w.write(func(tx *store.Tx) error {
		return tx.InsertLink(ctx, sallyport.Link{Hash: hash, Kind: kind, Technician: t.ID, Generation: t.Generation,
			CreatedAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(time.Hour)})
	})
	return token
}

const newPassword = "quiet lantern 9 under maple"

func TestSetupMakesTheFirstSuperAdmin(t *testing.T) {
	w := newWorld(t)
	token := w.link(sallyport.LinkSetup, sallyport.Technician{})
	form := session.LinkForm{Password: newPassword, FirstName: "Mara", LastName: "Voss", Email: "mara@northwind.example"}
	page, err := w.reach(w.s.CompleteLink(ctx, sallyport.LinkSetup, token, form, browser))
	if err != nil || page.Page.Step != (login.Step{Kind: login.Enrol, Method: sallyport.MethodApp}) || page.Page.Secret == "" {
		t.Fatalf("%v %+v", err, page.Page)
	}
	if _, err := w.s.Link(ctx, sallyport.LinkSetup, token); err != nil {
		t.Errorf("an unfinished set-up spent the link: %v", err)
	}
	w.clock.Advance(30*time.Minute - time.Second) // as long as any enrolment may take
	out := w.mustAnswer(page.SignIn, session.AnswerCode, w.digits(page.Page.Secret, 0))
	if !w.usable(out.Session) || len(out.RecoveryCodes) != 10 || out.RecoveryLeft != 10 || out.FewRecovery {
		t.Fatalf("outcome %+v", out)
	}
	_, mara, err := w.s.Actor(ctx, out.Session, browser)
	if err != nil || mara.Role != sallyport.SuperAdmin || mara.UserName != "mara@northwind.example" {
		t.Fatalf("%v %+v", err, mara)
	}
	if _, err := w.s.Link(ctx, sallyport.LinkSetup, token); err == nil {
		t.Error("set-up opens again")
	}
}

// TestFirstNeedsNoName: the page says that the names of the first Super Admin may stay empty, as those of everybody else may.
func TestFirstNeedsNoName(t *testing.T) {
	w := newWorld(t)
	form := session.LinkForm{Password: newPassword, FirstName: " ", Email: "mara@northwind.example"}
	page, err := w.reach(w.s.CompleteLink(ctx, sallyport.LinkSetup, w.link(sallyport.LinkSetup, sallyport.Technician{}), form, browser))
	if err != nil {
		t.Fatal(err)
	}
	out := w.mustAnswer(page.SignIn, session.AnswerCode, w.digits(page.Page.Secret, 0))
	if _, mara, err := w.s.Actor(ctx, out.Session, browser); err != nil || mara.Name() != "mara@northwind.example" {
		t.Errorf("called %q, %v", mara.Name(), err)
	}
}

// TestD10_10: the set-up is opened twenty times, by two links, and a hundred right answers come at once; one Super Admin comes
// of it, and everybody else is told that it is over, as are those who open a link after that.
func TestD10_10(t *testing.T) {
	w := newWorld(t)
	links := []sallyport.Token{w.link(sallyport.LinkSetup, sallyport.Technician{}), w.link(sallyport.LinkSetup, sallyport.Technician{})}
	open := func(i int) (reached, error) {
		return w.reach(w.either().CompleteLink(ctx, sallyport.LinkSetup, links[i%2], session.LinkForm{Password: newPassword, FirstName: "Mara",
			LastName: "Voss", Email: "mara" + strings.ToLower(sallyport.NewID()) + "@northwind.example"}, browser))
	}
	type entry struct {
		signIn sallyport.Token
		digits string
	}
	var ready []entry
	for i := range 20 {
		page, err := open(i)
		if err != nil {
			t.Fatal(err)
		}
		ready = append(ready, entry{page.SignIn, w.digits(page.Page.Secret, 0)})
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	done, told := 0, map[string]int{}
	for i := range 100 {
		wg.Go(func() {
			e := ready[i%len(ready)]
			out, err := w.answer(e.signIn, session.AnswerCode, e.digits)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && out.Finished {
				done++
			} else {
				told[sallyport.CodeOf(err)]++
			}
		})
	}
	wg.Wait()
	admins := look(w, func(tx *store.Tx) ([]sallyport.Technician, error) {
		return tx.TechniciansByRole(ctx, sallyport.SuperAdmin)
	})
	if done != 1 || len(admins) != 1 {
		t.Errorf("%d set-ups finished, %d Super Admins", done, len(admins))
	}
	// The winner's own sign-in is over; of the others' links one was used up, and the other opens nothing any more.
	if told["sign_in_over"] != 4 || told["link_over"] != 45 || told["setup_done"] != 50 {
		t.Errorf("the others were told %v", told)
	}
	said := map[string]int{}
	for i, link := range links {
		_, err := w.either().Link(ctx, sallyport.LinkSetup, link)
		said[sallyport.CodeOf(err)]++
		_, err = open(i)
		said[sallyport.CodeOf(err)]++
	}
	if said["link_over"] != 2 || said["setup_done"] != 2 {
		t.Errorf("whoever opens a link after that is told %v", said)
	}
}

func TestInvitationSetsThePasswordAndGoesOn(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodApp)
	w.change(dana.ID, func(t *sallyport.Technician) { t.Status = sallyport.Invited })
	token := w.link(sallyport.LinkInvitation, w.read(dana.ID))
	if p, err := w.s.Link(ctx, sallyport.LinkInvitation, token); err != nil || p.UserName != "dana" {
		t.Fatalf("%v %+v", err, p)
	}
	if _, err := w.s.Link(ctx, sallyport.LinkReset, token); err == nil {
		t.Error("an invitation opens the reset page")
	}
	_, err := w.s.CompleteLink(ctx, sallyport.LinkInvitation, token, session.LinkForm{Password: "short"}, browser)
	wantField(t, err, "15")
	out, err := w.reach(w.s.CompleteLink(ctx, sallyport.LinkInvitation, token, session.LinkForm{Password: newPassword}, browser))
	if err != nil || out.Page.Step.Kind != login.Enrol {
		t.Fatalf("%v %+v", err, out.Page)
	}
	if _, err := w.s.CompleteLink(ctx, sallyport.LinkInvitation, token, session.LinkForm{Password: newPassword}, browser); err == nil {
		t.Error("the invitation worked twice")
	}
	if got := w.read(dana.ID).Status; got != sallyport.Active {
		t.Errorf("status %s", got)
	}
	done := w.mustAnswer(out.SignIn, session.AnswerCode, w.digits(out.Page.Secret, 0))
	if !w.usable(done.Session) {
		t.Error("not in")
	}
}

func TestResetByEmailKeepsTheFactor(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	key, first := w.enrolled("dana")
	if err := w.askReset("dana"); err != nil {
		t.Fatal(err)
	}
	if err := w.askReset("dana"); err != nil { // and a second link, which the first one's use ends unsent
		t.Fatal(err)
	}
	token := sallyport.Token(w.links()[0][strings.LastIndexByte(w.links()[0], '/')+1:])
	if _, err := w.s.CompleteLink(ctx, sallyport.LinkReset, token, session.LinkForm{Password: newPassword}, browser); err != nil {
		t.Fatal(err)
	}
	if w.usable(first.Session) {
		t.Error("a session outlived the reset")
	}
	if n := w.told(session.NoticeReset); n != 0 {
		t.Errorf("%d messages with a dead link wait to be sent", n)
	}
	_, err := w.password("dana")
	wantCode(t, err, "wrong_password")
	page, err := w.reach(w.s.Password(ctx, session.Attempt{UserName: "dana", Password: newPassword, Client: browser}))
	if err != nil || page.Page.Step.Kind != login.Factor {
		t.Fatalf("%v %+v", err, page.Page.Step)
	}
	w.mustAnswer(page.SignIn, session.AnswerCode, w.digits(key, 0))
}

// TestResetWaitsWhereTheMailboxIsAll: Email, Off and a factor that is not set up wait for an administrator (W23).
func TestResetWaitsWhereTheMailboxIsAll(t *testing.T) {
	w := newWorld(t)
	w.technician("mail", sallyport.MethodEmail)
	w.technician("off", sallyport.MethodOff)
	w.technician("new", sallyport.MethodApp)
	for _, name := range []string{"mail", "off", "new"} {
		if err := w.askReset(name); err != nil {
			t.Fatal(err)
		}
	}
	waiting := look(w, func(tx *store.Tx) ([]sallyport.PasswordReset, error) { return tx.WaitingResets(ctx) })
	if len(waiting) != 3 || len(w.links()) != 0 {
		t.Errorf("%d wait, %d links left", len(waiting), len(w.links()))
	}
}

// TestResetByAddressPassesWhoLeft: an account that is deactivated, and whose user name or address is the typed address, does not keep the
// active one from its link.
func TestResetByAddressPassesWhoLeft(t *testing.T) {
	const address = "dana@northwind.example"
	for name, left := range map[string]func(*sallyport.Technician){
		"by user name": func(t *sallyport.Technician) { t.UserName, t.UserNameKey, t.Skeleton = address, address, address },
		"by address":   func(t *sallyport.Technician) { t.Email = address },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			dana := w.technician("dana", sallyport.MethodApp)
			w.enrolled("dana")
			w.change(dana.ID, func(t *sallyport.Technician) { t.Email = address })
			before := w.technician("dana-before", sallyport.MethodApp)
			w.change(before.ID, func(t *sallyport.Technician) { left(t); t.Status = sallyport.Deactivated })
			if err := w.askReset(address); err != nil || len(w.links()) != 1 {
				t.Errorf("%v, %d links", err, len(w.links()))
			}
		})
	}
}

func TestResetsAreFewAndSilent(t *testing.T) {
	w := newWorld(t)
	w.technician("dana", sallyport.MethodApp)
	w.enrolled("dana")
	for range 6 {
		if err := w.askReset("dana"); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.links()) != 3 {
		t.Errorf("%d links within an hour", len(w.links()))
	}
	w.clock.Advance(61 * time.Minute)
	for range 6 {
		_ = w.askReset("dana")
	}
	if len(w.links()) != 5 {
		t.Errorf("%d links within a day", len(w.links()))
	}
	if err := w.askReset("nobody@northwind.example"); err != nil {
		t.Errorf("an unknown name is told apart: %v", err)
	}
}

func TestRescueTurnsToTheApp(t *testing.T) {
	w := newWorld(t)
	dana := w.technician("dana", sallyport.MethodEmail)
	w.mustAnswer(w.begin("dana").SignIn, session.AnswerCode, w.mail.code(dana.Email))
	w.raise(dana.ID)
	token := w.link(sallyport.LinkRescue, w.read(dana.ID))
	page, err := w.reach(w.s.CompleteLink(ctx, sallyport.LinkRescue, token, session.LinkForm{Password: newPassword}, browser))
	if err != nil || page.Page.Step != (login.Step{Kind: login.Enrol, Method: sallyport.MethodApp}) {
		t.Fatalf("%v %+v", err, page.Page)
	}
	out := w.mustAnswer(page.SignIn, session.AnswerCode, w.digits(page.Page.Secret, 0))
	if !w.usable(out.Session) || w.read(dana.ID).Method != sallyport.MethodApp || !out.OlderCodes {
		t.Errorf("outcome %+v", out)
	}
	if _, err := w.s.CompleteLink(ctx, sallyport.LinkRescue, token, session.LinkForm{Password: newPassword}, browser); err == nil {
		t.Error("rescue worked twice")
	}
}

// TestAdministratorsAreTold: a call for help and a waiting reset reach every active administrator who may act on it.
func TestAdministratorsAreTold(t *testing.T) {
	w := newWorld(t)
	for _, a := range []struct {
		name   string
		role   sallyport.RoleID
		status sallyport.Status
	}{{"mara", sallyport.SuperAdmin, sallyport.Active}, {"adam", sallyport.Admin, sallyport.Active}, {"gone", sallyport.Admin, sallyport.Deactivated}} {
		admin := w.technician(a.name, sallyport.MethodApp)
		w.change(admin.ID, func(t *sallyport.Technician) { t.Role, t.Status = a.role, a.status })
	}
	w.technician("dana", sallyport.MethodEmail)
	number, err := w.s.Help(ctx, w.begin("dana").SignIn, "new phone", browser)
	if err != nil || len(number) != 4 {
		t.Fatalf("%q %v", number, err)
	}
	if err := w.askReset("dana"); err != nil {
		t.Fatal(err)
	}
	if n := w.told(session.NoticeHelp); n != 2 {
		t.Errorf("%d heard the call for help", n)
	}
	if n := w.told(session.NoticeResetToDecide); n != 2 {
		t.Errorf("%d heard of the waiting reset", n)
	}
	for _, want := range []string{"help of dana to mara@", "help of dana to adam@", "reset-decide of dana to adam@", "reset-waiting of dana to dana@"} {
		if !slices.ContainsFunc(w.mail.about, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("no %q in %q", want, w.mail.about)
		}
	}
}

// TestNobodyToTell: a Super Admin who is the only one is not told that his administrators know.
func TestNobodyToTell(t *testing.T) {
	w := newWorld(t)
	mara, adam := w.technician("mara", sallyport.MethodApp), w.technician("adam", sallyport.MethodApp)
	w.change(mara.ID, func(t *sallyport.Technician) { t.Role = sallyport.SuperAdmin })
	w.change(adam.ID, func(t *sallyport.Technician) { t.Role = sallyport.Admin })
	_, err := w.s.Help(ctx, w.begin("mara").SignIn, "", browser)
	wantCode(t, err, "nobody_to_ask")
	if open := look(w, func(tx *store.Tx) ([]sallyport.HelpRequest, error) { return tx.OpenHelp(ctx) }); len(open) != 0 {
		t.Errorf("requests that nobody may answer: %+v", open)
	}
	if number, err := w.s.Help(ctx, w.begin("adam").SignIn, "", browser); err != nil || number == "" || w.told(session.NoticeHelp) != 1 {
		t.Errorf("%q %v", number, err)
	}
}

// TestNobodyToApprove: whoever's new password waits for somebody else reads so where there is nobody else.
func TestNobodyToApprove(t *testing.T) {
	w := newWorld(t)
	mara := w.technician("mara", sallyport.MethodEmail)
	w.change(mara.ID, func(t *sallyport.Technician) { t.Role = sallyport.SuperAdmin })
	if err := w.askReset("mara"); err != nil || w.told(session.NoticeResetAlone) != 1 || w.told(session.NoticeResetWaiting) != 0 {
		t.Errorf("%v", err)
	}
	other := w.technician("omar", sallyport.MethodApp)
	w.change(other.ID, func(t *sallyport.Technician) { t.Role = sallyport.SuperAdmin })
	if err := w.askReset("mara"); err != nil || w.told(session.NoticeResetWaiting) != 1 || w.told(session.NoticeResetToDecide) != 1 {
		t.Errorf("%v", err)
	}
}

// askReset asks and waits until what follows is done.
func (w *world) askReset(typed string) error {
	err := w.s.AskReset(ctx, typed, browser)
	w.s.Close()
	return err
}
