package selfservice

import (
	"cmp"
	"net/http"
	"net/url"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// current is the page of this browser's sign-in, and its token.
func (f *Face) current(r *http.Request) (sallyport.Token, session.Page, error) {
	token, ok := f.cookies.SignIn.Read(r)
	if !ok {
		return "", session.Page{}, errOver
	}
	page, err := f.use.Page(r.Context(), token)
	return token, page, err
}

var errOver = sallyport.E(sallyport.Gone, "sign_in_over", "This sign-in is over. Please start again.")

// stepPage shows what the sign-in waits for.
func (f *Face) stepPage(w http.ResponseWriter, r *http.Request) error {
	query, err := web.ReadQuery(r, "return", "over")
	if err != nil {
		return err
	}
	_, page, err := f.current(r)
	if err != nil {
		return f.gone(w, r, err, endOf(query.Get("over"), query.Get("return")))
	}
	return f.showStep(w, r, page, nil)
}

// toStep answers where a form of a step was refused, when that address is looked at: from the browser's memory, or by its bar.
func (f *Face) toStep(w http.ResponseWriter, r *http.Request) error {
	return web.See(w, r, "/sign-in/code")
}

// answer takes what was typed at a step.
func (f *Face) answer(kind session.AnswerKind) web.Handler {
	field := "code"
	if kind == session.AnswerPassword {
		field = "password"
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		form, err := web.ReadForm(r, field, "set_up", "return", "who")
		if err != nil {
			return err
		}
		over := endOf(form.Get("set_up"), form.Get("return"))
		token, ok := f.cookies.SignIn.Read(r)
		if !ok {
			return f.gone(w, r, errOver, over)
		}
		out, err := f.use.Answer(r.Context(), token, session.Answer{Kind: kind, Typed: form.Get(field), Whose: form.Get("who")}, web.ClientOf(r))
		if err != nil {
			return f.refuse(w, r, sent{kind, over}, err)
		}
		return f.goOn(w, r, out)
	}
}

// sent is a form of a step, as it came.
type sent struct {
	kind session.AnswerKind
	over end
}

// refuse shows the step again, with what was wrong.
func (f *Face) refuse(w http.ResponseWriter, r *http.Request, s sent, refused error) error {
	if !shown(refused) && sallyport.KindOf(refused) != sallyport.Gone {
		return f.gone(w, r, refused, s.over)
	}
	_, page, err := f.current(r)
	switch {
	case sallyport.KindOf(err) == sallyport.Gone:
		return web.See(w, r, s.over.step())
	case err != nil:
		return err
	case !shown(refused): // the sign-in is there; its session, or the link that it began with, is over
		return f.gone(w, r, refused, s.over)
	}
	if s.kind == session.AnswerRecovery && sallyport.KindOf(refused) == sallyport.Invalid {
		return f.show(w, refused, view.Recovery{Door: f.stepDoor(r, page, refused)})
	}
	return f.showStep(w, r, page, refused)
}

// lost answers when there is no sign-in to go on with: a session that is live already goes on, three wrong answers
// ended another one, everybody else starts again.
func (f *Face) lost(w http.ResponseWriter, r *http.Request, err error) error {
	return f.gone(w, r, err, end{why: "over"})
}

// end is what becomes of somebody whose sign-in is over.
type end struct {
	why   string // one of notices, for the sign-in page
	back  string // the page that a proof was asked for, as the form said it; empty in a sign-in
	setUp string // what was being set up, as the form said it: app, or something that is sent; empty where nothing was
}

// endOf is the end of a step whose form came too late. Of a set-up perhaps somebody else was first: that cannot be known,
// for the sign-in is gone with its key.
func endOf(setUp, back string) end {
	if setUp == anyStep {
		setUp = ""
	}
	over := end{why: "over", back: back, setUp: setUp}
	if setUp == "app" {
		over.why = "set-up"
	}
	return over
}

// signIn is the sign-in page, which leads to where it would have gone on.
func (e end) signIn() string { return e.at("/sign-in", "why", e.why) }

// step is the page of the step that the browser's sign-in waits for. It is asked for, where the sign-in of a form is gone,
// because the form may have been sent twice: the answer to the first has given the browser another token, which it brings
// there. Where it has none that is live, the end is said from there.
func (e end) step() string { return e.at("/sign-in/code", "over", cmp.Or(e.setUp, anyStep)) }

// anyStep is what is over where nothing was being set up.
const anyStep = "step"

func (e end) at(page, name, value string) string {
	q := url.Values{}
	if back := web.LocalPath(e.back); back != "/" {
		q.Set("return", back)
	}
	if value != "" {
		q.Set(name, value)
	}
	if len(q) == 0 {
		return page
	}
	return page + "?" + q.Encode()
}

// gone is lost with what follows.
func (f *Face) gone(w http.ResponseWriter, r *http.Request, err error, over end) error {
	switch {
	case sallyport.CodeOf(err) == "guessing":
		f.cookies.SignIn.Clear(w)
		return web.See(w, r, end{back: over.back}.signIn()) // which says why the session ended
	case sallyport.KindOf(err) != sallyport.Gone:
		return err
	}
	usable := false
	if token, ok := f.cookies.Session.Read(r); ok {
		var failed error
		if usable, failed = f.use.Check(r.Context(), token); failed != nil {
			return failed
		}
	}
	f.cookies.SignIn.Clear(w)
	switch {
	case usable && over.setUp != "": // by this browser, his new phone's, or one by a link: which of them, the own page says
		return web.See(w, r, "/me?done="+over.why)
	case usable:
		return web.See(w, r, web.LocalPath(over.back))
	}
	return web.See(w, r, over.signIn())
}

// send asks for a fresh code.
func (f *Face) send(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r, "return", "who")
	if err != nil {
		return err
	}
	over := endOf("", form.Get("return"))
	token, ok := f.cookies.SignIn.Read(r)
	if !ok {
		return f.gone(w, r, errOver, over)
	}
	err = f.mixed(r, token, form.Get("who"))
	if err == nil {
		_, err = f.use.Send(r.Context(), token, web.ClientOf(r))
	}
	if err != nil {
		return f.refuse(w, r, sent{session.AnswerCode, over}, err)
	}
	return web.See(w, r, "/sign-in/code")
}

// mixed is session.Mixed for the sign-in of a token.
func (f *Face) mixed(r *http.Request, token sallyport.Token, whose string) error {
	if whose == "" {
		return nil
	}
	page, err := f.use.Page(r.Context(), token)
	if err != nil {
		return err
	}
	return session.Mixed(whose, page.UserName)
}

// stateAnswer is what the page's script learns about a message on its way. It holds nothing that the page does not say.
type stateAnswer struct {
	State   string `json:"state"`
	Message string `json:"message"`
}

// state tells the page's script what became of a message.
func (f *Face) state(w http.ResponseWriter, r *http.Request) error {
	_, page, err := f.current(r)
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, stateAnswer{State: string(page.State), Message: delivery(page).Words()})
}

func (f *Face) recoveryPage(w http.ResponseWriter, r *http.Request) error {
	_, page, err := f.current(r)
	if err != nil {
		return f.lost(w, r, err)
	}
	return f.show(w, nil, view.Recovery{Door: f.stepDoor(r, page, nil)})
}

func (f *Face) helpPage(w http.ResponseWriter, r *http.Request) error {
	_, page, err := f.current(r)
	if err != nil {
		return f.lost(w, r, err)
	}
	return f.show(w, nil, view.AskHelp{Door: f.stepDoor(r, page, nil)})
}

// help tells the administrators, and shows the number once.
func (f *Face) help(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r, "note", "return", "who")
	if err != nil {
		return err
	}
	over := endOf("", form.Get("return"))
	token, page, err := f.current(r)
	if err != nil {
		return f.gone(w, r, err, over)
	}
	if err := session.Mixed(form.Get("who"), page.UserName); err != nil {
		return f.showStep(w, r, page, err)
	}
	number, err := f.use.Help(r.Context(), token, form.Get("note"), web.ClientOf(r))
	if err != nil && !shown(err) {
		return f.gone(w, r, err, over)
	}
	return f.show(w, err, view.AskHelp{Door: f.stepDoor(r, page, err), Number: number, Note: form.Get("note")})
}

// again ends the sign-in at its owner's wish. Who proves a live session once more goes back to the page that asked for it.
func (f *Face) again(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r, "return", "who")
	if err != nil {
		return err
	}
	if token, ok := f.cookies.SignIn.Read(r); ok {
		if err := f.use.Again(r.Context(), token); err != nil {
			return err
		}
	}
	f.cookies.SignIn.Clear(w)
	if form.Has("return") {
		return web.See(w, r, web.LocalPath(form.Get("return")))
	}
	return web.See(w, r, "/sign-in")
}
