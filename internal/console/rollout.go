package console

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/policy"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// rollout is one method for many technicians: who was chosen, and how far its Save is. The node that saves has it in
// memory, and with several nodes the others find with the keeper how far it is. Each technician is saved in a transaction
// of his own, so that a restart leaves every one of them whole.
type rollout struct {
	ids []sallyport.TechnicianID

	mu      sync.Mutex
	begun   bool
	running bool
	rows    []account.TeamRow // as previewed, replaced one by one by what happened
	done    int
	method  sallyport.Method
}

// chooseTeam keeps who was ticked, or everybody whom the filter matches.
func (c *Console) chooseTeam(w http.ResponseWriter, r *http.Request, f web.Form) error {
	ids, err := c.chosen(r, f)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return c.see(w, r, "/admin/technicians", view.Answer{Kind: "warn", Line: "Nobody was ticked. Tick the rows of those whose method you want to choose."})
	}
	id, err := c.rollouts.put(r.Context(), web.VisitorOf(r).Technician.ID, &rollout{ids: ids})
	if err != nil {
		return err
	}
	return web.See(w, r, "/admin/rollouts/"+id)
}

func (c *Console) chosen(r *http.Request, f web.Form) ([]sallyport.TechnicianID, error) {
	if !f.Has("all") {
		var ids []sallyport.TechnicianID
		for _, id := range f.All("id") {
			ids = append(ids, sallyport.TechnicianID(id))
		}
		return ids, nil
	}
	filter := sallyport.Filter{}
	if all := f.Get("all"); all != "everybody" {
		q, err := url.ParseQuery(all)
		if filter = filterOf(q.Get); err != nil || len(q) == 0 || !reflect.DeepEqual(query(filter), q) {
			return nil, web.BadRequest("The request could not be read.") // what is no filter would be everybody
		}
	}
	return c.accounts.Everybody(r.Context(), web.ActorOf(r), filter, account.MostTogether)
}

func (c *Console) rolloutOf(r *http.Request) (*rollout, error) {
	found, ok, err := c.rollouts.get(r.Context(), web.VisitorOf(r).Technician.ID, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, sallyport.E(sallyport.Gone, "rollout_over", "This choice is no longer kept (a day, or until a restart). What was saved stands in the list and in the audit log.")
	}
	return found, nil
}

// rollout shows the choice of the method, or the progress once Save was pressed.
func (c *Console) rollout(w http.ResponseWriter, r *http.Request) error {
	ro, err := c.rolloutOf(r)
	if err != nil {
		return err
	}
	ro.mu.Lock()
	begun := ro.begun
	ro.mu.Unlock()
	if begun {
		return c.progress(w, r, ro)
	}
	page, err := c.rolloutPage(r, ro, "", nil)
	if err != nil {
		return err
	}
	return c.pages.Render(w, http.StatusOK, page)
}

func (c *Console) rolloutPage(r *http.Request, ro *rollout, method sallyport.Method, p *view.Problem) (view.Rollout, error) {
	_, choices, _, err := c.accounts.NewForm(r.Context(), web.ActorOf(r))
	if err != nil {
		return view.Rollout{}, err
	}
	desk, err := c.desk(r, "Two Factor Authentication for "+count(len(ro.ids), "technician", "technicians"), "technicians")
	if err != nil {
		return view.Rollout{}, err
	}
	desk.Problem, desk.Back = p, &view.Link{Label: "Technicians and Roles", Href: "/admin/technicians"}
	page := view.Rollout{Desk: desk, ID: r.PathValue("id"), Chosen: len(ro.ids), Methods: methods(web.VisitorOf(r).Role, anyPhone(choices), "", account.Form{Method: method})}
	page.Methods.Wrong = wrong(p, account.FieldMethod)
	return page, nil
}

// anyPhone leaves it to each technician's preview whether he has a phone number and an address.
func anyPhone(choices []policy.Choice) []policy.Choice {
	out := slices.Clone(choices)
	for i := range out {
		if out[i].Permitted {
			out[i].Reason = ""
		}
	}
	return out
}

// rolloutPreview shows what Save would do to each.
func (c *Console) rolloutPreview(w http.ResponseWriter, r *http.Request, f web.Form) error {
	ro, err := c.rolloutOf(r)
	if err != nil {
		return err
	}
	method := sallyport.Method(f.Get("method"))
	if begun, other := ro.begunWith(method); begun {
		return c.begunAlready(w, r, other)
	}
	team, err := c.previewTeam(r, ro, method)
	if err != nil {
		return c.refused(w, r, err, func(p *view.Problem) (view.Page, error) { return c.rolloutPage(r, ro, method, p) })
	}
	page, err := c.rolloutPage(r, ro, method, nil)
	if err != nil {
		return err
	}
	page.Method, page.Groups = string(method), groups(team)
	page.Ready, page.Save = team.Changes > 0, fmt.Sprintf("Save for %s", count(team.Changes, "technician", "technicians"))
	if team.NeedsProof {
		page.Proof = proofWords
	}
	return c.pages.Render(w, http.StatusOK, page)
}

func (c *Console) previewTeam(r *http.Request, ro *rollout, method sallyport.Method) (account.Team, error) {
	if !method.Valid() {
		return account.Team{}, sallyport.InvalidField(account.FieldMethod, "Please choose a method.")
	}
	return c.accounts.PreviewTeam(r.Context(), web.ActorOf(r), ro.ids, method)
}

// shownNames is how many names a group of the preview spells out.
const shownNames = 30

// groups gathers those with whom Save does the same.
func groups(t account.Team) []view.RolloutGroup {
	var out []view.RolloutGroup
	at := map[string]int{}
	put := func(kind, title, name string) {
		i, ok := at[title]
		if !ok {
			i = len(out)
			at[title] = i
			out = append(out, view.RolloutGroup{Kind: kind, Title: title})
		}
		if len(out[i].Names) < shownNames {
			out[i].Names = append(out[i].Names, name)
		} else {
			out[i].More++
		}
	}
	for _, row := range t.Rows {
		kind, title := rowGroup(row, t.Method)
		put(kind, title, row.Name)
		if row.Outcome != account.WillChange {
			continue // of what is not saved there is nothing to warn
		}
		for _, w := range row.Warnings {
			put("warn", w, row.Name)
		}
		if row.Self {
			put("warn", selfWords, row.Name)
		}
	}
	for i := range out {
		out[i].Title = fmt.Sprintf("%s (%d)", strings.TrimSuffix(out[i].Title, "."), len(out[i].Names)+out[i].More)
	}
	return out
}

// changeWords say who is signed out and who must set something up.
func changeWords(row account.TeamRow, m sallyport.Method) string {
	ends, next := "Signed in nowhere now", "set up "+m.String()+" at the next sign-in"
	if len(row.SessionsEnded) > 0 {
		ends = "Signed out at once"
	}
	if row.MustSetUp == "" {
		next = "nothing to set up for " + m.String()
	}
	if row.Invites {
		return "Not in yet: a fresh invitation takes the place of the one before"
	}
	return ends + ", " + next
}

func rowGroup(row account.TeamRow, m sallyport.Method) (kind, title string) {
	switch row.Outcome {
	case account.WillChange:
		return "good", changeWords(row, m)
	case account.Unchanged:
		return "quiet", "Have " + m.String() + " already: nothing happens"
	case account.LeftOut:
		return "quiet", "Left out: " + row.Why
	}
	return "bad", "Cannot be saved: " + row.Why
}
