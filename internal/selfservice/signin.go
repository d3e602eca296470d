package selfservice

import (
	"errors"
	"net/http"
	"time"

	"sallyport"
	"sallyport/internal/identity"
	"sallyport/internal/puzzle"
	"sallyport/internal/session"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// home sends everybody who is signed in to the page that he works on.
func (f *Face) home(w http.ResponseWriter, r *http.Request) error {
	return web.See(w, r, homeOf(web.VisitorOf(r).Role))
}

func homeOf(role sallyport.Role) string {
	if administers(role) {
		return "/admin"
	}
	return "/me"
}

// administers reports whether there is anything in Admin for the role.
func administers(role sallyport.Role) bool {
	return role.Has(sallyport.ReadTechnicians) || role.Has(sallyport.ReadSessions) || role.Has(sallyport.ReadAudit)
}

// notices are what /sign-in?why=… may say. Nothing of the address itself reaches the page.
var notices = map[string]string{
	"over": "That sign-in is over: it took too long, or something changed meanwhile. Please start again.",
	"set-up": "That set-up is over: it took too long, something changed meanwhile, or the app was set up elsewhere. Please start again. If another QR code appears then, " +
		"or the code of the entry that you have just scanned is refused, delete that entry from the app.",
	"reset": "Your password was changed, and you were signed out everywhere. Please sign in with the new one.",

	web.NotDone: "You were not signed in any more, so what you sent was not done. Please sign in, then do it again.",
}

// sentTwice is what web.NotDone says where an act of his own ended the session: the answer to it may be what he did not get to
// see, because he pressed twice and nothing on the page kept him from it.
const sentTwice = "You were not signed in any more, so this press of the button did nothing. If you pressed it before, that may well have been done: " +
	"please sign in, and look before you do it again."

// byOwnAct reports whether a session ended by what its owner did himself.
func byOwnAct(reason sallyport.EndReason) bool {
	switch reason {
	case sallyport.EndedByOwner, sallyport.EndedByOwnSave, sallyport.EndedByPassword:
		return true
	}
	return false
}

// signInPage shows the form, and gives the browser the cookie that must come back with it.
func (f *Face) signInPage(w http.ResponseWriter, r *http.Request) error {
	query, err := web.ReadQuery(r, "return", "why")
	if err != nil {
		return err
	}
	page := view.SignIn{Door: f.door(r, nil), Return: web.LocalPath(query.Get("return"))}
	page.Notice = notices[query.Get("why")]
	if token, ok := f.cookies.Session.Read(r); ok {
		usable, err := f.use.Check(r.Context(), token)
		switch {
		case err != nil:
			return err // he may well be signed in: the form would tell him that he is not
		case usable:
			return web.See(w, r, page.Return)
		}
		if reason, known := f.use.EndedReason(r.Context(), token, web.ClientOf(r)); known {
			page.Reason = view.EndedWords(reason)
			if query.Get("why") == web.NotDone && byOwnAct(reason) {
				page.Notice = sentTwice
			}
		}
	}
	f.begin(w, r)
	return f.show(w, nil, page)
}

// begin makes sure that the browser holds a sign-in cookie: a form posted from elsewhere, to sign somebody in under a
// foreign account, comes without it.
func (f *Face) begin(w http.ResponseWriter, r *http.Request) {
	if _, ok := f.cookies.SignIn.Read(r); !ok {
		f.cookies.SignIn.Set(w, sallyport.NewToken())
	}
}

var errNoCookie = sallyport.E(sallyport.Forbidden, "no_cookie",
	"Your browser did not send back the cookie of this page. Please try again. If you read this once more, please allow cookies here.")

// signIn takes user name and password.
func (f *Face) signIn(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r, "user_name", "password", "return", "challenge", "proof")
	if err != nil {
		return err
	}
	attempt := session.Attempt{UserName: form.Get("user_name"), Password: form.Get("password"),
		Return: web.LocalPath(form.Get("return")), Client: web.ClientOf(r), Challenge: form.Get("challenge"), Proof: form.Get("proof")}
	attempt.Device, _ = f.cookies.Device.Read(r)
	var out session.Outcome
	var ok bool
	if attempt.Begun, ok = f.cookies.SignIn.Read(r); !ok {
		if err = f.withoutCookie(r, attempt.UserName); err == nil {
			return web.See(w, r, attempt.Return)
		}
	} else if err = filled(attempt); err == nil {
		out, err = f.use.Password(r.Context(), attempt)
	}
	if err != nil {
		return f.signInAgain(w, r, attempt, err)
	}
	return f.goOn(w, r, out)
}

// withoutCookie says what is wrong with a form that came without the cookie of its page; nil where nothing is: it was
// opened before the browser signed in, in another tab, which took the cookie back. That it was somebody else who signed in
// there is said: whoever typed his name here would take that one's pages for his own.
func (f *Face) withoutCookie(r *http.Request, userName string) error {
	token, ok := f.cookies.Session.Read(r)
	if !ok {
		return errNoCookie
	}
	live, err := f.use.Check(r.Context(), token)
	if err == nil && !live {
		err = errNoCookie
	}
	if err != nil {
		return err
	}
	hash, _ := token.Hash()
	own, err := f.use.Own(r.Context(), sallyport.Actor{Session: hash}, 1)
	if err != nil {
		return err
	}
	if _, key, _, _ := identity.UserName(userName); key != own.Technician.UserNameKey {
		return sallyport.E(sallyport.Conflict, "somebody_else", "In another tab of this browser somebody signed in meanwhile, as "+own.Technician.UserName+
			". If you go on here, that session ends: please type your password again.")
	}
	return nil
}

// filled names the fields that were left empty. Nothing is looked up for them, so that they cost no try.
func filled(a session.Attempt) error {
	var fields []sallyport.Field
	if a.UserName == "" {
		fields = append(fields, sallyport.Field{Name: "user_name", Message: "Please type your user name."})
	}
	if a.Password == "" {
		fields = append(fields, sallyport.Field{Name: "password", Message: "Please type your password."})
	}
	return sallyport.InvalidFields(fields)
}

// signInAgain shows the form with what was wrong. The name stays, the password does not.
func (f *Face) signInAgain(w http.ResponseWriter, r *http.Request, a session.Attempt, refused error) error {
	if !shown(refused) {
		return refused
	}
	f.begin(w, r)
	return f.show(w, refused, view.SignIn{Door: f.door(r, refused), UserName: a.UserName, Return: a.Return, Challenge: f.challenge(r, a, refused)})
}

// challenge is the proof of work that the page carries after failed sign-ins. Where none can be made the wait applies.
func (f *Face) challenge(r *http.Request, a session.Attempt, refused error) *view.Challenge {
	kind := sallyport.KindOf(refused) // neither of these is said of a form without its cookie or with an empty field
	if kind != sallyport.TooMany && !errors.Is(refused, session.ErrWrongPassword) {
		return nil
	}
	c, err := f.use.Challenge(r.Context(), a)
	if err != nil || c == nil {
		return nil
	}
	shown := &view.Challenge{Text: c.Text, Difficulty: c.Difficulty, Parts: puzzle.Parts, Waits: kind == sallyport.TooMany}
	if c.From.Sub(c.Now) >= time.Second {
		shown.From = c.From
	}
	return shown
}

// signOut ends the session of this browser.
func (f *Face) signOut(w http.ResponseWriter, r *http.Request) error {
	if _, err := web.ReadForm(r); err != nil {
		return err
	}
	if token, ok := f.cookies.Session.Read(r); ok {
		if err := f.use.SignOut(r.Context(), token, web.ClientOf(r)); err != nil {
			return err
		}
	}
	f.cookies.Session.Clear(w)
	// Pages are never stored, but some browsers keep them in memory for the back button all the same.
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return web.See(w, r, "/signed-out")
}

func (f *Face) signedOut(w http.ResponseWriter, r *http.Request) error {
	return f.show(w, nil, view.SignedOut{Door: f.door(r, nil)})
}

// changePasswordAddress is where password managers look (W3C, A Well-Known URL for Changing Passwords).
func (f *Face) changePasswordAddress(w http.ResponseWriter, r *http.Request) error {
	return web.See(w, r, "/me#change-password")
}
