package selfservice

import (
	"net/http"
	"net/url"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// goOn gives the browser the tokens of an outcome and sends it to the next page: the next step, the recovery codes,
// what is worth a word after a sign-in, or the page that it came for.
func (f *Face) goOn(w http.ResponseWriter, r *http.Request, out session.Outcome) error {
	f.keep(w, out)
	if out.Device != "" { // a session that goes on, unlike a new one, brings no device token
		f.leave(r)
	}
	if !out.Finished {
		return web.See(w, r, "/sign-in/code")
	}
	back := web.LocalPath(out.Return)
	switch {
	case len(out.RecoveryCodes) > 0:
		return f.showCodes(w, r, out, back)
	case out.OfferPhone:
		return web.See(w, r, "/me/phone?return="+url.QueryEscape(back))
	case out.FewRecovery:
		return web.See(w, r, "/me/recovery-codes?return="+url.QueryEscape(back))
	}
	return web.See(w, r, back)
}

// keep sets the cookies that an outcome brings. A finished sign-in takes its own back.
func (f *Face) keep(w http.ResponseWriter, out session.Outcome) {
	if out.Session != "" {
		f.cookies.Session.Set(w, out.Session)
	}
	if out.Device != "" {
		f.cookies.Device.Set(w, out.Device)
	}
	switch {
	case out.Finished:
		f.cookies.SignIn.Clear(w)
	case out.SignIn != "":
		f.cookies.SignIn.Set(w, out.SignIn)
	}
}

// leave ends the session that this browser held until now, where it is still live. Its token is lost with this answer:
// nobody could sign out of it here any more. That it could not be ended undoes no sign-in; the log says so, and it ends as
// one that is not used.
func (f *Face) leave(r *http.Request) {
	held, ok := f.cookies.Session.Read(r)
	if !ok {
		return
	}
	live, err := f.use.Check(r.Context(), held)
	if err == nil && live {
		err = f.use.SignOut(r.Context(), held, web.ClientOf(r))
	}
	web.Fault(r, err)
}

// showCodes shows new recovery codes, in the answer to the very request that made them: they are nowhere else.
func (f *Face) showCodes(w http.ResponseWriter, r *http.Request, out session.Outcome, next string) error {
	if next == "/" { // so that the page can say where that is
		role, _ := sallyport.RoleByID(out.Role)
		next = homeOf(role)
	}
	return f.show(w, nil, view.RecoveryCodes{Door: f.door(r, nil), UserName: out.UserName, Codes: out.RecoveryCodes,
		MadeAt: f.now(), Next: next, Fresh: out.OlderCodes})
}
