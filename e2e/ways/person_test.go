package ways

import (
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/factor"
	"sallyport/internal/login"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// person is a technician with what he knows and holds, and with what the house owes him and asks of him by the words of the
// contract alone.
type person struct {
	*world
	id       sallyport.TechnicianID
	name     string
	password string   // empty while there is none
	older    []string // passwords that were replaced

	app    []byte   // what his phone shows codes of; nil: none, or the phone is lost
	sheet  []string // recovery codes that he has not used
	astray int      // others, which he lost
	spoken string   // the enrolment code that was read out to him
	late   bool     // he was read one that had run out when he typed it, which a clock set back makes good again
	link   string   // the newest link that reached him and may work

	held   sallyport.Method // what was proved last; empty: nothing, or it was taken away
	where  string           // the mailbox or number that was proved
	asked  bool             // it was taken away, and an enrolment code stands in its place
	gone   bool             // deleted
	live   []sallyport.Token
	open   []sallyport.Token // sign-ins
	ended  []sallyport.Token // sessions that must let nobody in
	closed []sallyport.Token // sign-ins that must lead nowhere
	spent  []string          // recovery codes that must not work
	silent []string          // enrolment codes that must not work
	over   []string          // links that must not work
}

// join adds somebody by an invitation.
func (w *world) join(role sallyport.RoleID, method sallyport.Method) *person {
	p := &person{world: w, name: fmt.Sprintf("dana%d", len(w.all))}
	added, err := w.desk.Add(ctx, w.boss(), account.Form{UserName: p.name, Email: p.name + "@northwind.example", Phone: "+1425555010" + fmt.Sprint(len(w.all)),
		Role: role, Method: method})
	if err != nil {
		w.fail("Add: %v", err)
	}
	p.id = added.ID
	p.invited(added.InvitationLink)
	w.all = append(w.all, p)
	return p
}

func (p *person) row() sallyport.Technician { return p.technician(p.id) }

// invited is told of a fresh link, which was handed over or went by email; the one before is dead.
func (p *person) invited(link string) {
	if kindOf(p.link) == sallyport.LinkInvitation {
		p.kill(&p.link)
	}
	if link == "" {
		link = p.post.takeLink(p.row().Email)
	}
	p.link = link
}

func (p *person) kill(link *string) {
	if *link != "" {
		p.over = append(p.over, *link)
	}
	*link = ""
}

// everythingEnds is what an act does by which the generation rises: nothing older lets anybody in.
func (p *person) everythingEnds() {
	p.ended, p.live = append(p.ended, p.live...), nil
	p.closed, p.open = append(p.closed, p.open...), nil
	p.kill(&p.link)
	if p.spoken != "" {
		p.silent, p.spoken = append(p.silent, p.spoken), ""
	}
}

// ends is the end of one session.
func (p *person) ends(token sallyport.Token) {
	p.live = slices.DeleteFunc(p.live, func(t sallyport.Token) bool { return t == token })
	p.ended = append(p.ended, token)
}

// factorEnds takes away what he held, with its recovery codes.
func (p *person) factorEnds() {
	p.held, p.where = "", ""
	p.sheetEnds()
}

// sheetEnds is the end of all recovery codes, those that he lost among them.
func (p *person) sheetEnds() {
	p.spent, p.sheet, p.astray = append(p.spent, p.sheet...), nil, 0
}

func kindOf(link string) sallyport.LinkKind {
	switch {
	case strings.Contains(link, "/invitation/"):
		return sallyport.LinkInvitation
	case strings.Contains(link, "/rescue/"):
		return sallyport.LinkRescue
	}
	return sallyport.LinkReset
}

func tokenOf(link string) sallyport.Token {
	return sallyport.Token(link[strings.LastIndex(link, "/")+1:])
}

// begin gives the password, and waits where he must. nil: it was not taken.
func (p *person) begin() *walk {
	if p.password == "" {
		return nil
	}
	for range 40 {
		out, err := p.door.Password(ctx, session.Attempt{UserName: p.row().UserName, Password: p.password, Client: browser})
		if wait := waitOf(err); wait > 0 {
			p.clock.Add(wait)
			continue
		}
		if err != nil {
			return nil
		}
		return p.walk(out, walk{password: true})
	}
	p.fail("%s waits for ever to type the password", p.name)
	return nil
}

func (p *person) walk(out session.Outcome, w walk) *walk {
	w.p = p
	w.took(out)
	return &w
}

func waitOf(err error) time.Duration {
	if sallyport.KindOf(err) != sallyport.TooMany || err == nil {
		return 0
	}
	var e *sallyport.Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		return e.RetryAfter
	}
	return time.Second
}

// walk is one sign-in with all that was given in it.
type walk struct {
	p      *person
	out    session.Outcome
	over   bool            // it has run out
	waited bool            // the last answer was not looked at, and there was time since
	acts   sallyport.Token // the session that is proved again; empty in a sign-in

	password, opener, factor, recovery, enrolment, enrolled bool
	typed                                                   bool             // the password, where a session is proved again by it
	heldBefore                                              sallyport.Method // when the set-up was confirmed
	askedBefore                                             bool
	rescued                                                 bool
}

// took takes in what an answer led to.
func (w *walk) took(out session.Outcome) {
	p := w.p
	if w.out.SignIn != "" && w.out.SignIn != out.SignIn {
		p.open = slices.DeleteFunc(p.open, func(t sallyport.Token) bool { return t == w.out.SignIn })
		p.closed = append(p.closed, w.out.SignIn)
	}
	w.out = out
	if !out.Finished {
		p.open = append(p.open, out.SignIn)
		return
	}
	if w.enrolled {
		p.everythingEnds()
	}
	if w.acts != "" && !w.enrolled { // goes on under another token
		p.ends(w.acts)
	}
	w.judge()
	p.live = append(p.live, out.Session)
	if ok, err := p.door.Check(ctx, out.Session); err != nil || !ok {
		p.fail("%s is signed in, and is not let in: %v", p.name, err)
	}
}

// judge holds what was given against what the contract asks for (I4, sections 3 and 4).
func (w *walk) judge() {
	p, t, set := w.p, w.p.row(), w.p.settings()
	switch {
	case t.Status != sallyport.Active:
		p.fail("%s is in, and %s", p.name, t.Status)
	case w.acts != "" && !w.enrolled && !w.factor && !w.recovery && !w.typed:
		p.fail("%s proved a session again with nothing", p.name)
	case w.acts != "":
	case w.rescued && (t.Method != sallyport.MethodApp || !w.enrolled):
		p.fail("%s was rescued without the app", p.name)
	case !w.password:
		p.fail("%s is in without the password", p.name)
	case w.rescued:
	case t.Method == sallyport.MethodOff && !set.PermitOff:
		p.fail("%s is in with Off, which is not permitted", p.name)
	case t.Method == sallyport.MethodOff:
	case p.held != t.Method || p.where != addressOf(t):
		p.fail("%s is in with %s %s in the place of %s %s", p.name, p.held, p.where, t.Method, addressOf(t))
	case w.enrolled && w.heldBefore != "" && set.OpenerRequired && !w.opener && !w.recovery:
		p.fail("%s replaced %s without giving it", p.name, w.heldBefore)
	case w.enrolled && w.heldBefore == "" && w.askedBefore && set.EnrolmentCodes && !w.enrolment:
		p.fail("%s set up after a reset without the code that is read out", p.name)
	case !w.enrolled && !w.factor && !w.recovery:
		p.fail("%s is in with the password alone", p.name)
	}
}

func addressOf(t sallyport.Technician) string {
	switch t.Method {
	case sallyport.MethodEmail:
		return t.Email
	case sallyport.MethodText:
		return t.Phone
	}
	return ""
}

func (w *walk) page() (session.Page, bool) {
	page, err := w.p.door.Page(ctx, w.out.SignIn)
	if err != nil {
		w.over = true
	}
	return page, err == nil
}

// answer gives one answer, and waits where that is asked. It reports whether it was right.
func (w *walk) answer(kind session.AnswerKind, typed string, note func()) bool {
	w.waited = false
	out, err := w.p.door.Answer(ctx, w.out.SignIn, session.Answer{Kind: kind, Typed: typed}, browser)
	switch {
	case err == nil:
		note()
		w.took(out)
		return true
	case waitOf(err) > 0:
		w.p.clock.Add(waitOf(err))
		w.waited = true
	case sallyport.KindOf(err) == sallyport.Gone:
		w.over = true
	}
	return false
}

// enrols notes that what the page sets up was confirmed.
func (w *walk) enrols(m sallyport.Method) {
	p := w.p
	w.enrolled, w.heldBefore, w.askedBefore = true, p.held, p.asked
	p.factorEnds()
	p.held, p.where, p.asked = m, addressOf(p.row()), false
}

// key reads the grouped key of the page.
func (p *person) key(grouped string) []byte {
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(grouped, " ", ""))
	if err != nil {
		p.fail("%v", err)
	}
	return secret
}

func (p *person) digits(secret []byte) string { return factor.Digits(secret, p.step()) }

// forward does what is right at one step, as far as he can. It reports whether he could.
func (w *walk) forward(page session.Page) bool {
	switch page.Step.Kind {
	case login.Factor, login.Opener:
		return w.gives(page)
	case login.Enrol:
		return w.setsUp(page)
	case login.Password:
		w.answer(session.AnswerPassword, w.p.password, func() { w.typed = true })
		return true
	case login.EnrolmentCode:
		if w.p.spoken == "" {
			return false
		}
		code := w.p.spoken
		w.p.spoken = ""
		if w.answer(session.AnswerEnrolment, code, func() { w.enrolment = true }) {
			w.p.silent = append(w.p.silent, code)
		} else {
			w.p.late = true // or he has to wait, and his administrator makes another
		}
		return true
	}
	return w.standsIn(page)
}

func (w *walk) gives(page session.Page) bool {
	note := func() {
		if page.Step.Kind == login.Opener {
			w.opener = true
		} else {
			w.factor = true
		}
	}
	switch {
	case page.Step.Method != sallyport.MethodApp:
		return w.types(page, w.p.where, note)
	case w.p.app == nil:
		return w.standsIn(page)
	case !page.FreshAt.IsZero():
		w.p.clock.Set(page.FreshAt)
	}
	w.answer(session.AnswerCode, w.p.digits(w.p.app), note)
	return true
}

// standsIn gives a recovery code, where the page offers that.
func (w *walk) standsIn(page session.Page) bool {
	if page.RecoveryLeft == 0 || !login.Accepts(page.Step, login.RecoveryRight) || len(w.p.sheet) == 0 {
		return false
	}
	code := w.p.sheet[0]
	if w.answer(session.AnswerRecovery, code, func() {
		w.recovery = true
		w.p.sheet, w.p.spent = w.p.sheet[1:], append(w.p.spent, code)
	}) {
		return true
	}
	return w.over || w.waited
}

func (w *walk) waits() bool { return w.p.now().Before(w.p.row().WaitUntil) }

// types gives the code that was sent to an address, after a fresh one where the newest does not work.
func (w *walk) types(page session.Page, to string, note func()) bool {
	if !page.Live {
		if wait := page.ResendAt.Sub(page.Now); wait > 0 {
			w.p.clock.Add(wait)
			return true
		}
		if _, err := w.p.door.Send(ctx, w.out.SignIn, browser); err != nil {
			w.over = w.over || sallyport.KindOf(err) == sallyport.Gone
			return true
		}
	}
	w.answer(session.AnswerCode, w.p.post.code(to), note)
	return true
}

func (w *walk) setsUp(page session.Page) bool {
	p := w.p
	note := func() { w.enrols(page.Step.Method) }
	if page.Step.Method != sallyport.MethodApp {
		w.types(page, addressOf(p.row()), note)
	} else {
		secret := p.key(page.Secret)
		w.answer(session.AnswerCode, p.digits(secret), func() { note(); p.app = secret })
	}
	if w.enrolled && w.out.Finished {
		p.sheet = w.out.RecoveryCodes
	}
	return true
}

// stop is where a sign-in cannot go on by itself.
type stop struct {
	in    bool
	setUp bool // something was set up on the way
	kind  login.Kind
	token sallyport.Token // of the sign-in that stands there
}

// signsIn does whatever he can with what he holds, and says where he is then.
func (p *person) signsIn() stop {
	for range 12 {
		w := p.begin()
		if w == nil {
			return stop{kind: login.Password}
		}
		if s, over := w.goes(); !over {
			return s
		}
	}
	p.fail("%s begins again and again", p.name)
	return stop{}
}

// goes goes on until he is in or stopped. over: the sign-in has run out.
func (w *walk) goes() (s stop, over bool) {
	for range 30 {
		if w.out.Finished {
			return stop{in: true, setUp: w.enrolled}, false
		}
		page, ok := w.page()
		if !ok {
			return s, true
		}
		if !w.forward(page) {
			return stop{kind: page.Step.Kind, token: w.out.SignIn}, false
		}
	}
	page, _ := w.page()
	w.p.fail("%s is asked for ever: %+v, %+v", w.p.name, page, w.p.row())
	return s, false
}

// opens completes the link that he has.
func (p *person) opens(password string) {
	link, kind := p.link, kindOf(p.link)
	t := p.row()
	out, err := p.door.CompleteLink(ctx, kind, tokenOf(link), session.LinkForm{Password: password}, browser)
	if err != nil {
		p.note(p.name, "could not open the", string(kind), err.Error())
		p.kill(&p.link)
		return
	}
	p.note(p.name, "opened the", string(kind))
	switch {
	case kind == sallyport.LinkReset:
		p.everythingEnds()
		p.takes(password)
	case kind == sallyport.LinkInvitation && t.Status != sallyport.Invited:
		p.fail("an invitation worked for somebody who is %s", t.Status)
	case kind == sallyport.LinkInvitation:
		p.kill(&p.link)
		p.takes(password)
		p.walk(out, walk{password: true}).goes()
	default:
		w := p.walk(out, walk{password: true, rescued: true})
		page, ok := w.page()
		if !ok {
			return
		}
		secret := p.key(page.Secret)
		w.answer(session.AnswerCode, p.digits(secret), func() {
			w.enrols(sallyport.MethodApp)
			p.takes(password)
			p.app, p.where = secret, ""
		})
		if w.out.Finished {
			p.sheet = w.out.RecoveryCodes
		}
	}
}

// takes is a new password.
func (p *person) takes(password string) {
	if p.password != "" && p.password != password {
		p.older = append(p.older, p.password)
	}
	p.older = slices.DeleteFunc(p.older, func(o string) bool { return o == password })
	p.password = password
}

// look is after each step: nothing that has ended is alive.
func (p *person) look() {
	for _, t := range last(p.ended, 6) {
		if ok, err := p.door.Check(ctx, t); err != nil || ok {
			p.fail("a session of %s is let in after its end: %v", p.name, err)
		}
	}
	for _, t := range last(p.closed, 6) {
		if page, err := p.door.Page(ctx, t); err == nil {
			p.fail("a sign-in of %s goes on after its end: %+v", p.name, page.Step)
		}
	}
	for _, l := range last(p.over, 3) {
		if _, err := p.door.Link(ctx, kindOf(l), tokenOf(l)); err == nil {
			p.fail("a link of %s works after its end", p.name)
		}
	}
	if p.gone {
		return
	}
	p.reads()
	if p.held == "" {
		return
	}
	f := read(p.world, func(tx *store.Tx) (*sallyport.Factor, error) { return tx.Factor(ctx, p.id) })
	if f == nil || f.Kind != p.held || f.Address != p.where {
		p.fail("%s holds %s %s, and the house has %+v", p.name, p.held, p.where, f)
	}
}

// reads is what his page in Admin says of him.
func (p *person) reads() {
	d, err := p.desk.Technician(ctx, host, p.id)
	if err != nil {
		p.fail("%v", err)
	}
	t, set := d.Technician, p.settings()
	serves := p.held != "" && p.held == t.Method && p.where == addressOf(t)
	asks := t.Method != sallyport.MethodOff && p.held == "" && p.asked && set.EnrolmentCodes
	switch {
	case d.SetUp != serves:
		p.fail("the page of %s says set up: %v; he holds %q of %s", p.name, d.SetUp, p.held, t.Method)
	case (d.Factor != nil) != (p.held != ""):
		p.fail("the page of %s says %+v; he holds %q", p.name, d.Factor, p.held)
	case d.AsksCode != asks:
		p.fail("the page of %s says asked for an enrolment code: %v", p.name, d.AsksCode)
	case !d.CodeUntil.IsZero() && p.spoken == "" && !p.late:
		p.fail("the page of %s says that a code works until %v, and none does", p.name, d.CodeUntil)
	case d.RecoveryLeft != len(p.sheet)+p.astray:
		p.fail("the page of %s says %d recovery codes, and there are %d", p.name, d.RecoveryLeft, len(p.sheet)+p.astray)
	}
}

func last[T any](all []T, n int) []T { return all[max(0, len(all)-n):] }
