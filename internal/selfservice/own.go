package selfservice

import (
	"encoding/hex"
	"net/http"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// ownNotices are what /me?done=… may say.
var ownNotices = map[string]string{
	"password": "Your password was changed. Every other session of yours has ended.",
	"ended":    "That session has ended.",
	"phone":    "The app on your new phone is set up. The old phone's codes no longer work.",
}

// own shows the technician's own page.
func (f *Face) own(w http.ResponseWriter, r *http.Request) error {
	query, err := web.ReadQuery(r, "done")
	if err != nil {
		return err
	}
	return f.showOwn(w, r, ownNotices[query.Get("done")], nil)
}

func (f *Face) showOwn(w http.ResponseWriter, r *http.Request, notice string, refused error) error {
	p, err := f.use.Own(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	t := p.Technician
	page := view.Own{Door: view.Door{Organisation: p.Settings.Organisation, Logo: f.picture(r.Context()), Problem: view.ProblemOf(refused, p.Now), Notice: notice, Wide: true},
		Name: t.Name(), UserName: t.UserName, Email: t.Email, Role: p.Role.Name, Method: t.Method, SetUp: p.SetUp, FactorAt: p.FactorAt,
		FactorUsed: p.FactorUsed, RecoveryLeft: p.RecoveryLeft, MayNewPhone: p.MayNewPhone, MayRecovery: p.MayRecovery,
		MayAdmin: administers(p.Role), PasswordMin: p.Settings.PasswordMin, Sessions: ownSessions(p)}
	return f.show(w, refused, page)
}

// ownSessions names each session by the hash of its token, from which no token can be made.
func ownSessions(p session.OwnPage) []view.OwnSession {
	list := make([]view.OwnSession, 0, len(p.Sessions))
	for _, s := range p.Sessions {
		list = append(list, view.OwnSession{ID: hex.EncodeToString(s.Hash[:]), Browser: s.Browser, Address: s.Address,
			Method: view.ProofWords(s.Method), CreatedAt: s.CreatedAt, UsedAt: s.UsedAt, Current: s.Hash == p.Current})
	}
	return list
}

// changePassword takes the current and the new password. The browser goes on under a new token.
func (f *Face) changePassword(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r, "old_password", "password")
	if err != nil {
		return err
	}
	out, err := f.use.ChangePassword(r.Context(), web.ActorOf(r), form.Get("old_password"), form.Get("password"))
	switch {
	case err != nil && shown(err):
		return f.showOwn(w, r, "", err)
	case err != nil:
		return err
	}
	f.keep(w, out)
	return web.See(w, r, "/me?done=password")
}

// endOwn ends one of the own sessions.
func (f *Face) endOwn(w http.ResponseWriter, r *http.Request) error {
	if _, err := web.ReadForm(r); err != nil {
		return err
	}
	var id sallyport.Hash
	raw, err := hex.DecodeString(r.PathValue("id"))
	if err != nil || len(raw) != len(id) {
		return sallyport.ErrNotFound
	}
	copy(id[:], raw)
	if err := f.use.EndOwn(r.Context(), web.ActorOf(r), id); err != nil {
		return err
	}
	return web.See(w, r, "/me?done=ended")
}

// recoveryCodesPage says how many codes are left, and offers ten new ones.
func (f *Face) recoveryCodesPage(w http.ResponseWriter, r *http.Request) error {
	p, back, err := f.ownAnd(r)
	switch {
	case err != nil:
		return err
	case !p.MayRecovery:
		return web.See(w, r, back)
	}
	return f.show(w, nil, view.FewCodes{Door: f.door(r, nil), Left: p.RecoveryLeft, Return: back})
}

// ownAnd is the own page's facts, and where "Not now" leads.
func (f *Face) ownAnd(r *http.Request) (session.OwnPage, string, error) {
	query, err := web.ReadQuery(r, "return")
	if err != nil {
		return session.OwnPage{}, "", err
	}
	back := "/me"
	if query.Has("return") {
		back = web.LocalPath(query.Get("return"))
	}
	p, err := f.use.Own(r.Context(), web.ActorOf(r))
	return p, back, err
}

func (f *Face) newRecoveryCodes(w http.ResponseWriter, r *http.Request) error {
	if _, err := web.ReadForm(r); err != nil {
		return err
	}
	out, err := f.use.NewRecoveryCodes(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	f.keep(w, out)
	return f.show(w, nil, view.RecoveryCodes{Door: f.door(r, nil), UserName: web.VisitorOf(r).Technician.UserName, Codes: out.RecoveryCodes,
		MadeAt: f.now(), Next: "/me", Fresh: true})
}

// phonePage offers the set-up of a new phone.
func (f *Face) phonePage(w http.ResponseWriter, r *http.Request) error {
	p, back, err := f.ownAnd(r)
	switch {
	case err != nil:
		return err
	case !p.MayNewPhone:
		return web.See(w, r, back)
	}
	page := view.OfferPhone{Door: f.door(r, nil), Left: p.RecoveryLeft, Return: back}
	for _, s := range p.Sessions {
		if s.Hash == p.Current {
			page.AfterRecovery = s.Method == "recovery"
		}
	}
	return f.show(w, nil, page)
}

func (f *Face) newPhone(w http.ResponseWriter, r *http.Request) error {
	if _, err := web.ReadForm(r); err != nil {
		return err
	}
	out, err := f.use.BeginPhone(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	return f.goOn(w, r, out)
}
