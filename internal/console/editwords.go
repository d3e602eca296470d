package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// previewLines put into words what Save will do.
func previewLines(p account.Preview) []view.PreviewLine {
	var lines []view.PreviewLine
	say := func(kind, text string) {
		if text != "" {
			lines = append(lines, view.PreviewLine{Kind: kind, Text: text})
		}
	}
	for _, f := range p.Refusals {
		say("bad", "Save will be refused: "+f.Message)
	}
	if p.Nothing {
		say("", "Nothing: the form says what is stored already. Nobody is signed out.")
		return lines
	}
	say("", signOutWords(p))
	say("", p.MustSetUp)
	if p.Invitation {
		say("", "A fresh invitation takes the place of the one sent before.")
	}
	if p.Stranded != "" {
		say("bad", "Stranded after this: "+p.Stranded)
	}
	for _, w := range p.Warnings {
		say("warn", w)
	}
	if p.Self {
		say("warn", selfWords)
	}
	if p.NeedsProof {
		say("", proofWords)
	}
	return lines
}

// selfWords say that the reader is among those who are signed out.
const selfWords = "This signs you out, too."

// proofWords say before a Save what it would otherwise ask unannounced.
const proofWords = "Before it is saved, you are asked once more who you are."

func signOutWords(p account.Preview) string {
	name := firstOf(p.Technician.FirstName, p.Technician.Name())
	switch n := len(p.SignsOut); {
	case len(p.Changes) == 0: // nothing but what is refused
		return ""
	case !p.Security:
		return "Saves " + changedWords(p.Changes) + ". Nobody is signed out."
	case n == 0:
		return name + " is signed in nowhere now; whatever was begun before Save is dead."
	default:
		return name + " is signed out of " + count(n, "browser", "browsers") + " at once: " + strings.Join(where(p.SignsOut), ", ") + "."
	}
}

func changedWords(changes []account.Change) string {
	var names []string
	for _, c := range changes {
		names = append(names, strings.ToLower(firstOf(formLabels[c.Field], c.Field)))
	}
	return "the new " + strings.Join(names, " and ")
}

func saveButton(p account.Preview) string {
	if p.Security {
		return "Save and sign out"
	}
	return "Save"
}

// savedLines say what Save did, the line that counts first.
func savedLines(name string, s account.Saved) []string {
	first := "Saved. Nobody was signed out."
	if s.SignedOut {
		first = "Saved. " + name + " was signed in nowhere; whatever was begun before is dead."
	}
	if n := len(s.SessionsEnded); n > 0 {
		first = "Saved. " + name + " was signed out of " + count(n, "browser", "browsers") + ": " + strings.Join(where(s.SessionsEnded), ", ") + "."
	}
	lines := []string{first}
	if s.SignedOut {
		lines = append(lines, refusalWords(s.Refusal))
	}
	lines = append(lines, s.What...)
	if s.MustSetUp != "" {
		lines = append(lines, s.MustSetUp)
	}
	if s.InvitationSent {
		lines = append(lines, "A fresh invitation is on its way.")
	}
	return lines
}

// refusalWords say after how long nothing older was let in by any server.
func refusalWords(r account.Refusal) string {
	took := "less than 1 ms"
	if ms := r.After.Milliseconds(); ms > 0 {
		took = strconv.FormatInt(ms, 10) + " ms"
	}
	switch {
	case r.Unseen:
		return "Everything older was refused here after " + took + "; the other servers could not be asked. One that cannot read the database refuses everything."
	case r.Silent != "":
		return fmt.Sprintf("Everything older was refused on %d of %d servers after %s. No answer within a second came from %s: a server that cannot read the database refuses everything, but look after it.",
			r.Nodes-r.SilentCount(), r.Nodes, took, r.Silent)
	case r.Nodes > 1:
		return fmt.Sprintf("Everything older was refused on %d of %d servers after %s.", r.Nodes, r.Nodes, took)
	}
	return "Everything older was refused everywhere after " + took + "."
}

func staleView(d view.Desk, e *account.StaleError) *view.Stale {
	if e == nil {
		return nil
	}
	s := &view.Stale{By: e.By, Did: "saved this technician", When: d.When(e.At)}
	for _, c := range e.Differ {
		s.Rows = append(s.Rows, view.StaleRow{Field: firstOf(formLabels[c.Field], c.Field), Theirs: c.Was, Yours: c.Becomes})
	}
	return s
}

// facts stand beside the form.
func facts(r *http.Request, d view.Desk, e account.Detail) *view.Facts {
	t, role := e.Technician, web.VisitorOf(r).Role
	f := &view.Facts{Status: statusMark(t.Status), SetUp: setUpMark(t, e.SetUp, e.MayOff), RecoveryLeft: e.RecoveryLeft, RecoveryOff: e.RecoveryOff, HasFactor: e.Factor != nil,
		LastSignIn: d.When(t.LastSignInAt), Created: d.When(t.CreatedAt)}
	if e.SetupOpen {
		f.SetupUntil = d.When(t.SetupUntil)
	}
	f.Held = heldWords(d, e)
	if t.Status == sallyport.Invited {
		f.Invited, f.InvitationOver = true, e.Invitation == nil
		if e.Invitation != nil {
			f.Invitation = d.When(e.Invitation.ExpiresAt)
		}
	}
	shown := e.Sessions[:min(len(e.Sessions), mostWhere)]
	f.More = len(e.Sessions) - len(shown)
	for _, s := range shown {
		f.Sessions = append(f.Sessions, view.SessionLine{Browser: s.Browser, Address: s.Address, Method: methodWord(s.Method), Used: d.When(s.UsedAt)})
	}
	if role.Has(sallyport.ReadSessions) {
		f.SessionsHref = "/admin/sessions?technician=" + string(t.ID)
	}
	if role.Has(sallyport.ReadAudit) {
		f.AuditHref = "/admin/audit?technician=" + string(t.ID)
	}
	return f
}

func heldWords(d view.Desk, e account.Detail) string {
	switch f := e.Factor; {
	case f == nil:
		return ""
	case e.Technician.Method == sallyport.MethodOff:
		return "Holds " + f.Kind.String() + " still: while the method is Off, nobody asks for it."
	case f.Disabled:
		return "Too many wrong answers: only a reset opens it again."
	case f.Serves:
		words := methodLabel(f.Kind) + ", proved " + d.When(f.ProvedAt).Words()
		if f.UsedAt.After(f.ProvedAt) {
			words += ", last used " + d.When(f.UsedAt).Words()
		}
		return words
	case f.Kind == e.Technician.Method: // its address was changed
		return "Holds " + f.Address + " still: " + untilWords(f, "proving the new one") + "."
	default:
		return "Holds " + f.Kind.String() + " still: " + untilWords(f, "setting up the new method") + "."
	}
}

// untilWords say what a factor that was replaced is good for until next is done.
func untilWords(f *account.FactorSummary, next string) string {
	if f.Opens {
		return "it only opens the door to " + next
	}
	return "it opens nothing, and goes with " + next
}

// methodWord names what proved a session.
func methodWord(m string) string {
	if m == "recovery" {
		return "Recovery code"
	}
	if known := sallyport.Method(m); known.Valid() {
		return known.String()
	}
	return m
}

// openWords say what opening the set-up again is for.
func openWords(e account.Detail) string {
	switch {
	case !e.SetupOpen:
		return "The set-up of the second factor was not begun in time. This opens it again and signs nobody out."
	case e.CodeUntil.IsZero():
		return "The set-up asks for an enrolment code, and none works now. This makes another and signs nobody out."
	}
	return "For an enrolment code that was lost: this makes another in its place and signs nobody out."
}

// usual says that a sign-out changes nothing of the next sign-in, where that is so.
func usual(e account.Detail) string {
	if e.AsksCode {
		return ""
	}
	return " The next sign-in is as usual."
}

// dangers are the acts at the end of the page.
func dangers(e account.Detail) []view.Danger {
	base := "/admin/technicians/" + string(e.Technician.ID)
	var out []view.Danger
	add := func(when bool, label, path, text string, danger bool) {
		if when {
			out = append(out, view.Danger{Link: view.Link{Label: label, Href: base + path, Danger: danger}, Text: text})
		}
	}
	add(e.May.OpenSetup && (!e.SetupOpen || e.AsksCode), "Open the set-up again…", "/set-up", openWords(e), false)
	add(e.May.Reset, "Reset second factor…", "/reset", "For a lost phone: signs out everywhere and takes away the second factor and the recovery codes.", true)
	add(e.May.SignOut, "Sign out everywhere…", "/sign-out", "Ends every session and unfinished sign-in."+usual(e), false)
	add(e.May.Resend, "Resend invitation…", "/invitation", "A fresh link takes the place of the older one.", false)
	add(e.May.Activate, "Activate…", "/activate", "Lets a deactivated technician in again.", false)
	add(e.May.Deactivate, "Deactivate…", "/deactivate", "Signs out everywhere and lets nobody in until it is activated again.", true)
	add(e.May.Delete, "Delete…", "/delete", "Removes the account and everything of it but the audit log.", true)
	return out
}
