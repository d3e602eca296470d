package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"sallyport"
	"sallyport/internal/delivery"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

func (c *Console) saveDraft(p gatewayPage) formHandler {
	return func(w http.ResponseWriter, r *http.Request, f web.Form) error {
		form := delivery.Form{Channel: p.channel, Kind: sallyport.GatewayKind(f.Get("kind")), Began: f.Get("version"), Values: map[string]string{}}
		for _, name := range p.formFields()[2:] {
			if f.Has(name) {
				form.Values[name] = f.Get(name)
			}
		}
		var saved delivery.Saved
		err := notCarried(f)
		if err == nil {
			saved, err = c.gateways.SaveDraft(r.Context(), web.ActorOf(r), form)
		}
		if err != nil {
			return c.gatewayRefused(w, r, gatewayState{page: p, open: true, kind: form.Kind, values: f.Get, began: form.Began}, err)
		}
		a := done("Saved as a draft. Send a test message, and type its code back, to put it in use.")
		if len(saved.Cleared) > 0 {
			a = view.Answer{Kind: "warn", Line: a.Line, Items: []string{"Because the server or the account changed, this was cleared: " + strings.Join(saved.Cleared, ", ") + "."}}
		}
		return c.see(w, r, p.path, a)
	}
}

const typeAgain = "Please type this again: secrets are never shown back, so it was not kept."

// notCarried refuses a form that was typed with secrets and comes back without them, after a proof was asked for. Without
// a word the ones that were stored before would stay.
func notCarried(f web.Form) error {
	var fields []sallyport.Field
	for _, name := range f.All(secretsLost) {
		if _, secret := secretFields()[name]; secret && f.Get(name) == "" {
			fields = append(fields, sallyport.Field{Name: name, Message: typeAgain})
		}
	}
	return sallyport.InvalidFields(fields)
}

// sayTypeAgain marks the secrets that were typed into a form which is shown once more, for they are not in it.
func sayTypeAgain(problem *view.Problem, s gatewayState) {
	if s.values == nil {
		return
	}
	fields := slices.Clone(problem.Fields)
	for _, k := range delivery.Kinds(s.page.channel) {
		for _, f := range k.Fields {
			if k.Kind == s.kind && f.Secret && s.values(f.Name) != "" && wrong(problem, f.Name) == "" {
				fields = append(fields, sallyport.Field{Name: f.Name, Message: typeAgain})
			}
		}
	}
	problem.Fields = fields
}

// gatewayRefused shows the page again. After a stale Save it names what stands now, so that a second Save is made knowing
// both.
func (c *Console) gatewayRefused(w http.ResponseWriter, r *http.Request, s gatewayState, err error) error {
	if errors.As(err, &s.stale) {
		s.began = s.stale.Began
	}
	return c.refused(w, r, err, func(problem *view.Problem) (view.Page, error) {
		sayTypeAgain(problem, s)
		s.problem = problem
		return c.gatewayPage(r, s)
	})
}

func staleGateway(d view.Desk, e *delivery.StaleError) *view.Stale {
	if e == nil {
		return nil
	}
	s := &view.Stale{By: e.By, Did: "saved these settings", When: d.When(e.At)}
	if e.At.IsZero() {
		s.Did = "took settings away"
	}
	for _, f := range e.Differ {
		s.Rows = append(s.Rows, view.StaleRow{Field: f.Label, Theirs: f.Theirs, Yours: f.Yours})
	}
	return s
}

// seen is what the page showed that f was sent from.
func (p gatewayPage) seen(f web.Form) delivery.Seen {
	return delivery.Seen{Channel: p.channel, Began: f.Get("version")}
}

func (c *Console) testDraft(p gatewayPage) formHandler {
	return func(w http.ResponseWriter, r *http.Request, f web.Form) error {
		to := strings.TrimSpace(f.Get("to"))
		if err := c.gateways.Test(r.Context(), web.ActorOf(r), p.seen(f), to); err != nil {
			return c.gatewayRefused(w, r, gatewayState{page: p, to: to}, err)
		}
		return web.See(w, r, p.path+"#code")
	}
}

func (c *Console) confirmTest(p gatewayPage) formHandler {
	return func(w http.ResponseWriter, r *http.Request, f web.Form) error {
		if err := c.gateways.ConfirmTest(r.Context(), web.ActorOf(r), p.channel, f.Get("code")); err != nil {
			return c.gatewayRefused(w, r, gatewayState{page: p}, err)
		}
		return c.see(w, r, p.path, done("Proved, and in use from now on. The method "+p.method.String()+" can be chosen."))
	}
}

func (c *Console) discardDraft(p gatewayPage) formHandler {
	return func(w http.ResponseWriter, r *http.Request, f web.Form) error {
		err := c.gateways.DiscardDraft(r.Context(), web.ActorOf(r), p.seen(f))
		if err != nil && sallyport.KindOf(err) != sallyport.NotFound {
			return c.gatewayRefused(w, r, gatewayState{page: p}, err)
		}
		return c.see(w, r, p.path, done("The draft is gone. What is in use stays as it was."))
	}
}

// removeForm asks before the gateway goes out of use, and says who stands in the way.
func (c *Console) removeForm(p gatewayPage) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		need, err := c.gateways.Needing(r.Context(), web.ActorOf(r), p.channel)
		if err != nil {
			return err
		}
		desk, err := c.desk(r, "Remove "+p.title, p.section)
		if err != nil {
			return err
		}
		desk.Back = &view.Link{Label: p.title, Href: p.path}
		page := view.Confirm{Desk: desk, Post: p.path + "/remove", Version: need.Began, Button: "Remove", Danger: true, Cancel: p.path,
			Lines: say("The gateway and its secrets are removed at once. To use it again, it must be set up and proved again.")}
		if need.All > 0 {
			page.Button = ""
			page.Lines = []view.PreviewLine{{Kind: "bad", Text: "It cannot be removed: " + count(need.All, "technician needs", "technicians need") +
				" it to sign in (" + someNames(need) + "). Give them another method first."}}
		}
		return c.pages.Render(w, http.StatusOK, page)
	}
}

func someNames(need delivery.Need) string {
	var names []string
	for _, t := range need.First {
		names = append(names, t.Name())
	}
	out := strings.Join(names, ", ")
	if more := need.All - len(names); more > 0 {
		out += " and " + count(more, "more", "more")
	}
	return out
}

func (c *Console) removeGateway(p gatewayPage) formHandler {
	return func(w http.ResponseWriter, r *http.Request, f web.Form) error {
		if err := c.gateways.Remove(r.Context(), web.ActorOf(r), p.seen(f)); err != nil {
			return c.gatewayRefused(w, r, gatewayState{page: p}, err)
		}
		return c.see(w, r, p.path, done("Removed. No message leaves through it any more."))
	}
}
