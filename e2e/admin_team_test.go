package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/testkit/browser"
	"sallyport/internal/testkit/team"
)

// TestWholeTeamAtOnce: rows are ticked, one preview, one Save, a result per row that survives a reload.
func TestWholeTeamAtOnce(t *testing.T) {
	var specs []team.Spec
	for _, name := range []string{"dana", "ilya", "noor", "olga"} {
		specs = append(specs, team.Spec{Name: name, Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp})
	}
	o := newOffice(t, specs...)
	p := o.desk
	p.Check("Tick all rows on this page")
	p.WaitText("for 6 ticked rows")
	p.In("tr", "otto Team").Click("input")
	p.WaitText("for 5 ticked rows")
	p.Click("Two Factor Authentication…")
	p.WaitText("Two Factor Authentication for 5 technicians")
	p.Check("Send Verification Code via Email")
	p.Click("Preview")
	p.WaitText("Signed in nowhere now, set up Email at the next sign-in (4)")
	p.WaitText("Left out: That is you.")
	inspect(t, p)
	p.Click("Save for 4 technicians")
	p.WaitText("Done: 4 saved, 0 sessions ended, 0 refused, 1 left out.")
	inspect(t, p)
	p.Open(p.URL())
	p.WaitText("Done: 4 saved, 0 sessions ended, 0 refused, 1 left out.")
	p.Click("main a.button")
	p.Fill("#method", "Email")
	p.Click("Filter")
	p.WaitText("4 of 6")
}

// TestImport: a file with a mistake says where, and the mended one brings everybody.
func TestImport(t *testing.T) {
	o := newOffice(t)
	p := o.desk
	file := filepath.Join(t.TempDir(), "team.csv")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.Click("Import CSV")
	inspect(t, p)
	write("first_name,email,role,method\nDana,dana@,admin,app\nIlya,ilya@northwind.example,read-only,email\n")
	p.Upload("CSV file", file)
	p.Click("Preview the file")
	p.WaitText("Nothing was imported")
	inspect(t, p)
	write("first_name,email,role,method\nDana,dana@northwind.example,admin,app\nIlya,ilya@northwind.example,read-only,email\n")
	p.Upload("CSV file", file)
	p.Click("Preview the file")
	p.WaitText("2 technicians will be added")
	inspect(t, p)
	p.Click("Import 2 technicians")
	p.WaitText("2 technicians were added. The invitations are on their way.")
	for range 2 {
		o.mails.next(t, regexp.MustCompile(`/invitation/[A-Za-z0-9_-]{43}`))
	}
	inspect(t, p)
}

// TestApprovedReset: with the method Email a forgotten password waits for an administrator, who sends the link.
func TestApprovedReset(t *testing.T) {
	o := newOffice(t, team.Spec{Name: "ilya", Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodEmail})
	ilya := browser.New(t).Page()
	ilya.Open(o.URL + "/forgotten")
	ilya.Fill("User name", "ilya@northwind.example")
	ilya.Click("main button")
	p := o.desk
	openUntil(t, p, o.URL+"/admin/resets", "ilya Team") // asking is answered before anything was looked up
	inspect(t, p)
	p.Click("Decide…")
	p.WaitText("Call ilya Team on a number you know")
	p.Click("Approve and send the link")
	p.WaitText("The link is on its way to ilya@northwind.example.")
	p.WaitText("No password reset is waiting")
	link := o.mails.next(t, regexp.MustCompile(`http://localhost:\d+/reset/[A-Za-z0-9_-]{43}`))
	ilya.Open(link)
	ilya.Fill("New password", "another lantern drifts 8 otters")
	ilya.Click("Save the password")
	ilya.WaitGone("15 characters or more")
}

// TestAuditExport: what was done stands there, is found, and comes as CSV and JSON lines.
func TestAuditExport(t *testing.T) {
	o := newOffice(t, danaSpec)
	p := o.desk
	p.In("tr", "dana Team").Click("More for dana Team")
	p.In("tr", "dana Team").Click("Deactivate")
	p.Fill("Reason", "=HYPERLINK(1)")
	p.Click("main button")
	p.WaitText("Deactivated.")
	p.Click("Audit")
	p.Fill("#type", "technician.deactivated")
	p.Click("Filter")
	p.WaitText("Technician: deactivated")
	p.Click("Technician: deactivated")
	p.WaitText("=HYPERLINK(1)")
	inspect(t, p)
	csv := browser.Eval[string](p, `fetch(document.querySelector("a[download]").href).then((r) => r.text())`)
	if !strings.Contains(csv, "technician.deactivated") || !strings.Contains(csv, ",'=HYPERLINK(1)") || strings.Contains(csv, "signin.") {
		t.Errorf("the CSV holds %q", csv)
	}
	lines := browser.Eval[string](p, `fetch(document.querySelectorAll("a[download]")[1].href).then((r) => r.text())`)
	if !strings.HasPrefix(lines, "{") || !strings.Contains(lines, `"technician.deactivated"`) {
		t.Errorf("the lines hold %q", lines)
	}
	p.Click("Clear")
	p.WaitText("Audit: exported")
}

// TestSessionEndedFromTheDesk: Mara ends Dana's session, and Dana is told.
func TestSessionEndedFromTheDesk(t *testing.T) {
	o := newOffice(t, danaSpec)
	dana := o.signIn(o.others[0])
	dana.WaitText("Technicians and Roles")
	p := o.desk
	p.Click("Sessions")
	p.WaitText("2 live sessions")
	inspect(t, p)
	p.In("tr", "dana Team").Click("button")
	p.WaitText("The session was ended.")
	dana.Click("Audit")
	dana.WaitURL("/sign-in?return=%2Fadmin%2Faudit")
	dana.WaitText("administrator")
}

// openUntil opens a page anew until it says text: what it shows is made by work that nobody waits for.
func openUntil(t *testing.T, p *browser.Page, url, text string) {
	t.Helper()
	for range 200 {
		p.Open(url)
		if p.Has(text) {
			return
		}
	}
	t.Fatalf("%s never says %q", url, text)
}
