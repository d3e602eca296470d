package console

import (
	"net/http"
	"strings"

	"sallyport"
	"sallyport/internal/delivery"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// gatewayPage is what differs between Email Settings and SMS Settings.
type gatewayPage struct {
	channel sallyport.Channel
	path    string
	section string
	title   string
	needs   sallyport.Permission
	method  sallyport.Method
	none    string
	toLabel string
	toHint  string
}

var (
	emailPage = gatewayPage{channel: sallyport.ChannelEmail, path: "/admin/email", section: "email", title: "Email Settings",
		needs: sallyport.ManageEmail, method: sallyport.MethodEmail, toLabel: "Email address",
		toHint: "A mailbox that you can read now.",
		none:   "No mail server is set up. Invitations are shown once to be handed over, passwords cannot be reset by their owners, and the method Email cannot be chosen."}
	smsPage = gatewayPage{channel: sallyport.ChannelSMS, path: "/admin/sms", section: "sms", title: "SMS Settings",
		needs: sallyport.ManageSMS, method: sallyport.MethodText, toLabel: "Phone number",
		toHint: "With the country code, like +12125550100: a phone that you have at hand.",
		none:   "No gateway is set up. The method Text Message cannot be chosen until one has been proved with a test message."}
)

// secretsLost is the field of a form that comes back after a proof was asked for: the names of the secrets that were
// typed into it and are not in it any more.
const secretsLost = "again"

// formFields are the names that the form of any kind may have. A name that two kinds share comes once.
func (p gatewayPage) formFields() []string {
	fields, seen := []string{"kind", "version"}, map[string]bool{}
	for _, k := range delivery.Kinds(p.channel) {
		for _, f := range k.Fields {
			if !seen[f.Name] {
				seen[f.Name], fields = true, append(fields, f.Name)
			}
		}
	}
	return fields
}

// gatewayState is the page at one moment: what is stored, and what was typed into one of its forms.
type gatewayState struct {
	page    gatewayPage
	open    bool // the form of the settings
	kind    sallyport.GatewayKind
	values  func(name string) string // what was typed; nil: what is stored
	to      string
	began   string // what the form began from; empty: from what is stored now
	stale   *delivery.StaleError
	problem *view.Problem
}

func (c *Console) gateway(p gatewayPage) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		q, err := web.ReadQuery(r, "edit", "kind")
		if err != nil {
			return err
		}
		s := gatewayState{page: p, open: q.Get("edit") == "yes" || q.Has("kind"), kind: sallyport.GatewayKind(q.Get("kind"))}
		page, err := c.gatewayPage(r, s)
		if err != nil {
			return err
		}
		return c.pages.Render(w, http.StatusOK, page)
	}
}

func (c *Console) gatewayPage(r *http.Request, s gatewayState) (view.Gateway, error) {
	p := s.page
	v, err := c.gateways.Settings(r.Context(), web.ActorOf(r), p.channel)
	if err != nil {
		return view.Gateway{}, err
	}
	desk, err := c.desk(r, p.title, p.section)
	if err != nil {
		return view.Gateway{}, err
	}
	desk.Problem = s.problem
	page := view.Gateway{Desk: desk, Path: p.path, None: p.none, State: view.Mark{Kind: "good", Word: "proved"},
		RemoveText: "Takes the gateway out of use. It is refused while a technician needs it."}
	page.Waiting = waitingWords(v)
	page.Live, page.Draft = gatewayCard(desk, v.Live, v.LiveBy), gatewayCard(desk, v.Draft, v.DraftBy)
	if v.Live != nil && v.Live.ProvedAt.IsZero() {
		page.State = view.Mark{Kind: "warn", Word: "not proved"}
	}
	if page.Draft != nil || page.Live != nil {
		page.Test = testView(desk, v.Test, s)
	}
	page.Stale = staleGateway(desk, s.stale)
	page.Version = firstOf(s.began, v.Began)
	if s.open || (v.Live == nil && v.Draft == nil) {
		fillGatewayForm(&page, v, s)
	}
	return page, nil
}

// waitingWords say what the mail server did not take yet. Whoever caused it was told that it is on its way.
func waitingWords(v delivery.View) string {
	if v.Waiting == 0 {
		return ""
	}
	why, _, _ := strings.Cut(v.Why, " Please try again") // nobody need: it is tried again
	return count(v.Waiting, "message waits", "messages wait") + " after a failed try, such as invitations and notices. Each is tried again until its time is over. What happened: " + why
}

func testView(d view.Desk, t *delivery.TestState, s gatewayState) *view.GatewayTest {
	out := &view.GatewayTest{To: view.Field{Name: "to", Label: s.page.toLabel, Hint: s.page.toHint, Value: s.to, Required: true, Max: 254, Autocomplete: "off", Wrong: wrong(s.problem, "to")},
		Code: view.Field{Name: "code", Label: "Code", Required: true, Max: 20, Mono: true, Autocomplete: "one-time-code", Inputmode: "numeric", Wrong: wrong(s.problem, "code")}}
	if t == nil {
		return out
	}
	out.Sent, out.SentTo, out.Until = t.State != sallyport.Failed && t.TriesLeft > 0, t.To, d.When(t.Until)
	if out.To.Value == "" {
		out.To.Value = t.To
	}
	switch t.State {
	case sallyport.Failed:
		out.DetailKind, out.Detail = "bad", "The test message was not sent. "+t.Detail
	case sallyport.Unclear:
		out.DetailKind, out.Detail = "warn", "It is not sure whether the test message went out. "+t.Detail
	case sallyport.Sending:
		out.Waiting, out.Detail = true, "The test message is on its way."
	}
	return out
}

func gatewayCard(d view.Desk, g *sallyport.Gateway, by string) *view.GatewayCard {
	if g == nil {
		return nil
	}
	card := &view.GatewayCard{Kind: string(g.Kind), Changed: d.When(g.ChangedAt), By: by, Proved: d.When(g.ProvedAt)}
	for _, k := range delivery.Kinds(g.Channel) {
		if k.Kind == g.Kind {
			card.Kind, card.Rows = k.Label, gatewayLines(k, g)
		}
	}
	return card
}

func gatewayLines(k delivery.Kind, g *sallyport.Gateway) []view.GatewayLine {
	var out []view.GatewayLine
	for _, f := range k.Fields {
		v := g.Settings[f.Name]
		for _, o := range f.Choices {
			if o.Value == v {
				v = o.Label
			}
		}
		if f.Secret && isSet(g, f.Name) {
			v = "set, never shown"
		}
		if v != "" {
			out = append(out, view.GatewayLine{Label: f.Label, Value: v})
		}
	}
	return out
}

func isSet(g *sallyport.Gateway, secret string) bool {
	for _, name := range g.SecretsSet {
		if name == secret {
			return true
		}
	}
	return false
}

// fillGatewayForm opens the form with what was typed, or else with the draft, the settings in use, or the defaults.
func fillGatewayForm(page *view.Gateway, v delivery.View, s gatewayState) {
	stored := v.Draft
	if stored == nil {
		stored = v.Live
	}
	k := kindFor(v.Kinds, s.kind, stored)
	page.Form, page.Kind, page.Note = true, string(k.Kind), k.Help
	page.FormTitle = "Set up"
	if stored != nil {
		page.FormTitle = "Change the settings"
		if v.Draft != nil {
			page.FormTitle = "Change the draft"
		}
		if stored.Kind != k.Kind {
			stored = nil
		}
	}
	for _, other := range v.Kinds {
		page.Kinds = append(page.Kinds, view.Link{Label: other.Label, Href: s.page.path + "?kind=" + string(other.Kind) + "#form", Current: other.Kind == k.Kind})
	}
	labels := make(map[string]string, len(k.Fields))
	for _, f := range k.Fields {
		page.Fields, labels[f.Name] = append(page.Fields, gatewayField(f, stored, s)), f.Label
	}
	if s.problem != nil {
		s.problem.Labels = labels
	}
}

func kindFor(kinds []delivery.Kind, asked sallyport.GatewayKind, stored *sallyport.Gateway) delivery.Kind {
	if asked == "" && stored != nil {
		asked = stored.Kind
	}
	for _, k := range kinds {
		if k.Kind == asked {
			return k
		}
	}
	return kinds[0]
}

func gatewayField(f delivery.FormField, stored *sallyport.Gateway, s gatewayState) view.GatewayField {
	value := f.Default
	switch {
	case f.Secret:
		value = ""
	case s.values != nil:
		value = s.values(f.Name)
	case stored != nil:
		value = stored.Settings[f.Name]
	}
	out := view.GatewayField{Field: view.Field{Name: f.Name, Label: f.Label, Hint: f.Help, Value: value, Required: f.Required, Autocomplete: "off", Wrong: wrong(s.problem, f.Name)}}
	if f.Lines {
		out.Rows, out.Mono = 4, true
	}
	if f.Secret {
		out.Autocomplete = "new-password"
		if !f.Lines {
			out.Type = "password"
		}
		if stored != nil && isSet(stored, f.Name) {
			out.Required, out.Hint = false, strings.TrimSpace("Set, and never shown. Leave it empty to keep it; when the server or the account changes, type it again. "+f.Help)
		}
	}
	for _, o := range f.Choices {
		out.Options = append(out.Options, view.Option{Value: o.Value, Label: o.Label, Selected: o.Value == value})
	}
	return out
}
