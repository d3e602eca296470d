package console

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// auditQuery reads the address of the audit log. Dates are days in UTC, both included.
func auditQuery(r *http.Request) (sallyport.EventFilter, web.Form, error) {
	q, err := web.ReadQuery(r, "q", "type", "from", "until", "technician", "before")
	if err != nil {
		return sallyport.EventFilter{}, q, err
	}
	f := sallyport.EventFilter{Search: strings.TrimSpace(q.Get("q")), Type: q.Get("type"), Target: sallyport.TechnicianID(q.Get("technician")), Limit: pageSize}
	if n, err := strconv.ParseInt(q.Get("before"), 10, 64); err == nil && n > 0 {
		f.Before = n // anything else is the first page
	}
	var wrong []sallyport.Field
	day := func(name string, at *time.Time, more time.Duration) {
		if v := q.Get(name); v != "" {
			d, err := time.Parse(time.DateOnly, v)
			if err != nil {
				wrong = append(wrong, sallyport.Field{Name: name, Message: "Please give a day as 2026-11-23."})
				return
			}
			*at = d.Add(more)
		}
	}
	day("from", &f.From, 0)
	day("until", &f.Until, 24*time.Hour)
	if !f.From.IsZero() && !f.Until.IsZero() && !f.From.Before(f.Until) {
		wrong = append(wrong, sallyport.Field{Name: "until", Message: "The last day comes before the first. Please swap them."})
	}
	return f, q, sallyport.InvalidFields(wrong)
}

// audit is Admin > Audit.
func (c *Console) audit(w http.ResponseWriter, r *http.Request) error {
	f, q, err := auditQuery(r)
	if err != nil && sallyport.KindOf(err) != sallyport.Invalid {
		return err
	}
	problem := view.ProblemOf(err, c.now())
	f.Limit = pageSize + 1 // one more tells whether there is an older page
	events, err := c.accounts.Events(r.Context(), web.ActorOf(r), f)
	if err != nil {
		return err
	}
	desk, err := c.desk(r, "Audit", "audit")
	if err != nil {
		return err
	}
	desk.Problem = problem
	page := view.Audit{Desk: desk, Search: f.Search, Types: eventTypes(f.Type), From: q.Get("from"), Until: q.Get("until"), Target: string(f.Target)}
	address := func(path string, before int64) string { return auditAddress(path, q, before) }
	if len(events) > pageSize {
		events = events[:pageSize]
		page.Older = address("/admin/audit", events[pageSize-1].ID)
	}
	if f.Before > 0 {
		page.Newest = address("/admin/audit", 0)
	}
	page.On = len(auditValues(q)) > 0
	role := web.VisitorOf(r).Role
	mayExport := role.Has(sallyport.ExportAudit)
	if mayExport {
		page.CSV, page.Lines = address("/admin/audit.csv", 0), address("/admin/audit.jsonl", 0)
	}
	if f.Target != "" && len(events) > 0 {
		page.Lead = "Only what was done to " + cmp.Or(events[0].TargetName, "an "+erased) + "."
	}
	for _, e := range events {
		row := auditRow(desk, e)
		if mayExport {
			row.Proof = "/admin/audit/" + row.ID + "/proof"
		}
		if !role.Has(sallyport.ReadTechnicians) {
			row.TargetID = ""
		}
		page.Rows = append(page.Rows, row)
	}
	if page.Log, err = c.auditTree(r, desk); err != nil {
		return err
	}
	if len(events) == 0 {
		page.Empty = &view.Empty{Title: "No event matches", Text: "Nothing in the log matches this search and these filters. Events are kept for 400 days, or as the policy says.",
			Next: &view.Link{Label: "Show all events", Href: "/admin/audit"}}
	}
	return c.pages.Render(w, statusOf(problem), page)
}

func statusOf(p *view.Problem) int {
	if p != nil {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

func auditValues(q web.Form) url.Values {
	out := url.Values{}
	for _, name := range []string{"q", "type", "from", "until", "technician"} {
		if v := q.Get(name); v != "" {
			out.Set(name, v)
		}
	}
	return out
}

func auditAddress(path string, q web.Form, before int64) string {
	out := auditValues(q)
	if before > 0 {
		out.Set("before", strconv.FormatInt(before, 10))
	}
	return address(path, out, 1)
}

// erased is what an account is called whose name was taken out of the log.
const erased = "erased account"

func auditRow(d view.Desk, e sallyport.Event) view.AuditRow {
	row := view.AuditRow{ID: strconv.FormatInt(e.ID, 10), At: d.When(e.At), Type: e.Type, Words: eventWords(e.Type), Actor: e.ActorName,
		Target: e.TargetName, TargetID: string(e.Target), Outcome: outcomeMark(e.Outcome), Address: e.Address, Browser: e.Browser,
		RequestID: e.RequestID, Reason: e.Reason}
	if row.Actor == "" {
		row.Actor = string(e.ActorKind)
	}
	if e.Target != "" && e.TargetName == "" {
		row.Target, row.TargetID = erased, "" // there is no record to lead to
	}
	names := slices.Sorted(maps.Keys(e.Before))
	for _, n := range slices.Sorted(maps.Keys(e.After)) {
		if _, ok := e.Before[n]; !ok {
			names = append(names, n)
		}
	}
	for _, n := range names {
		row.Changes = append(row.Changes, view.AuditChange{Name: n, Before: e.Before[n], After: e.After[n]})
	}
	return row
}

func outcomeMark(o string) view.Mark {
	switch o {
	case "", "ok":
		return view.Mark{Kind: "good", Word: "ok"}
	case string(sallyport.Sent):
		return view.Mark{Kind: "good", Word: o}
	case "wrong", string(sallyport.Unclear):
		return view.Mark{Kind: "warn", Word: o}
	}
	return view.Mark{Kind: "bad", Word: o}
}

func (c *Console) exportCSV(w http.ResponseWriter, r *http.Request) error {
	return c.export(w, r, account.FormatCSV)
}

func (c *Console) exportLines(w http.ResponseWriter, r *http.Request) error {
	return c.export(w, r, account.FormatLines)
}

// export streams the events that the filter selects. The export itself is an event.
func (c *Console) export(w http.ResponseWriter, r *http.Request, format string) error {
	f, _, err := auditQuery(r)
	if err != nil {
		return err
	}
	f.Before, f.Limit = 0, 0
	e, err := c.accounts.ExportEvents(r.Context(), web.ActorOf(r), f, format)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", e.ContentType)
	h.Set("Content-Disposition", `attachment; filename="`+e.FileName+`"`)
	h.Set("Cache-Control", "no-store")
	return e.Write(w)
}
