package console

import (
	"net/http"
	"strings"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/policy"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// addForm is Add Technician.
func (c *Console) addForm(w http.ResponseWriter, r *http.Request) error {
	q, err := web.ReadQuery(r, "role")
	if err != nil {
		return err
	}
	form, _, roles, err := c.accounts.NewForm(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	for _, role := range roles {
		if string(role.ID) == q.Get("role") {
			form.Role = role.ID
		}
	}
	page, err := c.addPage(r, form, nil)
	if err != nil {
		return err
	}
	return c.pages.Render(w, http.StatusOK, page)
}

func (c *Console) addPage(r *http.Request, form account.Form, p *view.Problem) (view.Technician, error) {
	_, choices, roles, err := c.accounts.NewForm(r.Context(), web.ActorOf(r))
	if err != nil {
		return view.Technician{}, err
	}
	desk, err := c.desk(r, "Add Technician", "technicians")
	if err != nil {
		return view.Technician{}, err
	}
	desk.Back, desk.Problem = &view.Link{Label: "Technicians and Roles", Href: "/admin/technicians"}, p
	page := view.Technician{Desk: desk, Button: "Add Technician"}
	page.Methods = methods(web.VisitorOf(r).Role, choices, "", form)
	fillForm(&page, form, roles)
	page.Preview.Lines, err = c.foreseeAdd(r, form, choices)
	return page, err
}

// foreseeAdd says what adding will do. An address that is not typed yet is no mistake so far.
func (c *Console) foreseeAdd(r *http.Request, form account.Form, choices []policy.Choice) ([]view.PreviewLine, error) {
	refusals, needsProof, err := c.accounts.PreviewAdd(r.Context(), web.ActorOf(r), form)
	if err != nil {
		return nil, err
	}
	var lines []view.PreviewLine
	for _, f := range refusals {
		if f.Name != account.FieldEmail || strings.TrimSpace(form.Email) != "" {
			lines = append(lines, view.PreviewLine{Kind: "bad", Text: "This will be refused: " + f.Message})
		}
	}
	lines = append(lines, addLines(form, choices)...)
	if needsProof {
		lines = append(lines, view.PreviewLine{Text: proofWords})
	}
	return lines, nil
}

// addLines say what adding does.
func addLines(form account.Form, choices []policy.Choice) []view.PreviewLine {
	name := firstOf(form.FirstName, form.Email, "The technician")
	lines := []view.PreviewLine{{Text: name + " gets an invitation: one use, to set a password with."}}
	for _, c := range choices {
		if c.Method == sallyport.MethodEmail && !c.Permitted {
			lines[0].Text = name + " gets an invitation. Email Settings are not proved yet, so the next page shows its link once, to hand over."
		}
	}
	switch form.Method {
	case sallyport.MethodApp:
		lines = append(lines, view.PreviewLine{Text: "The authenticator app is set up there and then, from the QR code on the page."})
	case sallyport.MethodEmail:
		lines = append(lines, view.PreviewLine{Text: "The mailbox is proved there and then, with a code sent to it."})
	case sallyport.MethodText:
		lines = append(lines, view.PreviewLine{Text: "The phone number is proved there and then, with a code sent to it."})
	case sallyport.MethodOff:
		lines = append(lines, view.PreviewLine{Kind: "warn", Text: "No second factor is asked for."})
	}
	return lines
}

func firstOf(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// addPreview shows the form again with what adding would do.
func (c *Console) addPreview(w http.ResponseWriter, r *http.Request, f web.Form) error {
	page, err := c.addPage(r, typed(f), nil)
	if err != nil {
		return err
	}
	return c.pages.Render(w, http.StatusOK, page)
}

func (c *Console) add(w http.ResponseWriter, r *http.Request, f web.Form) error {
	form := typed(f)
	added, err := c.accounts.Add(r.Context(), web.ActorOf(r), form)
	if err != nil {
		return c.refused(w, r, err, func(p *view.Problem) (view.Page, error) { return c.addPage(r, form, p) })
	}
	path := "/admin/technicians/" + string(added.ID)
	if added.InvitationLink == "" {
		return c.see(w, r, path, done(firstOf(form.FirstName, form.Email)+" was added. The invitation is on its way to "+form.Email+"."))
	}
	return c.handOver(w, r, handover{firstOf(form.FirstName, form.Email) + " was added", account.Invited{Link: added.InvitationLink, ExpiresAt: added.ExpiresAt},
		goTo(whole(form), path)})
}

// whole is the name that a form gives somebody, or what stands for it.
func whole(form account.Form) string {
	return firstOf(strings.TrimSpace(form.FirstName+" "+form.LastName), form.UserName, form.Email)
}

// handover is an invitation that cannot be sent, and where to go on.
type handover struct {
	title   string
	invited account.Invited
	next    view.Link
}

// handOver shows an invitation once.
func (c *Console) handOver(w http.ResponseWriter, r *http.Request, h handover) error {
	desk, err := c.desk(r, h.title, "technicians")
	if err != nil {
		return err
	}
	return c.pages.Render(w, http.StatusOK, view.Once{Desk: desk, Label: "Invitation link", Secret: h.invited.Link, Until: desk.When(h.invited.ExpiresAt),
		Lines: []string{"Email Settings are not proved yet, so Sallyport cannot send the invitation. Hand this link over in a way that you trust."},
		Note:  "It is shown this once. Whoever opens it first sets the password. If it is lost, “Resend invitation” makes another.",
		Done:  h.next})
}
