package console

import (
	"context"
	"net/http"
	"strings"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// act is something that is done to one technician after a page has asked: the rows' More menu and the danger zone.
type act struct {
	name   string // last part of its address
	title  string
	needs  sallyport.Permission
	reason bool // it asks for a reason
	danger bool
	ends   bool // it ends the technician's sessions
	button string
	lines  func(d account.Detail) []view.PreviewLine
	run    func(ctx context.Context, c *Console, d deed) (outcome, error)
}

// deed is one act about to be done: by whom, to whom, and why.
type deed struct {
	actor  sallyport.Actor
	to     sallyport.Technician
	reason string
}

// outcome is what an act led to: an answer on a page, or a page of its own.
type outcome struct {
	answer view.Answer
	path   string           // where the answer is shown; empty: the technician's page
	once   *view.Once       // shown at once in its place
	link   *account.Invited // an invitation to hand over, likewise
	self   []string         // the actor signed himself out: the last page he is shown
}

func (a act) fields() []string {
	if a.reason {
		return []string{"reason"}
	}
	return nil
}

// ask is the page before the act.
func (c *Console) ask(a act) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		page, err := c.askPage(r, a, "", nil)
		if err != nil {
			return err
		}
		return c.pages.Render(w, http.StatusOK, page)
	}
}

func (c *Console) askPage(r *http.Request, a act, reason string, p *view.Problem) (view.Confirm, error) {
	d, err := c.accounts.Technician(r.Context(), web.ActorOf(r), technicianID(r))
	if err != nil {
		return view.Confirm{}, err
	}
	desk, err := c.desk(r, a.title, "technicians")
	if err != nil {
		return view.Confirm{}, err
	}
	home := "/admin/technicians/" + string(d.Technician.ID)
	desk.Problem, desk.Back = p, &view.Link{Label: d.Technician.Name(), Href: home}
	page := view.Confirm{Desk: desk, Subject: d.Technician.Name() + " (" + d.Technician.UserName + ")", Lines: a.lines(d),
		Post: home + "/" + a.name, Button: a.button, Danger: a.danger, Cancel: home}
	if a.ends && d.WhyNot == "" && d.Technician.ID == web.VisitorOf(r).Technician.ID {
		page.Lines = append(page.Lines, view.PreviewLine{Kind: "warn", Text: selfWords})
	}
	if d.WhyNot != "" {
		page.Lines, page.Button = append(page.Lines, view.PreviewLine{Kind: "bad", Text: d.WhyNot}), ""
	}
	if a.reason {
		page.Reason = &view.Field{Name: "reason", Label: "Reason", Value: reason, Hint: "It stands in the audit log.", Max: 200}
	}
	return page, nil
}

// do carries the act out.
func (c *Console) do(a act) formHandler {
	return func(w http.ResponseWriter, r *http.Request, f web.Form) error {
		d, err := c.accounts.Technician(r.Context(), web.ActorOf(r), technicianID(r))
		if sallyport.KindOf(err) == sallyport.NotFound {
			return c.see(w, r, "/admin/technicians", view.Answer{Line: "That technician had been deleted already."})
		}
		if err != nil {
			return err
		}
		reason := strings.TrimSpace(f.Get("reason"))
		o, err := a.run(r.Context(), c, deed{actor: web.ActorOf(r), to: d.Technician, reason: reason})
		if err != nil {
			return c.refused(w, r, err, func(p *view.Problem) (view.Page, error) { return c.askPage(r, a, reason, p) })
		}
		return c.tell(w, r, d, o)
	}
}

// goTo leads on from what is shown once, and says to whose page.
func goTo(name, path string) view.Link { return view.Link{Label: "Go to " + name, Href: path} }

// tell answers with what came of an act.
func (c *Console) tell(w http.ResponseWriter, r *http.Request, d account.Detail, o outcome) error {
	path := firstOf(o.path, "/admin/technicians/"+string(d.Technician.ID))
	switch {
	case o.self != nil:
		return c.selfEnded(w, r, o.self)
	case o.link != nil:
		return c.handOver(w, r, handover{title: "A new invitation", invited: *o.link, next: goTo(d.Technician.Name(), path)})
	case o.once != nil:
		desk, err := c.desk(r, o.once.Title, "technicians")
		if err != nil {
			return err
		}
		o.once.Desk, o.once.Done = desk, goTo(d.Technician.Name(), path)
		o.once.Until.Now = desk.Now
		return c.pages.Render(w, http.StatusOK, *o.once)
	}
	return c.see(w, r, path, o.answer)
}
