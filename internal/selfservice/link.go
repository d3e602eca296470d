package selfservice

import (
	"net/http"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// linkPage shows the form of a one-use link. Looking at it, as mail scanners do, consumes nothing.
func (f *Face) linkPage(kind sallyport.LinkKind) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		return f.showLink(w, r, kind, session.LinkForm{}, nil)
	}
}

// completeLink takes the form.
func (f *Face) completeLink(kind sallyport.LinkKind) web.Handler {
	fields := []string{"password"}
	if kind == sallyport.LinkSetup {
		fields = []string{"password", "first_name", "last_name", "user_name", "email"}
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		form, err := web.ReadForm(r, fields...)
		if err != nil {
			return err
		}
		typed := session.LinkForm{Password: form.Get("password"), FirstName: form.Get("first_name"), LastName: form.Get("last_name"),
			UserName: form.Get("user_name"), Email: form.Get("email")}
		out, err := f.use.CompleteLink(r.Context(), kind, linkToken(r), typed, web.ClientOf(r))
		switch {
		case err != nil:
			return f.refuseLink(w, r, kind, typed, err)
		case kind == sallyport.LinkReset:
			f.leave(r)
			f.cookies.Session.Clear(w)
			return web.See(w, r, "/sign-in?why=reset")
		}
		return f.goOn(w, r, out)
	}
}

func linkToken(r *http.Request) sallyport.Token { return sallyport.Token(r.PathValue("token")) }

func (f *Face) refuseLink(w http.ResponseWriter, r *http.Request, kind sallyport.LinkKind, typed session.LinkForm, refused error) error {
	switch {
	case spent(refused):
		return f.showSpent(w, r, kind)
	case shown(refused):
		return f.showLink(w, r, kind, typed, refused)
	}
	return refused
}

// showLink draws the form. The link's token stands on it once, in the address that the form is sent to.
func (f *Face) showLink(w http.ResponseWriter, r *http.Request, kind sallyport.LinkKind, typed session.LinkForm, refused error) error {
	link, err := f.use.Link(r.Context(), kind, linkToken(r))
	if spent(err) {
		return f.showSpent(w, r, kind)
	}
	if err != nil {
		return err
	}
	page := view.NewPassword{Door: f.door(r, refused), Kind: kind, Action: r.URL.Path, UserName: link.UserName,
		PasswordMin: link.PasswordMin, Method: link.Method, ExpiresAt: link.ExpiresAt}
	if kind == sallyport.LinkSetup {
		page.FirstName, page.LastName, page.UserName, page.Email = typed.FirstName, typed.LastName, typed.UserName, typed.Email
	}
	return f.show(w, refused, page)
}

// spent reports whether a link leads nowhere. One that never was gets the same answer as one that is used up.
func spent(err error) bool {
	kind := sallyport.KindOf(err)
	return err != nil && (kind == sallyport.Gone || kind == sallyport.NotFound)
}

func (f *Face) showSpent(w http.ResponseWriter, r *http.Request, kind sallyport.LinkKind) error {
	return f.pages.Render(w, http.StatusGone, view.LinkSpent{Door: f.door(r, nil), Kind: kind})
}

func (f *Face) forgottenPage(w http.ResponseWriter, r *http.Request) error {
	return f.show(w, nil, view.Forgotten{Door: f.door(r, nil)})
}

// forgotten asks for a reset. The answer is one and the same, whoever is asked for.
func (f *Face) forgotten(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r, "user_name")
	if err != nil {
		return err
	}
	name := form.Get("user_name")
	if name == "" {
		err = sallyport.InvalidField("user_name", "Please type your user name.")
	} else {
		err = f.use.AskReset(r.Context(), name, web.ClientOf(r))
	}
	if err != nil && !shown(err) {
		return err
	}
	if err != nil {
		return f.show(w, err, view.Forgotten{Door: f.door(r, err), UserName: name})
	}
	return web.See(w, r, "/forgotten/sent")
}

func (f *Face) forgottenSent(w http.ResponseWriter, r *http.Request) error {
	return f.show(w, nil, view.ForgottenSent{Door: f.door(r, nil)})
}
