package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

func technicianID(r *http.Request) sallyport.TechnicianID {
	return sallyport.TechnicianID(r.PathValue("id"))
}

// editForm is Edit Technician.
func (c *Console) editForm(w http.ResponseWriter, r *http.Request) error {
	detail, err := c.accounts.Technician(r.Context(), web.ActorOf(r), technicianID(r))
	if sallyport.KindOf(err) == sallyport.NotFound && web.VisitorOf(r).Role.Has(sallyport.ReadAudit) {
		return c.deleted(w, r, err)
	}
	if err != nil {
		return err
	}
	e := edit{detail: detail, form: account.FormOf(detail.Technician), version: detail.Technician.Version}
	page, err := c.editPage(r, e)
	if err != nil {
		return err
	}
	return c.pages.Render(w, http.StatusOK, page)
}

// deleted leads whoever follows a link to somebody who was deleted to what the audit log keeps of him; none is what is said
// where it has nothing.
func (c *Console) deleted(w http.ResponseWriter, r *http.Request, none error) error {
	id := technicianID(r)
	events, err := c.accounts.Events(r.Context(), web.ActorOf(r), sallyport.EventFilter{Target: id, Limit: 1})
	switch {
	case err != nil:
		return err
	case len(events) == 0:
		return none
	}
	path := address("/admin/audit", url.Values{"technician": {string(id)}}, 1)
	return c.see(w, r, path, view.Answer{Line: "This technician was deleted. What the audit log keeps of the account stands here."})
}

// edit is one state of the form: what is stored, what was typed, what came of it.
type edit struct {
	detail  account.Detail
	form    account.Form
	version int64
	problem *view.Problem
	stale   *account.StaleError
	preview *account.Preview // nil: it is asked for
}

// reread is the state of a form that was just typed.
func (c *Console) reread(r *http.Request, f web.Form) (edit, error) {
	detail, err := c.accounts.Technician(r.Context(), web.ActorOf(r), technicianID(r))
	if err != nil {
		return edit{}, err
	}
	version, err := strconv.ParseInt(f.Get("version"), 10, 64)
	if err != nil || version < 0 {
		return edit{}, web.BadRequest("The field \"version\" is not a number that this page has given out.")
	}
	e := edit{detail: detail, form: typed(f), version: version}
	if e.form.Method == "" { // none of the radio buttons was open
		e.form.Method = detail.Technician.Method
	}
	return e, nil
}

func (c *Console) editPage(r *http.Request, e edit) (view.Technician, error) {
	t := e.detail.Technician
	desk, err := c.desk(r, t.Name(), "technicians")
	if err != nil {
		return view.Technician{}, err
	}
	desk.Back, desk.Problem = &view.Link{Label: "Technicians and Roles", Href: "/admin/technicians"}, e.problem
	if e.detail.Self {
		desk.Lead = "This is you."
	}
	page := view.Technician{Desk: desk, ID: string(t.ID), Version: strconv.FormatInt(e.version, 10), Button: "Save"}
	page.Methods = methods(web.VisitorOf(r).Role, e.detail.Choices, t.Method, e.form)
	fillForm(&page, e.form, rolesFor(e.detail))
	page.UserName.Hint, page.UserName.Required = "", true // it was filled in when he was added
	page.Facts = facts(r, desk, e.detail)
	page.Dangers = dangers(e.detail)
	page.Stale = staleView(desk, e.stale)
	if !e.detail.May.Edit {
		page.Frozen = firstOf(e.detail.WhyNot, "You may look at this technician, but not change anything.")
		page.Methods.Frozen = true
		return page, nil
	}
	return page, c.foresee(r, e, &page)
}

// rolesFor are the roles that may be given, and the one that is held.
func rolesFor(d account.Detail) []sallyport.Role {
	for _, role := range d.Roles {
		if role.ID == d.Technician.Role {
			return d.Roles
		}
	}
	return append([]sallyport.Role{d.Role}, d.Roles...)
}

// foresee fills in what Save will do.
func (c *Console) foresee(r *http.Request, e edit, page *view.Technician) error {
	if e.preview == nil {
		p, err := c.accounts.Preview(r.Context(), web.ActorOf(r), e.detail.Technician.ID, e.form, e.version)
		var stale *account.StaleError
		if errors.As(err, &stale) {
			page.Preview.Lines = []view.PreviewLine{{Kind: "bad", Text: "Save will be refused: somebody else saved this technician meanwhile. Save shows both versions and keeps what you typed."}}
			return nil
		}
		if err != nil {
			return err
		}
		e.preview = &p
	}
	page.Preview.Lines = previewLines(*e.preview)
	page.Button = saveButton(*e.preview)
	return nil
}

// preview shows the form again with what Save would do.
func (c *Console) preview(w http.ResponseWriter, r *http.Request, f web.Form) error {
	e, err := c.reread(r, f)
	if err != nil {
		return err
	}
	page, err := c.editPage(r, e)
	if err != nil {
		return err
	}
	return c.pages.Render(w, http.StatusOK, page)
}

func (c *Console) save(w http.ResponseWriter, r *http.Request, f web.Form) error {
	e, err := c.reread(r, f)
	if err != nil {
		return err
	}
	saved, err := c.accounts.Save(r.Context(), web.ActorOf(r), e.detail.Technician.ID, e.form, e.version)
	if err != nil {
		return c.saveRefused(w, r, e, err)
	}
	return c.saved(w, r, e, saved)
}

// saveRefused shows the form again. After a stale Save it names the version that stands now, so that a second Save is
// made knowing both.
func (c *Console) saveRefused(w http.ResponseWriter, r *http.Request, e edit, err error) error {
	var stale *account.StaleError
	if errors.As(err, &stale) {
		e.stale, e.version = stale, stale.Theirs.Version
	}
	return c.refused(w, r, err, func(p *view.Problem) (view.Page, error) {
		e.problem = p
		return c.editPage(r, e)
	})
}

// saved says what Save did. Who signed himself out with it gets the answer at once, for he cannot ask for it later.
func (c *Console) saved(w http.ResponseWriter, r *http.Request, e edit, s account.Saved) error {
	path := "/admin/technicians/" + string(s.ID)
	name := firstOf(e.form.FirstName, e.detail.Technician.Name())
	switch {
	case s.SelfSignedOut:
		return c.selfEnded(w, r, savedLines(name, s))
	case s.Nothing:
		return c.see(w, r, path, view.Answer{Line: "Nothing had changed, so nothing was saved and nobody was signed out."})
	case s.Invitation != "":
		return c.handOver(w, r, handover{title: "Saved; the invitation is a new one", invited: account.Invited{Link: s.Invitation, ExpiresAt: s.InvitedUntil}, next: goTo(whole(e.form), path)})
	}
	lines := savedLines(name, s)
	return c.see(w, r, path, done(lines[0], lines[1:]...))
}

// selfEnded is the last page that this session is shown. It says what was done also where nobody could look whose house it is.
func (c *Console) selfEnded(w http.ResponseWriter, r *http.Request, lines []string) error {
	desk := view.Desk{Title: "Done, and you are signed out", Organisation: "Sallyport", Now: c.now()}
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	if name, logo, err := c.accounts.House(ctx); err == nil { // he may not read the settings any more
		desk.Organisation, desk.Logo = name, picture(logo)
	}
	return c.pages.Render(w, http.StatusOK, view.Ended{Desk: desk, Lines: lines})
}
