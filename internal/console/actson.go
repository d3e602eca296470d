package console

import (
	"context"
	"fmt"
	"strings"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/view"
)

// actsOnOne are the acts on one technician, in the order of the More menu.
func (c *Console) actsOnOne() []act {
	const write = sallyport.WriteTechnicians
	return []act{
		{name: "reset", ends: true, title: "Reset second factor", needs: write, reason: true, danger: true, button: "Reset and sign out", lines: resetLines, run: resetFactor},
		{name: "set-up", title: "Open the set-up again", needs: write, button: "Open the set-up", lines: setupLines, run: openSetup},
		{name: "sign-out", ends: true, title: "Sign out everywhere", needs: sallyport.EndSessions, button: "Sign out everywhere", lines: signOutLines, run: signOut},
		{name: "invitation", title: "Resend invitation", needs: write, button: "Send a fresh invitation", lines: invitationLines, run: resend},
		{name: "deactivate", ends: true, title: "Deactivate", needs: write, reason: true, danger: true, button: "Deactivate", lines: deactivateLines, run: deactivate},
		{name: "activate", title: "Activate", needs: write, button: "Activate", lines: activateLines, run: activate},
		{name: "delete", ends: true, title: "Delete", needs: write, reason: true, danger: true, button: "Delete for good", lines: deleteLines, run: remove},
	}
}

func say(texts ...string) []view.PreviewLine {
	var lines []view.PreviewLine
	for _, t := range texts {
		lines = append(lines, view.PreviewLine{Text: t})
	}
	return lines
}

// ends says what stops when everything older dies.
func ends(d account.Detail) string {
	name := short(d.Technician)
	if len(d.Sessions) == 0 {
		return name + " is signed in nowhere now; whatever was begun before is dead."
	}
	return name + " is signed out of " + count(len(d.Sessions), "browser", "browsers") + " at once: " + strings.Join(where(d.Sessions), ", ") + "."
}

func short(t sallyport.Technician) string { return firstOf(t.FirstName, t.Name()) }

func resetLines(d account.Detail) []view.PreviewLine {
	lines := say(ends(d), "The second factor and the recovery codes are gone for good.",
		"At the next sign-in, after the password, "+short(d.Technician)+" sets up "+d.Technician.Method.String()+" anew. Where the policy asks for it, the next page shows an enrolment code for that, to be read out by you.")
	if len(d.Sessions) > 0 || d.SetUp {
		lines = append(lines, view.PreviewLine{Kind: "warn", Text: "Make sure that it is really " + short(d.Technician) + " who asks: call back on a number you know."})
	}
	return lines
}

func resetFactor(ctx context.Context, c *Console, d deed) (outcome, error) {
	r, err := c.accounts.ResetFactor(ctx, d.actor, d.to.ID, d.reason)
	if err != nil {
		return outcome{}, err
	}
	line := "The second factor was reset. " + endedWords(short(d.to), r.SessionsEnded)
	return readOut(short(d.to), r, line), nil
}

// readOut shows the enrolment code that was made, where one was.
func readOut(name string, r account.FactorReset, line string) outcome {
	if r.EnrolmentCode == "" {
		return outcome{answer: done(line)}
	}
	once := &view.Once{Label: "Enrolment code", Secret: r.EnrolmentCode, Large: true, Spelled: spell(r.EnrolmentCode),
		Lines: []string{line, "Read this code out to " + name + ", who is asked for it after the password, once."},
		Note:  "It is shown this once. If it is lost, “Open the set-up again” makes another."}
	once.Title, once.Until.At = "Read out this code", r.ExpiresAt
	return outcome{once: once}
}

var letters = strings.Fields("Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec Romeo Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu")
var figures = strings.Fields("zero one two three four five six seven eight nine")

// spell names each letter and digit of a code as one says it on the telephone.
func spell(code string) []string {
	var out []string
	for _, ch := range strings.ToUpper(code) {
		switch {
		case ch >= 'A' && ch <= 'Z':
			out = append(out, letters[ch-'A'])
		case ch >= '0' && ch <= '9':
			out = append(out, figures[ch-'0'])
		}
	}
	return out
}

func setupLines(d account.Detail) []view.PreviewLine {
	lines := say(short(d.Technician) + " may set up " + d.Technician.Method.String() + " at the next sign-in again. Nobody is signed out.")
	if d.Technician.EnrolmentNeeded && d.Factor == nil {
		lines = append(lines, view.PreviewLine{Text: "The second factor was reset before. Where the policy asks for it, the next page shows a fresh enrolment code, to be read out by you."},
			view.PreviewLine{Kind: "warn", Text: "Make sure that it is really " + short(d.Technician) + " who asks: call back on a number you know."})
	}
	return lines
}

func openSetup(ctx context.Context, c *Console, d deed) (outcome, error) {
	r, err := c.accounts.OpenSetup(ctx, d.actor, d.to.ID)
	if err != nil {
		return outcome{}, err
	}
	return readOut(short(d.to), r, "The set-up is open until "+r.SetupUntil.UTC().Format("2 Jan 2006, 15:04")+" UTC."), nil
}

func signOutLines(d account.Detail) []view.PreviewLine {
	if d.AsksCode {
		return say(ends(d), "The password stays as it is.", codeEnds(d))
	}
	return say(ends(d), "The password and the second factor stay as they are; the next sign-in is as usual.")
}

// codeEnds says that an enrolment code is needed which does not work after the act.
func codeEnds(d account.Detail) string {
	name, by := short(d.Technician), "Open the set-up again"
	if d.Technician.FactorDisabled { // by wrong enrolment codes
		by = "Reset second factor"
	}
	if d.CodeUntil.IsZero() {
		return "At the next sign-in " + name + " is asked for an enrolment code, of which none works now: “" + by + "” makes one."
	}
	return "The enrolment code that was read out works no more, and " + name + " is asked for one at the next sign-in: “" + by + "” makes another."
}

func signOut(ctx context.Context, c *Console, d deed) (outcome, error) {
	s, err := c.accounts.SignOut(ctx, d.actor, d.to.ID)
	return endedOutcome(d.to, s, ""), err
}

func endedOutcome(t sallyport.Technician, s account.SignedOut, before string) outcome {
	line := before + endedWords(short(t), s.SessionsEnded)
	if s.SelfSignedOut {
		return outcome{self: []string{line}}
	}
	return outcome{answer: done(line)}
}

func endedWords(name string, ended []sallyport.Session) string {
	if len(ended) == 0 {
		return name + " was signed in nowhere; whatever was begun before is dead."
	}
	return name + " was signed out of " + count(len(ended), "browser", "browsers") + ": " + strings.Join(where(ended), ", ") + "."
}

func invitationLines(d account.Detail) []view.PreviewLine {
	return say("A fresh invitation for "+d.Technician.Email+" takes the place of the older one, whose link is dead then.",
		"It sets the password and, where the method needs it, the second factor.")
}

func resend(ctx context.Context, c *Console, d deed) (outcome, error) {
	i, err := c.accounts.ResendInvitation(ctx, d.actor, d.to.ID)
	return invitedOutcome(d.to, i, ""), err
}

func invitedOutcome(t sallyport.Technician, i account.Invited, before string) outcome {
	switch {
	case i.Link != "":
		return outcome{link: &i}
	case i.Sent:
		return outcome{answer: done(before + "The invitation is on its way to " + t.Email + ".")}
	}
	return outcome{answer: done(firstOf(before, "Done."))}
}

func deactivateLines(d account.Detail) []view.PreviewLine {
	lines := say(ends(d), "Nobody gets in with this account until it is activated again. Its second factor stays.")
	switch {
	case d.AsksCode:
		lines = append(lines, say(codeEnds(d))...)
	case d.Invitation != nil:
		lines = append(lines, say("The invitation works no more. Activate sends a fresh one.")...)
	}
	return lines
}

func deactivate(ctx context.Context, c *Console, d deed) (outcome, error) {
	s, err := c.accounts.Deactivate(ctx, d.actor, d.to.ID, d.reason)
	o := endedOutcome(d.to, s, "Deactivated. ")
	o.answer.Next = &view.Link{Label: "Undo: activate", Href: "/admin/technicians/" + string(d.to.ID) + "/activate"}
	return o, err
}

func activateLines(d account.Detail) []view.PreviewLine {
	lines := say(short(d.Technician)+" may sign in again with the password and second factor from before; without a password, a fresh invitation goes out.",
		fmt.Sprintf("Role: %s.", roleName(d.Technician.Role)))
	if d.AsksCode {
		lines = append(lines, say(codeEnds(d))...)
	}
	return lines
}

func activate(ctx context.Context, c *Console, d deed) (outcome, error) {
	i, err := c.accounts.Activate(ctx, d.actor, d.to.ID)
	return invitedOutcome(d.to, i, "Activated. "), err
}

func deleteLines(d account.Detail) []view.PreviewLine {
	return append(say(ends(d), "The account, its second factor and its recovery codes are removed. The audit log keeps its events, with the name; “sallyport audit erase” on the host takes it out of them, where somebody must be forgotten."),
		view.PreviewLine{Kind: "warn", Text: "This cannot be undone. Deactivate can."})
}

func remove(ctx context.Context, c *Console, d deed) (outcome, error) {
	s, err := c.accounts.Delete(ctx, d.actor, d.to.ID, d.reason)
	o := endedOutcome(d.to, s, d.to.Name()+" was deleted. ")
	o.path = "/admin/technicians"
	return o, err
}
