package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/control"
)

type technicianCommand struct {
	List        technicianList   `cmd:"" help:"List technicians."`
	Add         technicianAdd    `cmd:"" help:"Add a technician, who gets an invitation."`
	Import      technicianImport `cmd:"" help:"Add a team from a CSV file: all rows, or none."`
	ResetFactor technicianReset  `cmd:"" help:"Take away a lost second factor."`
	SignOut     technicianOut    `cmd:"" help:"Sign a technician out everywhere, which ends an enrolment code too."`
}

type technicianList struct {
	Search string `arg:"" optional:"" help:"Part of a name, user name or email address."`
}

// Run prints a table.
func (c *technicianList) Run(s *session) error {
	var list []control.Technician
	if err := s.ask("technician/list", control.Search{Text: c.Search}, &list); err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "USER NAME\tNAME\tROLE\tSTATUS\tMETHOD\tSET UP\tSESSIONS\tLAST SIGN-IN")
	for _, t := range list {
		setUp := "no"
		if t.SetUp {
			setUp = "yes"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", plain(t.UserName), plain(t.Name), t.Role, t.Status, t.Method, setUp, t.Sessions, exact(t.LastSignIn))
	}
	return w.Flush()
}

type technicianAdd struct {
	Email     string `arg:"" help:"Business email address; also the user name, unless --user is given."`
	User      string `help:"User name."`
	FirstName string `help:"First name."`
	LastName  string `help:"Last name."`
	Phone     string `help:"Phone number."`
	Role      string `default:"read-only" enum:"super-admin,admin,apps-and-reports-manager,reports-manager,read-only" help:"super-admin, admin, apps-and-reports-manager, reports-manager or read-only."`
	Method    string `default:"app" enum:"app,email,text,off" help:"app, email, text or off."`
}

// Run adds one technician.
func (c *technicianAdd) Run(s *session) error {
	var added account.Added
	form := account.Form{FirstName: c.FirstName, LastName: c.LastName, UserName: c.User, Email: c.Email, Phone: c.Phone,
		Role: sallyport.RoleID(c.Role), Method: sallyport.Method(c.Method)}
	if err := s.ask("technician/add", form, &added); err != nil {
		return err
	}
	if added.Sent {
		s.printf("Added. The invitation is on its way to %s and works until %s.\n", plain(c.Email), exact(added.ExpiresAt))
		return nil
	}
	s.printf("Added. Email is not set up, so please hand over this invitation; it works once, until %s:\n\n  %s\n", exact(added.ExpiresAt), added.InvitationLink)
	return nil
}

type technicianImport struct {
	File    string `arg:"" help:"CSV file, or - for standard input."`
	Preview bool   `help:"Only say what would be done."`
}

// Help is what the command's help says beside its flags.
func (c *technicianImport) Help() string {
	return "The first line of the file names the columns. Needed are email and role (super-admin, admin, apps-and-reports-manager, reports-manager or read-only). " +
		"There may be first_name, last_name, user_name (empty: the email address), phone, and method (app, email, text or off; empty: app)."
}

// Run imports a file, or says line by line why not.
func (c *technicianImport) Run(s *session) error {
	text, err := s.read(c.File, account.ImportMostBytes)
	if err != nil {
		return err
	}
	var batch account.Batch
	if err := s.ask("technician/import", control.CSV{File: text, Preview: c.Preview}, &batch); err != nil {
		return err
	}
	if len(batch.Problems) > 0 {
		for _, p := range batch.Problems {
			fmt.Fprintln(s.errOut, problem(p))
		}
		return fmt.Errorf("nobody was added: %s", count(len(batch.Problems)+batch.More, "problem", "problems"))
	}
	did := "Added"
	if !batch.Done {
		did = "Would add"
	}
	for _, r := range batch.Rows {
		s.printf("%s\n", strings.TrimSpace(did+" "+plain(r.Technician.UserName)+"\t"+r.Invitation))
	}
	s.printf("%s %s. %s\n", did, count(len(batch.Rows), "technician", "technicians"), handedOver(batch))
	return nil
}

// handedOver says how the invitations of an import come to whom they are for.
func handedOver(b account.Batch) string {
	switch {
	case b.WillSend && b.Done:
		return "The invitations are on their way by email."
	case b.WillSend:
		return "The invitations would go by email."
	case b.Done:
		return "Email is not set up, so please hand over the invitations above; each works once."
	}
	return "Email is not set up: the invitations would be printed, to be handed over."
}

// problem is what is wrong in a line, or with the whole file.
func problem(p account.LineProblem) string {
	if p.Field == "" {
		return fmt.Sprintf("line %d: %s", p.Line, p.Message)
	}
	return fmt.Sprintf("line %d: %s: %s", p.Line, p.Field, p.Message)
}

type technicianReset struct {
	User   string `arg:"" help:"User name."`
	Reason string `help:"Why, for the audit log."`
}

// Help is what the command's help says beside its flags.
func (c *technicianReset) Help() string {
	return "The technician is signed out everywhere at once, the recovery codes are over, and a new second factor is set up at the next sign-in. " +
		"The enrolment code that opens it is printed, to be read out, unless the policy does without."
}

// Run resets a second factor.
func (c *technicianReset) Run(s *session) error {
	var reset control.Reset
	if err := s.ask("technician/reset-factor", control.User{User: c.User, Reason: c.Reason}, &reset); err != nil {
		return err
	}
	s.printf("The second factor of %s is reset, and %s ended. A new one must be set up by %s.\n", plain(c.User), count(reset.SessionsEnded, "session", "sessions"), exact(reset.SetupUntil))
	if reset.EnrolmentCode != "" {
		s.printf("Read out this enrolment code; it works once, until %s:\n\n  %s\n", exact(reset.Expires), reset.EnrolmentCode)
	}
	return nil
}

type technicianOut struct {
	User string `arg:"" help:"User name."`
}

// Help is what the command's help says beside its flags.
func (c *technicianOut) Help() string {
	return "Every session, unfinished sign-in, password-reset link and enrolment code ends; password and second factor stay. " +
		"After a reset of the second factor \"sallyport technician reset-factor\" makes another enrolment code."
}

// Run signs a technician out everywhere.
func (c *technicianOut) Run(s *session) error {
	var out control.SignedOut
	if err := s.ask("technician/sign-out", control.User{User: c.User}, &out); err != nil {
		return err
	}
	s.printf("%s is signed out everywhere: %s ended.\n", plain(out.Name), count(out.SessionsEnded, "session", "sessions"))
	if out.CodeEnded {
		s.printf("The enrolment code that was read out works no more. Make another with: sallyport technician reset-factor %s\n", plain(c.User))
	}
	return nil
}
