package selfservice

import (
	"net/http"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// confirmPage asks a live session for its proof again, before a sensitive change.
func (f *Face) confirmPage(w http.ResponseWriter, r *http.Request) error {
	query, err := web.ReadQuery(r, "return")
	if err != nil {
		return err
	}
	return f.showConfirm(w, r, web.LocalPath(query.Get("return")), nil)
}

func (f *Face) showConfirm(w http.ResponseWriter, r *http.Request, back string, refused error) error {
	t := web.VisitorOf(r).Technician
	if t.Method == sallyport.MethodOff {
		return f.show(w, refused, view.StepUpPassword{Door: f.door(r, refused), UserName: t.UserName, Action: "/confirm", Return: back})
	}
	return f.show(w, refused, view.StepUp{Door: f.door(r, refused), Method: t.Method, Return: back})
}

// confirm begins the proof. What was typed on the page already is given at once; a code by email or text message is
// sent, and asked for on the next page.
func (f *Face) confirm(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r, "return", "code", "password", "way")
	if err != nil {
		return err
	}
	back := web.LocalPath(form.Get("return"))
	out, err := f.use.BeginStepUp(r.Context(), web.ActorOf(r), back)
	if err != nil {
		if !shown(err) {
			return err
		}
		return f.showConfirm(w, r, back, err)
	}
	if form.Get("way") == "recovery" {
		f.keep(w, out)
		return web.See(w, r, "/sign-in/recovery")
	}
	answer, typed := typedAnswer(form)
	if !typed {
		return f.goOn(w, r, out)
	}
	next, err := f.use.Answer(r.Context(), out.SignIn, answer, web.ClientOf(r))
	if err == nil {
		return f.goOn(w, r, next)
	}
	if !shown(err) {
		return f.gone(w, r, err, end{why: "over", back: back})
	}
	page, lost := f.use.Page(r.Context(), out.SignIn)
	if lost != nil {
		return lost
	}
	f.keep(w, out)
	return f.showStep(w, r, page, err)
}

func typedAnswer(form web.Form) (session.Answer, bool) {
	switch {
	case form.Has("code"):
		return session.Answer{Kind: session.AnswerCode, Typed: form.Get("code")}, true
	case form.Has("password"):
		return session.Answer{Kind: session.AnswerPassword, Typed: form.Get("password")}, true
	}
	return session.Answer{}, false
}
