package selfservice

import (
	"context"
	"net/http"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/session"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// SignIns are the use cases between the password and the session. *session.Service is one.
type SignIns interface {
	Password(ctx context.Context, a session.Attempt) (session.Outcome, error)
	Challenge(ctx context.Context, a session.Attempt) (*session.Challenge, error)
	Page(ctx context.Context, signIn sallyport.Token) (session.Page, error)
	Send(ctx context.Context, signIn sallyport.Token, c sallyport.Client) (session.Page, error)
	Answer(ctx context.Context, signIn sallyport.Token, a session.Answer, c sallyport.Client) (session.Outcome, error)
	Help(ctx context.Context, signIn sallyport.Token, note string, c sallyport.Client) (string, error)
	Again(ctx context.Context, signIn sallyport.Token) error
	Link(ctx context.Context, kind sallyport.LinkKind, token sallyport.Token) (session.LinkPage, error)
	CompleteLink(ctx context.Context, kind sallyport.LinkKind, token sallyport.Token, f session.LinkForm, c sallyport.Client) (session.Outcome, error)
	AskReset(ctx context.Context, userName string, c sallyport.Client) error
}

// Sessions are the use cases of somebody who is, or was, signed in.
type Sessions interface {
	Check(ctx context.Context, session sallyport.Token) (bool, error)
	SignOut(ctx context.Context, session sallyport.Token, c sallyport.Client) error
	EndedReason(ctx context.Context, session sallyport.Token, c sallyport.Client) (sallyport.EndReason, bool)
	Own(ctx context.Context, actor sallyport.Actor, page int) (session.OwnPage, error)
	EndOwn(ctx context.Context, actor sallyport.Actor, id sallyport.Hash) error
	EndOthers(ctx context.Context, actor sallyport.Actor) (int, error)
	ChangePassword(ctx context.Context, actor sallyport.Actor, old, password string) (session.Outcome, error)
	NewRecoveryCodes(ctx context.Context, actor sallyport.Actor) (session.Outcome, error)
	BeginStepUp(ctx context.Context, actor sallyport.Actor, ret string) (session.Outcome, error)
	BeginPhone(ctx context.Context, actor sallyport.Actor, ret string) (session.Outcome, error)
}

// UseCases are all that the face calls.
type UseCases interface {
	SignIns
	Sessions
}

// Logo gives the organisation's picture, nil where there is none.
type Logo func(context.Context) (*account.Logo, error)

// House gives the organisation's name and its picture, nil where there is none or it cannot be had. It does not fail.
type House func(context.Context) (name string, logo *account.Logo)

// Options are what the face is made of. All are required.
type Options struct {
	UseCases UseCases
	Pages    *view.Renderer
	Cookies  web.Cookies
	House    House
	Logo     Logo
	Now      func() time.Time
}

// Face answers for the door and the own page.
type Face struct {
	use     UseCases
	pages   *view.Renderer
	cookies web.Cookies
	house   House
	logo    Logo
	now     func() time.Time
}

// New makes the face.
func New(o Options) *Face {
	return &Face{use: o.UseCases, pages: o.Pages, cookies: o.Cookies, house: o.House, logo: o.Logo, now: o.Now}
}

// maxForm bounds the body of every form here: the longest is a name, an address and a password.
const maxForm = 16 << 10

// Routes are the face's lines of the route table.
func (f *Face) Routes() []web.Route {
	routes := []web.Route{
		get("/{$}", web.SignedIn, f.home),
		get("/sign-in", web.Anyone, f.signInPage),
		post("/sign-in", web.Anyone, f.signIn),
		get("/sign-in/code", web.Anyone, f.stepPage),
		post("/sign-in/code", web.Anyone, f.answer(session.AnswerCode)),
		post("/sign-in/password", web.Anyone, f.answer(session.AnswerPassword)),
		get("/sign-in/recovery", web.Anyone, f.recoveryPage),
		post("/sign-in/recovery", web.Anyone, f.answer(session.AnswerRecovery)),
		post("/sign-in/enrolment-code", web.Anyone, f.answer(session.AnswerEnrolment)),
		post("/sign-in/send", web.Anyone, f.send),
		get("/sign-in/password", web.Anyone, f.toStep),
		get("/sign-in/enrolment-code", web.Anyone, f.toStep),
		get("/sign-in/send", web.Anyone, f.toStep),
		get("/sign-in/state", web.Anyone, f.state),
		get("/sign-in/help", web.Anyone, f.helpPage),
		post("/sign-in/help", web.Anyone, f.help),
		post("/sign-in/again", web.Anyone, f.again),
		get("/forgotten", web.Anyone, f.forgottenPage),
		post("/forgotten", web.Anyone, f.forgotten),
		get("/forgotten/sent", web.Anyone, f.forgottenSent),
		get("/confirm", web.SignedIn, f.confirmPage),
		post("/confirm", web.SignedIn, f.confirm),
		post("/sign-out", web.Anyone, f.signOut),
		get("/logo", web.Anyone, f.serveLogo),
		get("/signed-out", web.Anyone, f.signedOut),
		get("/.well-known/change-password", web.Anyone, f.changePasswordAddress),
	}
	for _, kind := range []sallyport.LinkKind{sallyport.LinkInvitation, sallyport.LinkReset, sallyport.LinkSetup, sallyport.LinkRescue} {
		path := "/" + string(kind) + "/{token}"
		routes = append(routes, get(path, web.Anyone, f.linkPage(kind)), post(path, web.Anyone, f.completeLink(kind)))
	}
	return append(routes, f.ownRoutes()...)
}

func (f *Face) ownRoutes() []web.Route {
	return []web.Route{
		get("/me", web.SignedIn, f.own),
		post("/me/password", web.SignedIn, f.changePassword),
		post("/me/sessions/{id}/end", web.SignedIn, f.endOwn),
		post("/me/sessions/end", web.SignedIn, f.endOthers),
		get("/me/recovery-codes", web.SignedIn, f.recoveryCodesPage),
		post("/me/recovery-codes", web.SignedIn, f.newRecoveryCodes),
		get("/me/phone", web.SignedIn, f.phonePage),
		post("/me/phone", web.SignedIn, f.newPhone),
	}
}

func get(path string, need web.Need, h web.Handler) web.Route {
	return web.Route{Method: http.MethodGet, Pattern: path, Needs: need, Handler: h}
}

func post(path string, need web.Need, h web.Handler) web.Route {
	return web.Route{Method: http.MethodPost, Pattern: path, Needs: need, Handler: h, Body: maxForm}
}

// door is the frame with the organisation's name, and what was refused, if anything.
func (f *Face) door(r *http.Request, refused error) view.Door {
	name, logo := f.house(r.Context())
	return view.Door{Organisation: name, Logo: picture(logo), Problem: problem(r, refused, f.now())}
}

// problem is what a page says of what was refused, with the request's id where the log says more.
func problem(r *http.Request, refused error, now time.Time) *view.Problem {
	p := view.ProblemOf(refused, now)
	if p != nil {
		p.RequestID = web.Fault(r, refused)
	}
	return p
}

// show draws a page with the status that belongs to what was refused; 200 when nothing was.
func (f *Face) show(w http.ResponseWriter, refused error, p view.Page) error {
	status := http.StatusOK
	if refused != nil {
		status = web.Status(refused)
		web.RetryAfter(w.Header(), refused)
	}
	return f.pages.Render(w, status, p)
}

// shown reports whether err is for the page's reader: something he typed, a limit, a state that moved on. Everything
// else is a fault and becomes the error page.
func shown(err error) bool {
	switch sallyport.KindOf(err) {
	case sallyport.Invalid, sallyport.Forbidden, sallyport.Conflict, sallyport.TooMany, sallyport.Unavailable:
		return true
	}
	return false
}
