package console

import (
	"encoding/csv"
	"net/http"
	"strings"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// importBody caps a file with its wrapping.
const importBody = 1<<20 + 64<<10

const importExample = `first_name,last_name,email,phone,role,method
Dana,Reyes,dana@example.com,+1 555 123 0001,admin,app
Ilya,Novak,ilya@example.com,,read-only,email`

var importColumns = []view.ImportColumn{
	{Name: "email", Help: "Needed."},
	{Name: "first_name, last_name", Help: "As they are shown."},
	{Name: "user_name", Help: "Empty: the email address."},
	{Name: "phone", Help: "Needed for Text Message."},
	{Name: "role", Help: "Needed: super-admin, admin, apps-and-reports-manager, reports-manager or read-only."},
	{Name: "method", Help: "app, email, text or off. Empty: app."},
}

// importForm takes a file or pasted text.
func (c *Console) importForm(w http.ResponseWriter, r *http.Request) error {
	page, err := c.importPage(r, "", nil)
	if err != nil {
		return err
	}
	return c.pages.Render(w, http.StatusOK, page)
}

func (c *Console) importPage(r *http.Request, text string, p *view.Problem) (view.Import, error) {
	desk, err := c.desk(r, "Import technicians from CSV", "technicians")
	if err != nil {
		return view.Import{}, err
	}
	desk.Problem, desk.Back = p, &view.Link{Label: "Technicians and Roles", Href: "/admin/technicians"}
	return view.Import{Desk: desk, Columns: importColumns, Example: importExample,
		Text: view.Field{Name: "csv", Label: "CSV text", Value: text, Rows: 8, Mono: true, Required: true, Wrong: wrong(p, "csv")}}, nil
}

// importPreview shows what a file would add, or what is wrong at which line.
func (c *Console) importPreview(w http.ResponseWriter, r *http.Request) error {
	f, file, err := web.ReadUpload(r, "file", "csv")
	if err != nil {
		return err
	}
	text := f.Get("csv")
	if len(file) > 0 {
		text = string(file)
	}
	batch, err := c.accounts.PreviewImport(r.Context(), web.ActorOf(r), strings.NewReader(text))
	if err != nil {
		return c.refused(w, r, err, func(p *view.Problem) (view.Page, error) { return c.importPage(r, text, p) })
	}
	return c.drawBatch(w, r, text, batch)
}

// drawBatch shows a batch that was not imported.
func (c *Console) drawBatch(w http.ResponseWriter, r *http.Request, text string, b account.Batch) error {
	page, err := c.importPage(r, text, nil)
	if err != nil {
		return err
	}
	for _, p := range b.Problems {
		page.Wrong = append(page.Wrong, view.ImportWrong{Line: p.Line, Field: p.Field, Message: p.Message})
	}
	if len(b.Problems) > 0 {
		page.More = b.More
		page.Problem = &view.Problem{Message: "Nothing was imported: " + count(b.Lines, "line needs", "lines need") + " mending."}
		return c.pages.Render(w, http.StatusUnprocessableEntity, page)
	}
	page.Total, page.Invites = len(b.Rows), b.WillSend
	for _, row := range b.Rows[:min(len(b.Rows), 200)] {
		t := row.Technician
		page.Rows = append(page.Rows, view.ImportRow{Line: row.Line, Name: t.Name(), UserName: t.UserName, Email: t.Email, Phone: t.Phone,
			Role: roleName(t.Role), Method: t.Method.String()})
	}
	page.More = len(b.Rows) - len(page.Rows)
	return c.pages.Render(w, http.StatusOK, page)
}

// importSave adds every technician of the text, or none.
func (c *Console) importSave(w http.ResponseWriter, r *http.Request, f web.Form) error {
	text := f.Get("csv")
	batch, err := c.accounts.Import(r.Context(), web.ActorOf(r), strings.NewReader(text))
	if err != nil {
		return c.refused(w, r, err, func(p *view.Problem) (view.Page, error) { return c.importPage(r, text, p) })
	}
	if !batch.Done {
		return c.drawBatch(w, r, text, batch)
	}
	if batch.WillSend {
		return c.see(w, r, "/admin/invitations", done(count(len(batch.Rows), "technician was", "technicians were")+" added. The invitations are on their way."))
	}
	desk, err := c.desk(r, "Imported", "technicians")
	if err != nil {
		return err
	}
	page := view.Imported{Desk: desk, Total: len(batch.Rows)}
	for _, row := range batch.Rows {
		page.Links = append(page.Links, view.ImportedLink{Name: row.Technician.Name(), UserName: row.Technician.UserName, Link: row.Invitation})
	}
	if page.CSV, err = invitationsCSV(batch.Rows); err != nil {
		return err
	}
	return c.pages.Render(w, http.StatusOK, page)
}

// invitationsCSV is a file of the links of an import, none of whose fields a spreadsheet runs.
func invitationsCSV(rows []account.ImportRow) (string, error) {
	var b strings.Builder
	out := csv.NewWriter(&b)
	out.UseCRLF = true
	lines := [][]string{{"name", "user_name", "email", "invitation_link"}}
	for _, r := range rows {
		t := r.Technician
		lines = append(lines, []string{audit.Cell(t.Name()), audit.Cell(t.UserName), audit.Cell(t.Email), r.Invitation})
	}
	err := out.WriteAll(lines)
	return b.String(), err
}
