package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// rolloutSave begins to save one technician after the other, and leads to the page that shows how far it is.
func (c *Console) rolloutSave(w http.ResponseWriter, r *http.Request, f web.Form) error {
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
	mine, err := c.beginRollout(r, ro, team)
	if err != nil {
		return err
	}
	if mine {
		ctx, actor := context.WithoutCancel(r.Context()), web.ActorOf(r)
		if err := c.saveFirst(ctx, actor, ro); err != nil {
			return errors.Join(err, c.giveBack(r, ro))
		}
		keep := c.keeping(r, ro)
		keep(ctx, false)
		c.work.Go(func() { c.saveRest(ctx, actor, ro, keep) })
		if self := ro.self(); self != nil {
			return c.selfEnded(w, r, self)
		}
	}
	return web.See(w, r, "/admin/rollouts/"+r.PathValue("id"))
}

// saveFirst saves the first technician whom Save changes before the request is answered, so that a proof that is too
// old is asked for now. Nothing has been done then, and Save can be pressed again.
func (c *Console) saveFirst(ctx context.Context, actor sallyport.Actor, ro *rollout) error {
	for i, row := range ro.rows {
		if row.Outcome == account.WillChange {
			row = c.saveOne(ctx, actor, ro.method, row)
		}
		if sallyport.KindOf(row.Err) == sallyport.StepUp {
			return row.Err
		}
		ro.set(i, row)
		if row.Outcome == account.Changed {
			break
		}
	}
	return nil
}

// begunWith reports whether Save was pressed, and with which other method than m.
func (ro *rollout) begunWith(m sallyport.Method) (begun bool, other sallyport.Method) {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	if ro.method != m {
		other = ro.method
	}
	return ro.begun, other
}

// begunAlready leads to what came of a choice that was saved. One choice is saved once: whoever went back in the browser and
// asks for another method is told that it is not saved.
func (c *Console) begunAlready(w http.ResponseWriter, r *http.Request, other sallyport.Method) error {
	path := "/admin/rollouts/" + r.PathValue("id")
	if other == "" {
		return web.See(w, r, path)
	}
	return c.see(w, r, path, view.Answer{Kind: "warn", Line: "Nothing was saved now: Save was pressed before, with " + other.String() + ", and this is what came of it. For another method, tick the technicians again.",
		Next: &view.Link{Label: "Technicians and Roles", Href: "/admin/technicians"}})
}

// begin takes the preview as what is to be done, once: a second press of Save changes nothing.
func (ro *rollout) begin(t account.Team) bool {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	if ro.begun {
		return false
	}
	ro.begun, ro.running, ro.rows, ro.method = true, true, t.Rows, t.Method
	return true
}

func (ro *rollout) takeBack() {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	ro.begun, ro.running, ro.rows, ro.done = false, false, nil, 0
}

// saveRest saves each one whom the preview said would change. Who is left out, or alone, was decided there.
func (c *Console) saveRest(ctx context.Context, actor sallyport.Actor, ro *rollout, keep func(ctx context.Context, last bool)) {
	for i := ro.done; i < len(ro.rows); i++ {
		row := ro.row(i)
		if row.Outcome == account.WillChange {
			row = c.saveOne(ctx, actor, ro.method, row)
		}
		if sallyport.KindOf(row.Err) == sallyport.StepUp { // there is nobody to ask any more
			row.Why = "Not saved: the time of your last proof ran out meanwhile. Tick the rest again; you are asked once more who you are."
		}
		ro.set(i, row)
		keep(ctx, false)
	}
	ro.mu.Lock()
	ro.running = false
	ro.mu.Unlock()
	keep(ctx, true)
}

func (c *Console) saveOne(ctx context.Context, actor sallyport.Actor, m sallyport.Method, row account.TeamRow) account.TeamRow {
	if c.live.Err() != nil {
		row.Outcome, row.Why = account.Refused, "Not begun: Sallyport was stopped."
		return row
	}
	team, err := c.accounts.SaveTeam(ctx, actor, []sallyport.TechnicianID{row.ID}, m)
	if err == nil && len(team.Rows) == 1 {
		saved := team.Rows[0]
		if saved.Gone {
			saved.Name = row.Name // nobody else knows it any more
		}
		return saved
	}
	row.Outcome, row.Err, row.Why = account.Refused, err, "Sallyport could not do this. Nothing was changed."
	if p := view.ProblemOf(err, c.now()); p != nil {
		row.Why = p.Message
	}
	return row
}

// self is the last page of an administrator who was ticked alone, and so has signed himself out.
func (ro *rollout) self() []string {
	if row := ro.row(0); len(ro.ids) == 1 && row.Self && row.Outcome == account.Changed {
		return []string{"Saved. " + endedWords(row.Name, row.SessionsEnded), row.MustSetUp}
	}
	return nil
}

func (ro *rollout) row(i int) account.TeamRow {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	return ro.rows[i]
}

func (ro *rollout) set(i int, row account.TeamRow) {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	ro.rows[i], ro.done = row, i+1
}

// progress shows how far it is, with a result per row.
func (c *Console) progress(w http.ResponseWriter, r *http.Request, ro *rollout) error {
	q, err := web.ReadQuery(r, "page")
	if err != nil {
		return err
	}
	ro.mu.Lock()
	running, done, total, method := ro.running, ro.done, len(ro.rows), ro.method
	rows := append([]account.TeamRow(nil), ro.rows...)
	ro.mu.Unlock()
	desk, err := c.desk(r, method.String()+" for "+count(total, "technician", "technicians"), "technicians")
	if err != nil {
		return err
	}
	desk.Back = &view.Link{Label: "Technicians and Roles", Href: "/admin/technicians"}
	page := view.Progress{Desk: desk, ID: r.PathValue("id"), Done: done, Total: total, Running: running, Summary: summary(rows[:done], running),
		Return: view.Link{Label: "Technicians and Roles", Href: "/admin/technicians"}}
	if running {
		page.Refresh = 2
	} else { // what needs somebody's hand comes first
		slices.SortStableFunc(rows, func(a, b account.TeamRow) int { return urgency(b) - urgency(a) })
	}
	fillProgress(&page, rows, done, pageNumber(q.Get("page")))
	if r.Method == http.MethodGet && ro.forgetLinks(page.Rows) { // HEAD shows nothing
		if err := c.rollouts.save(r.Context(), web.VisitorOf(r).Technician.ID, r.PathValue("id"), ro); err != nil {
			return err // shown to nobody: they are there for the next try
		}
	}
	return c.pages.Render(w, http.StatusOK, page)
}

func urgency(row account.TeamRow) int {
	switch row.Outcome {
	case account.Refused:
		return 2
	case account.LeftOut:
		return 1
	}
	return 0
}

func fillProgress(page *view.Progress, rows []account.TeamRow, done, n int) {
	const size = 100
	from := min((n-1)*size, len(rows))
	for i := from; i < min(from+size, len(rows)); i++ {
		row := progressRow(rows[i], i < done)
		if page.Running {
			row.Link = "" // links are shown this once, at the end
		}
		page.Rows = append(page.Rows, row)
	}
	page.Pager = view.NewPager(n, size, len(rows), func(n int) string { return address("/admin/rollouts/"+page.ID, url.Values{}, n) })
}

// linkShown stands in the place of an invitation's link once it was shown.
const linkShown = "(shown once; Resend invitation makes a new one)"

// forgetLinks takes the links that are about to be shown out of what is kept, and reports whether there were any.
func (ro *rollout) forgetLinks(shown []view.ProgressRow) (some bool) {
	ids := map[sallyport.TechnicianID]bool{}
	for _, row := range shown {
		ids[sallyport.TechnicianID(row.ID)] = row.Link != "" && row.Link != linkShown
		some = some || ids[sallyport.TechnicianID(row.ID)]
	}
	ro.mu.Lock()
	defer ro.mu.Unlock()
	for i := range ro.rows {
		if ids[ro.rows[i].ID] {
			ro.rows[i].Invitation = linkShown
		}
	}
	return some
}

func progressRow(row account.TeamRow, done bool) view.ProgressRow {
	out := view.ProgressRow{ID: string(row.ID), Name: row.Name, Link: row.Invitation}
	if row.Gone {
		out.ID = ""
	}
	switch {
	case !done:
		out.State = view.Mark{Kind: "quiet", Word: "waiting"}
	case row.Outcome == account.Changed:
		out.State, out.Detail = view.Mark{Kind: "good", Word: "saved"}, changedDetail(row)
	case row.Outcome == account.Unchanged:
		out.State, out.Detail = view.Mark{Kind: "quiet", Word: "unchanged"}, "Has this method already."
	case row.Outcome == account.LeftOut:
		out.State, out.Detail = view.Mark{Kind: "quiet", Word: "left out"}, row.Why
	default:
		out.State, out.Detail = view.Mark{Kind: "bad", Word: "refused"}, row.Why
	}
	return out
}

func changedDetail(row account.TeamRow) string {
	out := "Was signed in nowhere."
	if n := len(row.SessionsEnded); n > 0 {
		out = "Signed out of " + count(n, "browser", "browsers") + ": " + strings.Join(where(row.SessionsEnded), ", ") + "."
	}
	if row.MustSetUp != "" {
		out += " " + row.MustSetUp
	}
	return out
}

// summary counts everybody once, so that it comes to as many as were chosen.
func summary(rows []account.TeamRow, running bool) string {
	n, sessions := map[account.Outcome]int{}, 0
	for _, row := range rows {
		n[row.Outcome]++
		sessions += len(row.SessionsEnded)
	}
	out := fmt.Sprintf("Done: %d saved, %s ended, %d refused", n[account.Changed], count(sessions, "session", "sessions"), n[account.Refused])
	if running {
		out = fmt.Sprintf("Saving: %d saved so far, %d refused", n[account.Changed], n[account.Refused])
	}
	if some := n[account.Unchanged]; some > 0 {
		out += fmt.Sprintf(", %d unchanged", some)
	}
	if some := n[account.LeftOut]; some > 0 {
		out += fmt.Sprintf(", %d left out", some)
	}
	return out + "."
}
