package interleave

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/session"
)

// act is one use case, done once. events are those of which exactly one must be there when it was acknowledged, and none
// otherwise.
type act struct {
	name   string
	events []string
	once   string // acts of the same word use up one thing: at most one of them succeeds
	do     func(ctx context.Context, w *world, s *server) (sallyport.Token, error)
}

func answer(name, signIn, once string, events ...string) act {
	return act{name: name, events: events, once: once, do: func(ctx context.Context, w *world, s *server) (sallyport.Token, error) {
		out, err := s.door.Answer(ctx, w.signIns[signIn], session.Answer{Kind: session.AnswerCode, Typed: w.codes[signIn]}, browser)
		return out.Session, err
	}}
}

var (
	save = act{name: "Save", events: []string{"technician.method.changed"}, do: func(ctx context.Context, w *world, s *server) (sallyport.Token, error) {
		form := account.FormOf(w.him)
		form.Method = sallyport.MethodEmail
		_, err := s.desk.Save(ctx, w.admin, w.him.ID, form, w.him.Version)
		return "", err
	}}
	end = act{name: "end session", events: []string{"session.ended"}, do: func(ctx context.Context, w *world, s *server) (sallyport.Token, error) {
		hash, _ := w.older.Hash()
		return "", s.desk.EndSession(ctx, w.admin, hash)
	}}

	// Of somebody who holds the app: sign-ins that its next code ends, and the move to a new phone within a session.
	finish = answer("finish", "sign-in", "step", "signin.finished")
	twin   = answer("finish elsewhere", "other sign-in", "step", "signin.finished")
	again  = answer("finish again", "sign-in", "step", "signin.finished")
	phone  = answer("enrol", "phone", "phone", "factor.enrolled", "factor.retired")

	// Of somebody who holds nothing yet: two browsers in which he sets up the app, which ends the sign-in too.
	first  = answer("enrol and finish", "first", "set-up", "factor.enrolled", "signin.finished")
	second = answer("enrol and finish elsewhere", "second", "set-up", "factor.enrolled", "signin.finished")
)

// scene is what there is before the acts begin.
type scene struct {
	name string
	set  func(w *world)
}

var (
	held = scene{"who holds the app", (*world).holdsApp}
	bare = scene{"who sets up", (*world).setsUp}
)

const aStep = 30 * time.Second

// holdsApp: he set the app up in a session that is still live, began to move it to another phone there, and stands before
// the code in two other browsers.
func (w *world) holdsApp() {
	ctx := w.t.Context()
	out := w.password("set-up")
	key := w.secret(out)
	out, err := w.aside.door.Answer(ctx, out.SignIn, session.Answer{Kind: session.AnswerCode, Typed: w.digits(key)}, browser)
	w.check(err)
	w.older = out.Session
	w.clock.Add(aStep)
	actor, _, err := w.aside.door.Actor(ctx, w.older, browser)
	w.check(err)
	out, err = w.aside.door.BeginPhone(ctx, actor, "/me")
	w.check(err)
	out, err = w.aside.door.Answer(ctx, out.SignIn, session.Answer{Kind: session.AnswerCode, Typed: w.digits(key)}, browser)
	w.check(err)
	w.named("phone", out.SignIn)
	other := w.secret(out)
	w.clock.Add(aStep)
	w.password("sign-in")
	w.password("other sign-in")
	w.codes["sign-in"], w.codes["other sign-in"], w.codes["phone"] = w.digits(key), w.digits(key), w.digits(other)
}

// secret is the key that the page of a set-up shows.
func (w *world) secret(out session.Outcome) string {
	w.t.Helper()
	page, err := w.aside.door.Page(w.t.Context(), out.SignIn)
	w.check(err)
	return page.Secret
}

// setsUp: he has a session from before his method was the app, and stands before a QR code in two browsers.
func (w *world) setsUp() {
	w.older = w.hold(w.him)
	for _, name := range []string{"first", "second"} {
		w.codes[name] = w.digits(w.secret(w.password(name)))
	}
}

// on makes a world of the scene.
func (s scene) on(t testing.TB) *world {
	w := newWorld(t)
	w.straight()
	s.set(w)
	hash, _ := w.older.Hash()
	w.names[hash] = "session before"
	if usable, err := w.aside.door.Check(t.Context(), w.older); err != nil || !usable {
		t.Fatalf("the session before is not let in: %v", err)
	}
	w.keep()
	return w
}

// done is what an act was told.
type done struct {
	over, acknowledged bool
	token              sallyport.Token
	err                error
}

func (d done) String() string {
	if d.acknowledged {
		return "done"
	}
	return fmt.Sprintf("%v %s", sallyport.KindOf(d.err), sallyport.CodeOf(d.err))
}
