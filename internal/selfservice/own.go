package selfservice

import (
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// ownNotices are what /me?done=… may say.
var ownNotices = map[string]string{
	"password": "Your password was changed. Every other session of yours has ended.",
	"ended":    "That session has ended.",
	"gone":     "That session had ended already.",
	"others":   "You are signed in nowhere else now.",
	"set-up":   notices["set-up"],
	"over":     notices["over"],
}

// setUpAlready is said in the place of an end of a set-up that was not its end: the form came again, by a second press, a reload,
// or from another tab. What answered the first one is not shown again.
const setUpAlready = "Your second factor is set up, and you are signed in. Its ten recovery codes were shown once: if you did not save them, please make new ones here."

// setUpLife is how long a set-up may take (contract section 1): one that is over with its time began before that.
const setUpLife = 30 * time.Minute

// endOfSetUp is what the own page says to somebody whose set-up is over. Where its second factor is younger than a set-up may
// take, that set-up is the one that he means: it ended whatever else was signed in.
func endOfSetUp(done string, p session.OwnPage) string {
	if (done == "set-up" || done == "over") && p.SetUp && p.Now.Sub(p.FactorAt) < setUpLife {
		return setUpAlready
	}
	return ownNotices[done]
}

// own shows the technician's own page.
func (f *Face) own(w http.ResponseWriter, r *http.Request) error {
	query, err := web.ReadQuery(r, "done", "page")
	if err != nil {
		return err
	}
	page, _ := strconv.Atoi(query.Get("page")) // what is no number is the first page
	return f.showOwn(w, r, ownShown{done: query.Get("done"), page: page})
}

// ownShown is what the own page says beside what stands.
type ownShown struct {
	done    string // one of ownNotices
	refused error
	page    int // of the other sessions
}

func (f *Face) showOwn(w http.ResponseWriter, r *http.Request, s ownShown) error {
	p, err := f.use.Own(r.Context(), web.ActorOf(r), s.page)
	if err != nil {
		return err
	}
	t := p.Technician
	page := view.Own{Door: view.Door{Organisation: p.Settings.Organisation, Logo: f.picture(r.Context()), Problem: problem(r, s.refused, p.Now), Notice: endOfSetUp(s.done, p), Wide: true,
		Stay: &view.Stay{Idle: p.Settings.SessionIdle, Left: p.Current.ExpiresAt.Sub(p.Now)}},
		Name: t.Name(), UserName: t.UserName, Email: t.Email, Role: p.Role.Name, Method: t.Method, SetUp: p.SetUp, FactorAt: p.FactorAt,
		FactorUsed: p.FactorUsed, RecoveryLeft: p.RecoveryLeft, MayNewPhone: p.MayNewPhone, MayRecovery: p.MayRecovery,
		MayAdmin: administers(p.Role), PasswordMin: p.Settings.PasswordMin, Current: ownSession(p.Current), Others: ownSessions(p.Others), OthersTotal: p.Total, Page: p.Page,
		Pager: view.NewPager(p.Page, p.Size, p.Total, ownAddress)}
	return f.show(w, s.refused, page)
}

// ownAddress is the own page with another page of sessions.
func ownAddress(page int) string { return "/me?page=" + strconv.Itoa(page) + "#sessions" }

func ownSessions(all []sallyport.Session) []view.OwnSession {
	list := make([]view.OwnSession, 0, len(all))
	for _, s := range all {
		list = append(list, ownSession(s))
	}
	return list
}

// ownSession names a session by the hash of its token, from which no token can be made.
func ownSession(s sallyport.Session) view.OwnSession {
	return view.OwnSession{ID: hex.EncodeToString(s.Hash[:]), Browser: s.Browser, Address: s.Address,
		Method: view.ProofWords(s.Method), CreatedAt: s.CreatedAt, UsedAt: s.UsedAt}
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
		return f.showOwn(w, r, ownShown{refused: err})
	case err != nil:
		return err
	}
	f.keep(w, out)
	return web.See(w, r, "/me?done=password")
}

// endOwn ends one of the own sessions.
func (f *Face) endOwn(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r, "page")
	if err != nil {
		return err
	}
	var id sallyport.Hash
	raw, err := hex.DecodeString(r.PathValue("id"))
	if err != nil || len(raw) != len(id) {
		return sallyport.ErrNotFound
	}
	copy(id[:], raw)
	done := "ended"
	switch err := f.use.EndOwn(r.Context(), web.ActorOf(r), id); {
	case sallyport.KindOf(err) == sallyport.NotFound:
		done = "gone"
	case err != nil:
		return err
	}
	if page, _ := strconv.Atoi(form.Get("page")); page > 1 {
		return web.See(w, r, "/me?done="+done+"&page="+strconv.Itoa(page))
	}
	return web.See(w, r, "/me?done="+done)
}

// endOthers ends every session but this browser's.
func (f *Face) endOthers(w http.ResponseWriter, r *http.Request) error {
	if _, err := web.ReadForm(r); err != nil {
		return err
	}
	if _, err := f.use.EndOthers(r.Context(), web.ActorOf(r)); err != nil {
		return err
	}
	return web.See(w, r, "/me?done=others")
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
	p, err := f.use.Own(r.Context(), web.ActorOf(r), 1)
	return p, backTo(query), err
}

// backTo is the page that one came for, or the own page, where the way led from there.
func backTo(form web.Form) string {
	if form.Has("return") {
		return web.LocalPath(form.Get("return"))
	}
	return "/me"
}

func (f *Face) newRecoveryCodes(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r, "return")
	if err != nil {
		return err
	}
	out, err := f.use.NewRecoveryCodes(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	f.keep(w, out)
	return f.showCodes(w, r, out, backTo(form))
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
	return f.show(w, nil, view.OfferPhone{Door: f.door(r, nil), Left: p.RecoveryLeft, Return: back, AfterRecovery: p.PhoneProved})
}

func (f *Face) newPhone(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r, "return")
	if err != nil {
		return err
	}
	out, err := f.use.BeginPhone(r.Context(), web.ActorOf(r), backTo(form))
	if err != nil {
		return err
	}
	return f.goOn(w, r, out)
}
