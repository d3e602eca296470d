package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"sallyport"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// errGone is an act whose answer never came: the server died.
var errGone = errors.New("no answer")

// worker does random acts on its own accounts until the server dies.
type worker struct {
	admin    *server.Client
	accounts []*account
	random   *rand.Rand
	asked    func() // called before each act
}

// run ends with the first act that got no answer, which is no error, or with one that got a wrong answer.
func (w *worker) run(ctx context.Context) error {
	for ctx.Err() == nil {
		a := w.accounts[w.random.IntN(len(w.accounts))]
		w.asked()
		err := w.act(ctx, a)
		switch {
		case errors.Is(err, errGone):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", a.UserName, err)
		}
	}
	return nil
}

func (w *worker) act(ctx context.Context, a *account) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lastEnd = false
	if a.unsure {
		return w.reread(ctx, a)
	}
	switch n := w.random.IntN(20); {
	case n < 7:
		return signIn(ctx, a)
	case n < 8:
		return wrongDigits(ctx, a)
	case n < 10:
		return signOut(ctx, a)
	case n < 15:
		return look(ctx, a)
	case n < 17:
		return w.signOutEverywhere(ctx, a)
	}
	return w.save(ctx, a)
}

// signIn takes digits that were never sent and expects a session.
func signIn(ctx context.Context, a *account) error {
	digits := ""
	if a.method == sallyport.MethodApp {
		var ok bool
		if digits, ok = a.nextDigits(time.Now()); !ok {
			return nil // this app has shown nothing new since
		}
	}
	if digits == "" {
		a.offTried++
	}
	a.finish.begin()
	token, err := a.browser.SignIn(ctx, a.UserName, team.Password, digits)
	switch {
	case errors.Is(err, server.ErrNotIn) && a.wrong.tried >= 4:
		return nil // several answers in a row whose success died with the server: the wait has begun
	case errors.Is(err, server.ErrNotIn):
		return fmt.Errorf("right digits %s of step %d at %d: %w", digits, a.step, time.Now().Unix()/30, err)
	case err != nil:
		// The answer may have been counted and its success lost, or the success may have set the count back.
		a.wrong.tried, a.wrong.acked = a.wrong.tried+1, 0
		return errGone
	}
	a.finish.ack()
	if a.method == sallyport.MethodApp {
		a.wrong = count{}
		a.last, a.lastEnd, a.ackedStep = digits, true, a.step
	}
	a.live[token], a.seen[token] = true, struct{}{}
	return nil
}

// wrongDigits gives a wrong answer, but never so many that the wait begins.
func wrongDigits(ctx context.Context, a *account) error {
	if a.method != sallyport.MethodApp || a.wrong.tried >= 3 {
		return nil
	}
	page, err := a.browser.Password(ctx, a.UserName, team.Password)
	if err != nil {
		return errGone
	}
	if page.Location != "/sign-in/code" {
		return fmt.Errorf("the password led to %d %s", page.Status, page.Location)
	}
	return wrongAnswer(ctx, a, a.wrongDigits(time.Now()))
}

// wrongAnswer expects the answer to be refused, and counted.
func wrongAnswer(ctx context.Context, a *account, digits string) error {
	a.wrong.begin()
	answer, err := a.browser.Code(ctx, digits)
	if err != nil {
		return errGone
	}
	if answer.Status != http.StatusUnprocessableEntity || a.browser.Session() != "" {
		return fmt.Errorf("wrong digits were answered with %d, session %v", answer.Status, a.browser.Session() != "")
	}
	a.wrong.ack()
	return nil
}

// signOut ends one session of the account by its owner.
func signOut(ctx context.Context, a *account) error {
	good, _ := a.tokens(1)
	if len(good) == 0 {
		return nil
	}
	a.browser.HoldSession(good[0])
	answer, err := a.browser.Post(ctx, "/sign-out", url.Values{})
	if err != nil {
		delete(a.live, good[0])
		return errGone
	}
	if answer.Status != http.StatusSeeOther {
		return fmt.Errorf("sign out answered %d", answer.Status)
	}
	a.bury(good[0])
	return nil
}

// look checks good and dead sessions while everything else goes on.
func look(ctx context.Context, a *account) error {
	good, dead := a.tokens(2)
	return expect(ctx, a.browser, good, dead)
}

func expect(ctx context.Context, c *server.Client, good, dead []string) error {
	for i, token := range append(good, dead...) {
		c.HoldSession(token)
		live, err := c.Live(ctx)
		if err != nil {
			return errGone
		}
		if want := i < len(good); live != want {
			return fmt.Errorf("a session that must be live=%v is live=%v", want, live)
		}
	}
	return nil
}

func (w *worker) signOutEverywhere(ctx context.Context, a *account) error {
	a.raises.begin()
	answer, err := w.admin.Post(ctx, "/admin/technicians/"+string(a.ID)+"/sign-out", url.Values{})
	if err != nil {
		a.forgetSessions()
		return errGone
	}
	if !answer.Done() {
		return fmt.Errorf("sign out everywhere answered %d %s", answer.Status, answer.Location)
	}
	a.raises.ack()
	a.killSessions()
	return nil
}

var versionField = regexp.MustCompile(`name="version"[^>]*value="(\d+)"|value="(\d+)"[^>]*name="version"`)

// save turns method or role, as an administrator would: open the form, change it, Save.
func (w *worker) save(ctx context.Context, a *account) error {
	path := "/admin/technicians/" + string(a.ID)
	page, err := w.admin.Get(ctx, path)
	if err != nil {
		return errGone
	}
	found := versionField.FindStringSubmatch(page.Body)
	if page.Status != http.StatusOK || found == nil {
		return fmt.Errorf("Edit Technician answered %d, version %q", page.Status, found)
	}
	method, role := a.method, []sallyport.RoleID{sallyport.ReadOnlyTechnician, sallyport.ReportsManager}[w.random.IntN(2)]
	if w.random.IntN(3) > 0 || role == a.Role {
		role = a.Role
		method = map[sallyport.Method]sallyport.Method{sallyport.MethodApp: sallyport.MethodOff, sallyport.MethodOff: sallyport.MethodApp}[a.method]
	}
	a.raises.begin()
	answer, err := w.admin.Post(ctx, path, url.Values{"version": {found[1] + found[2]}, "first_name": {a.FirstName}, "last_name": {a.LastName},
		"user_name": {a.UserName}, "email": {a.Email}, "phone": {""}, "role": {string(role)}, "method": {string(method)}})
	if err != nil {
		a.forgetSessions()
		a.unsure = true
		return errGone
	}
	if !answer.Done() {
		return fmt.Errorf("Save of %s and %s answered %d %s", role, method, answer.Status, answer.Location)
	}
	a.raises.ack()
	a.method, a.Role = method, role
	a.killSessions()
	return nil
}

var (
	checkedMethod = regexp.MustCompile(`<input[^>]*name="method"[^>]*value="(\w+)"[^>]*checked`)
	selectedRole  = regexp.MustCompile(`<option value="([\w-]+)" selected`)
)

// reread looks what a Save of unknown outcome has left: all of it, or nothing.
func (w *worker) reread(ctx context.Context, a *account) error {
	page, err := w.admin.Get(ctx, "/admin/technicians/"+string(a.ID))
	if err != nil {
		return errGone
	}
	method, role := checkedMethod.FindStringSubmatch(page.Body), selectedRole.FindStringSubmatch(page.Body)
	if method == nil || role == nil {
		return fmt.Errorf("Edit Technician answered %d without method %q or role %q", page.Status, method, role)
	}
	if sallyport.Method(method[1]) != a.method && sallyport.RoleID(role[1]) != a.Role {
		return fmt.Errorf("a Save that changed one thing changed two: %s, %s", method[1], role[1])
	}
	a.method, a.Role, a.unsure = sallyport.Method(method[1]), sallyport.RoleID(role[1]), false
	return nil
}
