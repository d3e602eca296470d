package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sallyport"
	"sallyport/internal/delivery"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// parkedForm is what was typed, kept while the administrator proves who he is. It holds no secrets.
type parkedForm struct {
	Path   string
	Values []view.Hidden
	Lost   []string // labels of secrets that were typed and not kept
}

// lose notes that a secret was typed and is not kept. A form that asks for it says so when it comes back.
func (p *parkedForm) lose(name, label, value string, asks bool) {
	if value == "" || slices.Contains(p.Lost, label) {
		return
	}
	p.Lost = append(p.Lost, label)
	if asks {
		p.Values = append(p.Values, view.Hidden{Name: secretsLost, Value: name})
	}
}

// park keeps the form and sends the browser to the page that asks for a fresh proof.
func (c *Console) park(w http.ResponseWriter, r *http.Request, fields []string, f web.Form) error {
	p := parkedForm{Path: r.URL.Path}
	secrets := secretFields()
	for _, field := range fields {
		name := strings.TrimSuffix(field, "*")
		for _, v := range f.All(name) {
			if label, secret := secrets[name]; secret {
				p.lose(name, label, v, slices.Contains(fields, secretsLost+"*"))
				continue
			}
			p.Values = append(p.Values, view.Hidden{Name: name, Value: v})
		}
	}
	id, err := c.parked.put(r.Context(), web.VisitorOf(r).Technician.ID, p)
	if err != nil {
		return err
	}
	return web.See(w, r, c.stepUp+"?return="+url.QueryEscape("/admin/resume/"+id))
}

// secretFields are the fields of gateways that are never kept, with their labels.
func secretFields() map[string]string {
	out := map[string]string{"code": "Code"}
	for _, ch := range []sallyport.Channel{sallyport.ChannelEmail, sallyport.ChannelSMS} {
		for _, k := range delivery.Kinds(ch) {
			for _, f := range k.Fields {
				if f.Secret {
					out[f.Name] = f.Label
				}
			}
		}
	}
	return out
}

// resume shows a kept form again, to be sent by one button.
func (c *Console) resume(w http.ResponseWriter, r *http.Request) error {
	p, ok, err := c.parked.get(r.Context(), web.VisitorOf(r).Technician.ID, r.PathValue("id"))
	if err != nil {
		return err
	}
	if !ok {
		return sallyport.E(sallyport.Gone, "form_over", "What you typed is no longer kept. Please type it again; nothing was changed.")
	}
	desk, err := c.desk(r, "One more step", "")
	if err != nil {
		return err
	}
	settings, err := c.accounts.Policy(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	page := view.Resume{Desk: desk, Confirmed: desk.Now.Sub(web.ActorOf(r).ProvedAt) <= settings.StepUpAfter, Post: p.Path, Lost: p.Lost, Button: "Save now", Cancel: backOf(p.Path)}
	if err := c.name(r, &page); err != nil {
		return err
	}
	for _, v := range p.Values {
		page.Fields = append(page.Fields, view.ResumeField{Name: v.Name, Value: v.Value, Label: formLabels[v.Name], Shown: readable(v)})
	}
	return c.pages.Render(w, http.StatusOK, page)
}

// name says what the form does and to whom, so that nobody presses a button blindly.
func (c *Console) name(r *http.Request, page *view.Resume) error {
	parts := strings.Split(strings.TrimPrefix(page.Post, "/admin/"), "/")
	page.Act = firstOf(formNames[strings.Join(parts, "/")], formNames[parts[0]], "Change")
	if parts[0] == "resets" {
		reset, err := c.waitingReset(r, parts[1])
		page.Subject, page.Button = reset.Name+" ("+reset.UserName+")", approveLabel
		return err
	}
	if parts[0] != "technicians" || len(parts) < 2 || parts[1] == "new" || parts[1] == "import" {
		return nil
	}
	d, err := c.accounts.Technician(r.Context(), web.ActorOf(r), sallyport.TechnicianID(parts[1]))
	if err != nil {
		return err
	}
	page.Subject = d.Technician.Name() + " (" + d.Technician.UserName + ")"
	for _, a := range c.actsOnOne() {
		if len(parts) == 3 && parts[2] == a.name {
			page.Act, page.Button, page.Danger = a.title, a.button, a.danger
		}
	}
	return nil
}

// formNames are what forms do, by the address under /admin that they are sent to, or by its first part.
var formNames = map[string]string{"technicians": "Edit Technician", "technicians/new": "Add Technician", "technicians/import": "Import technicians",
	"rollouts": "Two Factor Authentication for the chosen technicians", "resets": "Password reset", "sessions": "End a session",
	"email": "Email Settings", "email/test": "Send a test message of Email Settings", "email/discard": "Discard the draft of Email Settings", "email/remove": "Remove Email Settings",
	"sms": "SMS Settings", "sms/test": "Send a test message of SMS Settings", "sms/discard": "Discard the draft of SMS Settings", "sms/remove": "Remove SMS Settings"}

// backOf is the page that a form stood on.
func backOf(path string) string {
	for _, end := range []string{"/preview", "/test", "/confirm", "/discard", "/remove", "/deny", "/end"} {
		path = strings.TrimSuffix(path, end)
	}
	return path
}

var formLabels = map[string]string{"first_name": "First name", "last_name": "Last name", "user_name": "User name", "email": "Email",
	"phone": "Phone", "role": "Role", "method": "Method", "reason": "Reason", "to": "Send a test to", "host": "Host", "port": "Port",
	"tls": "TLS", "user": "User name", "sender": "Sender address", "sender_name": "Sender name", "url": "Address", "from": "Sender",
	"account_sid": "Account SID", "service": "Messaging Service SID"}

// readable is a value as the page shows it.
func readable(h view.Hidden) string {
	switch h.Name {
	case "role":
		return roleName(sallyport.RoleID(h.Value))
	case "method":
		if m := sallyport.Method(h.Value); m.Valid() {
			return m.String()
		}
	}
	return h.Value
}
