package ways

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/login"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// someone is one of those that the history is about, who was not deleted.
func (w *world) someone() *person {
	var there []*person
	for _, p := range w.all {
		if !p.gone {
			there = append(there, p)
		}
	}
	if len(there) == 0 {
		return w.join(sallyport.ReadOnlyTechnician, sallyport.MethodApp)
	}
	return rapid.SampledFrom(there).Draw(w.rt, "who")
}

func (w *world) pick(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(w.rt, label)
}

func (w *world) chance(label string) bool { return rapid.Bool().Draw(w.rt, label) }

// offer is an act that a technician's page shows, or does not.
type offer struct {
	name  string
	shown func(account.Detail) bool
	do    func(*person, sallyport.Actor) error
}

// offers are the acts of a technician's page, shown where the page shows them.
var offers = []offer{
	{"open the set-up", func(d account.Detail) bool { return d.May.OpenSetup }, func(p *person, a sallyport.Actor) error {
		opened, err := p.desk.OpenSetup(ctx, a, p.id)
		if err == nil && opened.EnrolmentCode != "" {
			p.told(opened.EnrolmentCode)
		}
		return err
	}},
	{"reset", func(d account.Detail) bool { return d.May.Reset }, func(p *person, a sallyport.Actor) error {
		reset, err := p.desk.ResetFactor(ctx, a, p.id, "lost")
		if err != nil {
			return err
		}
		p.everythingEnds()
		p.factorEnds()
		if reset.EnrolmentCode != "" {
			p.told(reset.EnrolmentCode)
			p.asked = true
		}
		return nil
	}},
	{"sign out", func(d account.Detail) bool { return d.May.SignOut }, func(p *person, a sallyport.Actor) error {
		_, err := p.desk.SignOut(ctx, a, p.id)
		if err == nil {
			p.everythingEnds()
		}
		return err
	}},
	{"resend", func(d account.Detail) bool { return d.May.Resend }, func(p *person, a sallyport.Actor) error {
		invited, err := p.desk.ResendInvitation(ctx, a, p.id)
		if err == nil {
			p.invited(invited.Link)
		}
		return err
	}},
	{"deactivate", func(d account.Detail) bool { return d.May.Deactivate }, func(p *person, a sallyport.Actor) error {
		_, err := p.desk.Deactivate(ctx, a, p.id, "away")
		if err == nil {
			p.everythingEnds()
		}
		return err
	}},
	{"activate", func(d account.Detail) bool { return d.May.Activate }, func(p *person, a sallyport.Actor) error {
		invited, err := p.desk.Activate(ctx, a, p.id)
		if err == nil && p.row().Status == sallyport.Invited {
			p.invited(invited.Link)
		}
		return err
	}},
	{"delete", func(d account.Detail) bool { return d.May.Delete }, func(p *person, a sallyport.Actor) error {
		_, err := p.desk.Delete(ctx, a, p.id, "gone")
		if err == nil {
			p.everythingEnds()
			p.factorEnds()
			p.gone = true
		}
		return err
	}},
}

// told is an enrolment code that was read out in the place of an older one.
func (p *person) told(code string) {
	if p.spoken != "" {
		p.silent = append(p.silent, p.spoken)
	}
	p.spoken = code
}

func offerOf(name string) offer {
	return offers[slices.IndexFunc(offers, func(o offer) bool { return o.name == name })]
}

// tried carries an act out, whether or not it is shown: what is shown is never refused, and what is not shown is.
func (p *person) tried(o offer, a sallyport.Actor) {
	d, err := p.desk.Technician(ctx, a, p.id)
	if err != nil && sallyport.KindOf(err) != sallyport.Forbidden { // who may not look is offered nothing
		p.fail("the page of %s: %v", p.name, err)
	}
	shown, was := o.shown(d), p.row()
	err = o.do(p, a)
	p.note(o.name, p.name, "by", a.Name, said(err))
	switch {
	case shown && err != nil:
		p.fail("%q of %s is offered and refused: %v; he was %+v", o.name, p.name, err, was)
	case !shown && err == nil && o.name != "sign out": // of somebody deactivated it ends what is over, which nobody needs
		p.fail("%q of %s is not offered and done; he was %+v", o.name, p.name, was)
	}
}

func said(err error) string {
	if err == nil {
		return "(done)"
	}
	return "(" + sallyport.CodeOf(err) + ")"
}

// actor is one of the staff, or himself where he is signed in.
func (p *person) actor() sallyport.Actor {
	if len(p.live) > 0 && p.chance("himself") {
		if a, _, err := p.door.Actor(ctx, p.live[len(p.live)-1], browser); err == nil && p.now().Sub(a.ProvedAt) < 5*time.Minute &&
			sallyport.May(p.row().Role, sallyport.ReadTechnicians) {
			return a
		}
	}
	return p.acts(rapid.SampledFrom(p.staff).Draw(p.rt, "by"))
}

// edits changes one field of him.
func (p *person) edits(f *account.Form) string {
	switch rapid.IntRange(0, 9).Draw(p.rt, "field") {
	case 0:
		f.Email = fmt.Sprintf("%s-%d@northwind.example", p.name, len(p.trail))
		return "email"
	case 1:
		f.Phone = rapid.SampledFrom([]string{"", "+14255550177", "+14255550178"}).Draw(p.rt, "phone")
		return "phone " + f.Phone
	case 2:
		f.Role = rapid.SampledFrom(sallyport.BuiltInRoles).Draw(p.rt, "role").ID
		return "role " + string(f.Role)
	}
	f.Method = rapid.SampledFrom(sallyport.Methods).Draw(p.rt, "method")
	return "method " + string(f.Method)
}

// saves is one Save, with the preview of it. What the preview does not refuse is saved; where it does not say that he would be
// stranded he is in at the next sign-in, with what he holds.
func (p *person) saves() {
	a, t := p.boss(), p.row()
	form := account.FormOf(t)
	what := p.edits(&form)
	preview, err := p.desk.Preview(ctx, a, p.id, form, t.Version)
	if err != nil {
		p.fail("preview: %v", err)
	}
	saved, err := p.desk.Save(ctx, a, p.id, form, t.Version)
	p.note("save", p.name, what, said(err))
	if (err == nil) != (len(preview.Refusals) == 0) {
		p.fail("the preview of %s says %+v, and Save %v", what, preview.Refusals, err)
	}
	if err != nil || !saved.SignedOut {
		return
	}
	p.everythingEnds()
	if t.Status == sallyport.Invited {
		p.invited(saved.Invitation)
		return
	}
	if p.lost() || !p.chance("looks") || t.Status != sallyport.Active {
		return
	}
	at := p.now()
	switch s := p.signsIn(); {
	case p.now().Sub(at) > soon: // he had to wait for a code, and things may have ended meanwhile
	case s.in != (preview.Stranded == ""):
		p.fail("the preview of %s says %q, and the next sign-in of %s ends at %+v", what, preview.Stranded, p.name, s)
	case s.in && s.setUp != (preview.MustSetUp != ""):
		p.fail("the preview of %s says %q, and at the next sign-in of %s it was %v", what, preview.MustSetUp, p.name, s.setUp)
	}
}

// rolledOut is a roll-out to him alone, which is foreseen as it is done.
func (p *person) rolledOut() {
	a, m := p.boss(), rapid.SampledFrom(sallyport.Methods).Draw(p.rt, "method")
	ids := []sallyport.TechnicianID{p.id}
	foreseen, err := p.desk.PreviewTeam(ctx, a, ids, m)
	if err != nil {
		p.fail("%v", err)
	}
	invited := p.row().Status == sallyport.Invited
	team, err := p.desk.SaveTeam(ctx, a, ids, m)
	if err != nil {
		p.fail("%v", err)
	}
	was, is := foreseen.Rows[0], team.Rows[0]
	p.note("roll-out", p.name, string(m), string(is.Outcome), is.Why)
	changes := is.Outcome == account.Changed
	if changes != (was.Outcome == account.WillChange) || was.Why != is.Why || changes && was.MustSetUp != is.MustSetUp {
		p.fail("foreseen %+v, done %+v", was, is)
	}
	if !changes {
		return
	}
	p.everythingEnds()
	if invited {
		p.invited(is.Invitation)
	}
}

// soon is how long a sign-in takes in which nothing keeps him waiting.
const soon = 5 * time.Minute

// lost reports whether he lost what he could prove himself with.
func (p *person) lost() bool {
	return p.password == "" || p.held == sallyport.MethodApp && p.app == nil || p.astray > 0
}

// wrongs gives so many wrong answers at whatever is asked for, with all the time in the world.
func (p *person) wrongs(n int, kind session.AnswerKind) {
	for range 4 * n {
		w := p.begin()
		if w == nil || w.out.Finished {
			return
		}
		for range 3 {
			page, ok := w.page()
			if !ok || w.over {
				break
			}
			if !w.mistypes(page, kind) {
				return
			}
			if n--; n == 0 {
				return
			}
		}
	}
}

// mistypes gives one wrong answer, false where none is taken.
func (w *walk) mistypes(page session.Page, kind session.AnswerKind) bool {
	if kind == session.AnswerCode && page.Step.Kind == login.EnrolmentCode {
		kind = session.AnswerEnrolment
	}
	typed := "AAAAAAAA"
	switch {
	case kind == session.AnswerRecovery && !login.Accepts(page.Step, login.RecoveryRight):
		return false
	case kind == session.AnswerRecovery:
		typed = strings.Repeat("A", 26)
	case kind == session.AnswerCode && !login.Accepts(page.Step, login.CodeRight):
		return false
	case kind == session.AnswerCode && page.Step.Method != sallyport.MethodApp:
		if !page.Live {
			if wait := page.ResendAt.Sub(page.Now); wait > 0 {
				w.p.clock.Add(wait)
			}
			_, _ = w.p.door.Send(ctx, w.out.SignIn, browser)
			if page, _ = w.page(); !page.Live {
				return false
			}
		}
		typed = other(w.p.post.code(w.p.sentTo(page)))
	case kind == session.AnswerCode:
		typed = w.p.noDigits(page)
	}
	if w.answer(kind, typed, func() {}) {
		w.p.fail("a wrong %s was right", kind)
	}
	if w.waits() {
		w.p.clock.Set(w.p.row().WaitUntil)
	}
	return true
}

func (p *person) sentTo(page session.Page) string {
	if page.Step.Kind == login.Enrol {
		return addressOf(p.row())
	}
	return p.where
}

func other(code string) string {
	if code == "" {
		return "000000"
	}
	return string('0'+(code[0]-'0'+1)%10) + code[1:]
}

// noDigits are digits that the app shows at no time near.
func (p *person) noDigits(page session.Page) string {
	secret := p.app
	if page.Step.Kind == login.Enrol {
		secret = p.key(page.Secret)
	}
	if secret == nil {
		return "271828"
	}
	for i := range 1000 {
		code := fmt.Sprintf("%06d", i)
		if _, _, near := findOffset(secret, code, p.now()); !near {
			return code
		}
	}
	return ""
}

// triesOld gives what must not work any more at whatever is asked for.
func (p *person) triesOld() {
	for _, old := range last(p.older, 2) {
		if _, err := p.door.Password(ctx, session.Attempt{UserName: p.row().UserName, Password: old, Client: browser}); err == nil {
			p.fail("an older password of %s works", p.name)
		}
	}
	w := p.begin()
	if w == nil || w.out.Finished {
		return
	}
	page, ok := w.page()
	if !ok {
		return
	}
	for _, code := range last(p.spent, 1) {
		if login.Accepts(page.Step, login.RecoveryRight) && w.answer(session.AnswerRecovery, code, func() {}) {
			p.fail("a recovery code of %s works after its end", p.name)
		}
	}
	for _, code := range last(p.silent, 1) {
		if page.Step.Kind == login.EnrolmentCode && w.answer(session.AnswerEnrolment, code, func() {}) {
			p.fail("an enrolment code of %s works after its end", p.name)
		}
	}
}

// asks asks for a new password; where it waits, somebody decides.
func (p *person) asks() {
	t := p.row()
	p.post.takeLink(t.Email)
	if err := p.door.AskReset(ctx, t.UserName, browser); err != nil {
		p.fail("%v", err)
	}
	p.door.Close()
	p.note(p.name, "asks for a new password")
	if link := p.post.takeLink(t.Email); link != "" {
		if t.Method == sallyport.MethodEmail || t.Method == sallyport.MethodOff || p.held != t.Method || p.where != addressOf(t) {
			p.fail("a reset of %s, who holds %q of %s, went out without an approval", p.name, p.held, t.Method)
		}
		p.hears(link)
		return
	}
	if p.chance("decided") {
		p.decided()
	}
}

// hears is told of a link that does not replace an older one.
func (p *person) hears(link string) {
	if p.link == "" || p.chance("takes the newer link") {
		p.link = link
	}
}

// decided: the waiting resets of his are approved or denied, by somebody whose page says that he may, or not.
func (p *person) decided() {
	a := p.actor()
	waiting, err := p.desk.WaitingResets(ctx, a)
	if err != nil && sallyport.KindOf(err) != sallyport.Forbidden {
		p.fail("%v", err)
	}
	for _, r := range waiting {
		if r.Technician != p.id {
			continue
		}
		if p.chance("approve") {
			err := p.desk.ApproveReset(ctx, a, r.ID)
			p.note("approve", p.name, "by", a.Name, said(err))
			if (err == nil) != r.MayApprove {
				p.fail("the page says that %s may approve: %v (%s), and it was %v", a.Name, r.MayApprove, r.WhyNot, err)
			}
			if err == nil {
				p.hears(p.post.takeLink(p.row().Email))
			}
			continue
		}
		err := p.desk.DenyReset(ctx, a, r.ID)
		p.note("deny", p.name, "by", a.Name, said(err))
		if (err == nil) != r.MayDeny {
			p.fail("the page says that %s may deny: %v, and it was %v", a.Name, r.MayDeny, err)
		}
	}
}

// owns is a change of his own, in the session that he used last.
func (p *person) owns() {
	if len(p.live) == 0 {
		return
	}
	acting := p.live[len(p.live)-1]
	a, _, err := p.door.Actor(ctx, acting, browser)
	if err != nil {
		return
	}
	own, err := p.door.Own(ctx, a, 1)
	if err != nil {
		p.fail("the own page of %s: %v", p.name, err)
	}
	var out session.Outcome
	switch what := p.pick("own change", "password", "codes", "codes", "phone", "others"); what {
	case "others":
		if _, err := p.door.EndOthers(ctx, a); err != nil {
			p.fail("%v", err)
		}
		for _, t := range slices.Clone(p.live) {
			if t != acting {
				p.ends(t)
			}
		}
		return
	case "password":
		next := fmt.Sprintf("plum harbor %d violet tram", 43+len(p.older)%3)
		if out, err = p.door.ChangePassword(ctx, a, p.password, next); err == nil {
			p.takes(next)
		}
	case "codes":
		out, err = p.door.NewRecoveryCodes(ctx, a)
		if !own.MayRecovery && err == nil || own.MayRecovery && sallyport.CodeOf(err) == "no_factor" {
			p.fail("the own page says %v to new codes, and it was %v", own.MayRecovery, err)
		}
		if err == nil {
			p.sheetEnds()
			p.sheet = out.RecoveryCodes
		}
	case "phone":
		p.moves(a, own, acting)
		return
	}
	p.note(p.name, "changes something of his own", said(err))
	if sallyport.KindOf(err) == sallyport.StepUp && err != nil {
		p.proves(a, acting)
		return
	}
	if err == nil {
		p.everythingEnds()
		p.live = append(p.live, out.Session)
	}
}

// moves moves the app to another phone.
func (p *person) moves(a sallyport.Actor, own session.OwnPage, acting sallyport.Token) {
	out, err := p.door.BeginPhone(ctx, a, "/me")
	if (err == nil) != own.MayNewPhone {
		p.fail("the own page says %v to a new phone, and it was %v", own.MayNewPhone, err)
	}
	if err != nil {
		return
	}
	p.note(p.name, "moves the app")
	p.walk(out, walk{acts: acting, recovery: own.PhoneProved}).goes()
}

// proves proves a session again, or gives three wrong answers, which end it.
func (p *person) proves(a sallyport.Actor, acting sallyport.Token) {
	out, err := p.door.BeginStepUp(ctx, a, "/me")
	if err != nil {
		p.fail("%s may not prove himself again: %v", p.name, err)
	}
	w := p.walk(out, walk{acts: acting})
	s, over := w.goes()
	p.note(p.name, "proves the session again", fmt.Sprintf("%+v %v", s, over))
}

// policies are what a history turns, and to what.
var policies = map[string][]string{"permit-off": {"yes", "no"}, "old-factor-opens": {"yes", "no"}, "enrolment-codes": {"yes", "no"},
	"factor-run": {"10", "12", "100"}, "setup-life": {"1", "72"}, "invitation-life": {"1", "72"}, "enrolment-life": {"10", "60"},
	"steps-aside": {"0", "1", "2"}, "code-life": {"3", "10"}, "session-limit": {"0", "1", "2"}, "session-idle": {"5", "30"}, "resend-hour": {"3", "5"}}

var policyNames = func() (names []string) {
	for name := range policies {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}()

func (w *world) turns() {
	name := w.pick("setting", policyNames...)
	value := w.pick("value", policies[name]...)
	_, err := w.desk.SetPolicy(ctx, w.boss(), name, value)
	w.note("policy", name, value, said(err))
	if err != nil {
		w.fail("%s %s: %v", name, value, err)
	}
}

// begins draws the policy that a history begins with: one that few wrong answers are too many for, more often than not.
func (w *world) begins() {
	for _, set := range [][]string{{"factor-run", "10", "10", "100"}, {"permit-off", "yes", "no"}} {
		if _, err := w.desk.SetPolicy(ctx, w.boss(), set[0], w.pick(set[0], set[1:]...)); err != nil {
			w.fail("%v", err)
		}
	}
}

// rarely is what happens in some of the times in which it could.
func (w *world) rarely(do func()) {
	if rapid.IntRange(0, 3).Draw(w.rt, "this time") == 0 {
		do()
	}
}

// restored is an accepted restore: whatever was alive has ended, and no recovery code is left.
func (w *world) restored() {
	w.note("a restore is accepted")
	w.write(func(tx *store.Tx) error {
		_, err := tx.EndAll(ctx)
		return err
	})
	if m := w.door.Memory(); m != nil {
		m.Forget()
	}
	for _, p := range w.all {
		p.everythingEnds()
		p.sheetEnds()
	}
}

// steps are what can happen.
func (w *world) steps() map[string]func(*rapid.T) {
	on := func(do func(*person)) func(*rapid.T) {
		return func(rt *rapid.T) {
			w.rt = rt
			do(w.someone())
		}
	}
	comes := on(func(p *person) {
		if p.link != "" && kindOf(p.link) == sallyport.LinkInvitation {
			p.opens(firstPassword)
			return
		}
		p.note(p.name, "signs in", fmt.Sprintf("%+v", p.signsIn()))
	})
	return map[string]func(*rapid.T){
		"comes": comes, "comes in": comes, "comes in again": comes,
		"begins":   on(func(p *person) { p.begin() }),
		"save":     on((*person).saves),
		"save too": on((*person).saves), "save as well": on((*person).saves),
		"roll out": on((*person).rolledOut),
		"act too": on(func(p *person) {
			p.tried(rapid.SampledFrom(offers[:2]).Draw(w.rt, "act"), p.boss())
		}),
		"act": on(func(p *person) {
			p.tried(rapid.SampledFrom(offers[:len(offers)-1]).Draw(w.rt, "act"), p.actor())
		}),
		"delete": on(func(p *person) {
			w.rarely(func() { p.tried(offerOf("delete"), p.actor()) })
		}),
		"wrong": on(func(p *person) {
			kind := rapid.SampledFrom([]session.AnswerKind{session.AnswerCode, session.AnswerCode, session.AnswerRecovery}).Draw(w.rt, "kind")
			n := rapid.SampledFrom([]int{1, 3, 12, 12}).Draw(w.rt, "so many")
			p.note(p.name, "mistypes", fmt.Sprint(n), string(kind))
			p.wrongs(n, kind)
		}),
		"old":  on((*person).triesOld),
		"asks": on(func(p *person) { w.rarely(p.asks) }),
		"link": on(func(p *person) {
			if p.link != "" {
				p.opens(secondPassword)
			}
		}),
		"decide": on((*person).decided),
		"own":    on((*person).owns),
		"loses": on(func(p *person) {
			if w.chance("the phone") {
				p.app = nil
			} else {
				p.astray, p.sheet = p.astray+len(p.sheet), nil
			}
			p.note(p.name, "loses a phone or a sheet")
		}),
		"rescue": on(func(p *person) {
			link, _, err := w.desk.Rescue(ctx, host, p.row().UserName)
			w.note("rescue", p.name, said(err))
			if err == nil {
				p.everythingEnds()
				p.link = link
			}
		}),
		"policy": func(rt *rapid.T) { w.rt = rt; w.turns() },
		"gateway": func(rt *rapid.T) {
			w.rt = rt
			c := rapid.SampledFrom([]sallyport.Channel{sallyport.ChannelEmail, sallyport.ChannelSMS}).Draw(rt, "channel")
			proved := w.chance("proved")
			w.note("gateway", string(c), fmt.Sprint(proved))
			w.gateway(c, proved)
		},
		"restore": func(rt *rapid.T) { w.rt = rt; w.rarely(w.restored) },
		"clock": func(rt *rapid.T) {
			w.rt = rt
			d := rapid.SampledFrom([]time.Duration{time.Second, 40 * time.Second, 11 * time.Minute, 61 * time.Minute, 4 * time.Hour, 73 * time.Hour, -20 * time.Minute}).Draw(rt, "by")
			w.note("clock", d.String())
			w.clock.Add(d)
		},
		"join": func(rt *rapid.T) {
			w.rt = rt
			if len(w.all) < 2 {
				w.rarely(w.joins)
			}
		},
		"": func(*rapid.T) {
			for _, p := range w.all {
				p.look()
			}
		},
	}
}

const (
	firstPassword  = "plum harbor 42 violet tram"
	secondPassword = "slow lantern 7 copper field"
)

func (w *world) joins() {
	var may []sallyport.Method
	for _, m := range sallyport.Methods {
		if m == sallyport.MethodApp || m == sallyport.MethodOff && w.settings().PermitOff || m == sallyport.MethodEmail && w.proved(sallyport.ChannelEmail) ||
			m == sallyport.MethodText && w.proved(sallyport.ChannelSMS) {
			may = append(may, m)
		}
	}
	p := w.join(rapid.SampledFrom(sallyport.BuiltInRoles).Draw(w.rt, "role").ID, rapid.SampledFrom(may).Draw(w.rt, "method"))
	w.note(p.name, "is invited")
	if w.chance("comes at once") {
		p.opens(firstPassword)
	}
}
