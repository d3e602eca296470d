package view

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/testkit/golden"
)

func frame(title string) Desk {
	return Desk{Organisation: "Northwind IT", Title: title, Now: noon, Who: Who{Name: "Mara Voss", UserName: "mara@northwind.example", Role: "Super Admin"},
		Nav: []Link{{Label: "Technicians and Roles", Href: "/admin/technicians", Current: true}, {Label: "Sessions", Href: "/admin/sessions"},
			{Label: "Email Settings", Href: "/admin/email"}, {Label: "SMS Settings", Href: "/admin/sms"}, {Label: "Audit", Href: "/admin/audit"}}}
}

func teamFrame(current string, total int) Desk {
	d := frame("Technicians and Roles")
	d.Action = &Link{Label: "Add Technician", Href: "/admin/technicians/new"}
	for _, t := range []Tab{{Link: Link{Label: "Technicians", Href: "/admin/technicians"}, Count: total}, {Link: Link{Label: "Roles", Href: "/admin/roles"}, Count: 5},
		{Link: Link{Label: "Invitations", Href: "/admin/invitations"}, Count: 3}, {Link: Link{Label: "Password resets", Href: "/admin/resets"}, Count: 1, Call: true},
		{Link: Link{Label: "Help", Href: "/admin/help"}, Call: true}} {
		t.Current = strings.HasSuffix(t.Href, current)
		d.Tabs = append(d.Tabs, t)
	}
	return d
}

func under(d Desk, back string) Desk {
	d.Back = &Link{Label: back, Href: "/admin/technicians"}
	return d
}

func refusedAt(d Desk, err error) Desk {
	d.Problem = ProblemOf(err, noon)
	return d
}

var team = []struct {
	first, last, user, role, method string
	status                          string
	setUp                           Mark
	ago                             time.Duration
	sessions                        int
}{
	{"Dana", "Reyes", "dana@northwind.example", "Admin", "Authenticator App", "active", Mark{"good", "yes"}, 5 * time.Minute, 2},
	{"Ilya", "Novak", "ilya@northwind.example", "Reports Manager", "Text Message", "active", Mark{"warn", "no"}, 0, 0},
	{"Mara", "Voss", "mara@northwind.example", "Super Admin", "Authenticator App", "active", Mark{"good", "yes"}, time.Minute, 1},
	{"Bartholomew-Alexander", "von und zu Hohenstein-Wittgenstein", "bartholomew-alexander.von-und-zu-hohenstein@subsidiary.northwind.example", "Apps and Reports Manager", "Email", "deactivated", Mark{"bad", "switched off"}, 800 * time.Hour, 0},
	{"ناصر", "الحسيني", "nasser@northwind.example", "Read-only Technician", "Off", "invited", Mark{"quiet", "not needed"}, 0, 0},
}

func rows(n int) []TechnicianRow {
	var out []TechnicianRow
	for i := range n {
		p := team[i%len(team)]
		row := TechnicianRow{ID: fmt.Sprintf("id%d", i), Name: p.first + " " + p.last, UserName: p.user, Role: p.role, Method: p.method, SetUp: p.setUp,
			Status: Mark{map[string]string{"active": "good", "invited": "warn"}[p.status], p.status}, LastSignIn: Moment{Now: noon}, Sessions: p.sessions,
			Self: p.first == "Mara", Help: p.first == "Ilya",
			Menu: []Link{{Label: "Edit Technician", Href: "/admin/technicians/x"}, {Label: "Reset second factor", Href: "/admin/technicians/x/reset"}, {Label: "Delete", Href: "/admin/technicians/x/delete", Danger: true}}}
		if p.ago > 0 {
			row.LastSignIn.At = noon.Add(-p.ago)
		}
		out = append(out, row)
	}
	return out
}

func list(shown, total int) Technicians {
	p := Technicians{Desk: teamFrame("/technicians", total), MayWrite: true, MayLook: true, Rows: rows(shown), Matching: total, All: "everybody",
		Filter: TechnicianFilter{Counts: fmt.Sprintf("%d · 39 set up", total), Selects: []Select{
			{Name: "method", Label: "Method", Options: Options("", "", "Any method", "app", "Authenticator App")},
			{Name: "status", Label: "Status", Options: Options("", "", "Any status", "active", "Active")},
			{Name: "setup", Label: "Set up", Options: Options("", "", "Set up or not", "yes", "Set up")},
			{Name: "role", Label: "Role", Options: Options("", "", "Any role", "admin", "Apps and Reports Manager")}}},
		Columns: []Column{{Label: "Name", Href: "?sort=-name", Sort: "ascending"}, {Label: "Role", Href: "?sort=role"}, {Label: "Status", Href: "?sort=status"},
			{Label: "Method", Href: "?sort=method"}, {Label: "Set up", Href: "?sort=setup"}, {Label: "Last sign-in", Href: "?sort=last"}},
		Pager: NewPager(7, 50, total, func(n int) string { return fmt.Sprintf("/admin/technicians?page=%d", n) })}
	if total == 0 {
		p.Empty = &Empty{Title: "No technicians yet", Text: "Technicians are the people who administer something through your portals. Add the first one, or import the whole team from a CSV file.", Next: &Link{Label: "Add Technician", Href: "/admin/technicians/new"}}
	}
	return p
}

var radios = Methods{Options: []MethodOption{
	{Value: "app", Label: "Authenticator App", Recommended: true, Checked: true, Worth: "A code from an app on the phone. It resists SIM swapping; no typed code stops a fake sign-in page."},
	{Value: "email", Label: "Send Verification Code via Email", Worth: "To dana@northwind.example. Better than a password alone; NIST SP 800-63B-4 counts an email code as no second factor."},
	{Value: "text", Label: "Send Verification Code via Text Message", Worth: "NIST SP 800-63B-4 counts a text message as a restricted method.", Barred: true, Reason: "SMS Settings have not been proved yet: confirm a test message there first.", Fix: &Link{Label: "SMS Settings", Href: "/admin/sms"}},
	{Value: "off", Label: "Off", Worth: "The password is then all that protects this account.", Barred: true, Reason: "The policy does not permit technicians without a second factor."}}}

func editing(d Desk) Technician {
	return Technician{Desk: under(d, "Technicians and Roles"), ID: "x", Version: "4", Button: "Save and sign out", Methods: radios,
		FirstName: Field{Name: "first_name", Label: "First name", Value: "Dana"}, LastName: Field{Name: "last_name", Label: "Last name", Value: "Reyes"},
		Email:    Field{Name: "email", Label: "Business email", Type: "email", Value: "dana@northwind.example", Required: true, Wrong: d.Problem.For("email").Message},
		UserName: Field{Name: "user_name", Label: "User name", Value: "dana@northwind.example", Hint: "Empty: the email address."},
		Phone:    Field{Name: "phone", Label: "Phone", Type: "tel", Value: "+14255550100", Hint: "With or without the country code. Needed for Text Message.", Wrong: d.Problem.For("phone").Message},
		Role:     Select{Name: "role", Label: "Role", Options: Options("admin", "super-admin", "Super Admin", "admin", "Admin")},
		Preview: Preview{Lines: []PreviewLine{{Text: "Dana is signed out of 2 browsers at once: Firefox on Windows at 203.0.113.7, Safari on iPhone at 2001:db8::5."},
			{Text: "At the next sign-in Dana Reyes first gives a code sent to dana@northwind.example once more, then sets up an authenticator app."},
			{Kind: "warn", Text: "Email Settings are not proved: nobody is told by email."}, {Kind: "bad", Text: "Save will be refused: this would leave no Super Admin who can sign in."}}},
		Facts: &Facts{Status: Mark{"good", "active"}, SetUp: Mark{"warn", "no"}, Held: "Holds Email still: it only opens the door to setting up the new method.", SetupUntil: d.When(noon.Add(70 * time.Hour)),
			HasFactor: true, RecoveryLeft: 8, LastSignIn: d.When(noon.Add(-5 * time.Minute)), Created: d.When(noon.Add(-2000 * time.Hour)), SessionsHref: "/admin/sessions", AuditHref: "/admin/audit",
			Sessions: []SessionLine{{"Firefox on Windows", "203.0.113.7", "Email", d.When(noon)}, {"Safari on iPhone", "2001:db8::5", "Recovery code", d.When(noon.Add(-time.Hour))}}},
		Dangers: []Danger{{Link{Label: "Reset second factor…", Href: "/admin/technicians/x/reset", Danger: true}, "For a lost phone: signs out everywhere and takes away the second factor and the recovery codes."},
			{Link{Label: "Sign out everywhere…", Href: "/admin/technicians/x/sign-out"}, "Ends every session and unfinished sign-in. The next sign-in is as usual."},
			{Link{Label: "Delete…", Href: "/admin/technicians/x/delete", Danger: true}, "Removes the account and everything of it but the audit log."}}}
}

func stale() Technician {
	p := editing(refusedAt(frame("Dana Reyes"), sallyport.ErrStale))
	p.Stale = &Stale{By: "mara@northwind.example", Did: "saved this technician", When: p.When(noon.Add(-2 * time.Minute)), Rows: []StaleRow{{"Method", "Email", "Authenticator App"}, {"Phone", "", "+14255550100"}}}
	return p
}

func frozen() Technician {
	p := editing(frame("Mara Voss"))
	p.Frozen, p.Dangers, p.Methods.Frozen = "Only a Super Admin may change the account of a Super Admin.", nil, true
	return p
}

func gatewayCardOf(d Desk, proved bool) *GatewayCard {
	c := &GatewayCard{Kind: "SMTP server", Changed: d.When(noon.Add(-time.Hour)), By: "Mara Voss",
		Rows: []GatewayLine{{"Host", "mail.northwind.example"}, {"Port", "587"}, {"TLS", "STARTTLS, required"}, {"Password", "set, never shown"}}}
	if proved {
		c.Proved = d.When(noon.Add(-50 * time.Minute))
	}
	return c
}

func gateway(d Desk, form bool) Gateway {
	g := Gateway{Desk: d, Path: "/admin/email", None: "No mail server is set up. Invitations are shown once to be handed over.", State: Mark{"good", "proved"}, Form: form, FormTitle: "Set up", Kind: "smtp",
		Kinds: []Link{{Label: "Twilio", Href: "?kind=twilio", Current: true}, {Label: "Vonage", Href: "?kind=vonage"}, {Label: "HTTP gateway", Href: "?kind=http"}, {Label: "Kannel", Href: "?kind=kannel"}, {Label: "SMPP", Href: "?kind=smpp"}}, Note: "The mail server that takes Sallyport's messages.",
		RemoveText: "Takes the gateway out of use. It is refused while a technician needs it.",
		Fields: []GatewayField{{Field: Field{Name: "host", Label: "Host", Hint: "Like mail.example.com.", Required: true, Value: "10.0.0.5", Wrong: d.Problem.For("host").Message}},
			{Field: Field{Name: "tls", Label: "TLS", Hint: "Sallyport never falls back to plain text."}, Options: Options("starttls", "starttls", "STARTTLS, required", "implicit", "Implicit TLS")},
			{Field: Field{Name: "password", Label: "Password", Type: "password", Hint: "Set, and never shown. Leave it empty to keep it; when the server or the account changes, type it again."}},
			{Field: Field{Name: "body", Label: "Template", Rows: 4, Mono: true, Required: true, Value: "to={to}\ntext={text}"}}}}
	return g
}

// staleGateway is the form after somebody else saved another draft.
func staleGateway() Gateway {
	g := gateway(refusedAt(frame("Email Settings"), sallyport.E(sallyport.Conflict, "stale", "Somebody else changed these settings while you were editing.")), true)
	g.Stale = &Stale{By: "mara@northwind.example", Did: "saved these settings", When: g.When(noon.Add(-2 * time.Minute)), Rows: []StaleRow{{"Host", "mail.northwind.example", "10.0.0.5"}, {"TLS", "STARTTLS, required", "Implicit TLS"}}}
	return g
}

// inUse are settings without a draft, while they are tested.
func inUse(d Desk) Gateway {
	g := drafted(d, true, "")
	g.Draft, g.Test.Waiting, g.Test.Detail = nil, false, ""
	return g
}

func drafted(d Desk, sent bool, detail string) Gateway {
	g := gateway(d, false)
	g.Live, g.Draft = gatewayCardOf(d, true), gatewayCardOf(d, false)
	g.Test = &GatewayTest{To: Field{Name: "to", Label: "Email address", Hint: "A mailbox that you can read now.", Required: true}, Code: Field{Name: "code", Label: "Code", Required: true, Mono: true, Wrong: d.Problem.For("code").Message},
		Sent: sent, Waiting: sent, SentTo: "mara@northwind.example", Until: d.When(noon.Add(10 * time.Minute))}
	if sent {
		g.Test.Detail = "The test message is on its way."
	}
	if detail != "" {
		g.Test.Detail, g.Test.DetailKind = detail, "bad"
	}
	return g
}

func auditLog(d Desk) Audit {
	p := Audit{Desk: d, Types: Select{Name: "type", Label: "Event", Options: Options("", "", "Any event", "signin.", "Sign-in: all")}, CSV: "/admin/audit.csv", Lines: "/admin/audit.jsonl", Older: "/admin/audit?before=2", Newest: "/admin/audit"}
	for i, o := range []Mark{{"good", "ok"}, {"warn", "wrong"}, {"bad", "refused"}} {
		p.Rows = append(p.Rows, AuditRow{ID: fmt.Sprint(900 - i), At: d.When(noon.Add(-time.Duration(i) * time.Hour)), Type: "technician.method.changed", Words: "Technician: method changed", Actor: "mara@northwind.example",
			Target: "dana@northwind.example", TargetID: "x", Outcome: o, Address: "203.0.113.7", Browser: "Firefox on Windows", RequestID: "abcdefgh23456723", Proof: fmt.Sprint("/admin/audit/", 900-i, "/proof"), Reason: "left the phone in a taxi", Changes: []AuditChange{{"method", "email", "app"}}})
	}
	p.Rows[1].Actor, p.Rows[1].Address = "bartholomew-alexander.von-und-zu-hohenstein@subsidiary.northwind.example", "2001:db8:85a3:aaaa:bbbb:8a2e:370:7334"
	p.Log = &AuditTree{Size: "900", Signed: d.When(noon.Add(-time.Minute)), Verifier: "sallyport-audit-1a2b3c4d+60af4661+AZgmJXtTvYsuFglQjA5TcV+QOrOX45EaBSG47Hw+hb2W", Sinks: []AuditSink{
		{"file:door:/var/log/sallyport/audit.jsonl", Mark{"good", "file: up to date"}, "Up to date.", d.When(noon.Add(-time.Minute))},
		{"syslog:tls://logs.northwind.example:6514", Mark{"warn", "syslog: 42 behind"}, "42 events behind: the server did not read to the end.", d.When(noon.Add(-time.Hour))}}}
	return p
}

// noFigures are those of a console in which nobody has signed in yet.
func noFigures() Figures {
	var days []Day
	for i := range 30 {
		days = append(days, Day{Date: noon.Truncate(24*time.Hour).AddDate(0, 0, i-29)})
	}
	return Figures{Desk: under(frame("Sign-ins in figures"), "Audit"), Days: NewDays(days)}
}

// figures are 30 days of a team, busier towards their end, with a day of nothing.
func figures() Figures {
	var days []Day
	for i := range 30 {
		d := Day{Date: noon.Truncate(24*time.Hour).AddDate(0, 0, i-29), Counts: map[string]int{"app": 3 * i, "email": i / 2, "text": 7 - i%7, "recovery": i / 29, "off": 2}}
		if i == 12 {
			d.Counts = nil
		}
		days = append(days, d)
	}
	return Figures{MayList: true, Desk: under(frame("Sign-ins in figures"), "Audit"), Days: NewDays(days), Shares: []Share{NewShare("Authenticator App", 39, 42), NewShare("Email", 2, 2), NewShare("Text Message", 0, 7)}}
}

// auditBroken is the log when its tree was touched.
func auditBroken(d Desk) Audit {
	return Audit{Desk: d, Empty: &Empty{Title: "No event matches", Text: "Nothing in the log matches this search and these filters.", Next: &Link{Label: "Show all events", Href: "/admin/audit"}},
		Log: &AuditTree{Size: "900", Verifier: "sallyport-audit-1a2b3c4d+60af4661+AZgm", Trouble: "The tree does not begin with the one that was signed last."}}
}

// desks are the Admin pages as they are met.
func desks() map[string]Page {
	wrong := sallyport.InvalidFields([]sallyport.Field{{Name: "email", Message: "Please give one email address like dana@example.com."}, {Name: "phone", Message: "This number is too short for the United States."}})
	answered := list(5, 5)
	answered.Answer = &Answer{Kind: "good", Line: "Deactivated. Dana was signed out of 2 browsers: Firefox on Windows at 203.0.113.7, Safari on iPhone at 2001:db8::5.", Items: []string{"Status changed from active to deactivated."}, Next: &Link{Label: "Undo: activate", Href: "/admin/technicians/x/activate"}}
	answered.Notices = []Notice{{ID: "n1", Text: "A rescue link for mara@northwind.example was printed on the host by uid 0 (root).", At: Moment{noon.Add(-time.Hour), noon}}}
	answered.FewSupers = true
	added := editing(frame("Add Technician"))
	added.ID, added.Facts, added.Dangers, added.Button = "", nil, nil, "Add Technician"
	added.Preview = Preview{Lines: []PreviewLine{{Kind: "bad", Text: "This will be refused: Somebody else has this user name already."},
		{Text: "Dana gets an invitation. Email Settings are not proved yet, so the next page shows its link once, to hand over."},
		{Text: "The authenticator app is set up there and then, from the QR code on the page."}}}
	running := Progress{Desk: frame("Authenticator App for 5000 technicians"), ID: "r", Done: 1234, Total: 5000, Running: true, Summary: "Saving: 1230 saved so far, 4 refused.", Return: Link{Label: "Technicians and Roles", Href: "/admin/technicians"},
		Rows:  []ProgressRow{{"a", "Dana Reyes", Mark{"good", "saved"}, "Signed out of 2 browsers: Firefox on Windows at 203.0.113.7, Safari on iPhone at 2001:db8:85a3::8a2e:370:7334. At the next sign-in Dana Reyes sets up an authenticator app.", "https://id.northwind.example/invitation/7f9hQ2s0Vx3bR8mK1tZ5cW6yN4pL0aE2dG7jU9oI3qS"}, {"b", "Mara Voss", Mark{"quiet", "left out"}, "That is you. To change your own second factor, tick yourself alone.", ""}, {"c", "Ilya Novak", Mark{"bad", "refused"}, "Text Message needs a phone number. Please add one.", ""}, {"d", "Otto Berg", Mark{"quiet", "waiting"}, "", ""}},
		Pager: NewPager(1, 100, 5000, func(n int) string { return fmt.Sprint("?page=", n) })}
	importing := Import{Desk: under(frame("Import technicians from CSV"), "Technicians and Roles"), Text: Field{Name: "csv", Label: "CSV text", Rows: 8, Mono: true, Required: true}, Columns: []ImportColumn{{"email", "Needed."}, {"method", "app, email, text or off. Empty: app."}}, Example: "first_name,last_name,email\nDana,Reyes,dana@example.com"}
	preview, broken := importing, importing
	preview.Total, preview.Rows, preview.More, preview.Text.Value = 420, []ImportRow{{2, "Dana Reyes", "dana@northwind.example", "dana@northwind.example", "+14255550100", "Admin", "Authenticator App"}}, 419, "a,b\nc,d"
	broken.Wrong, broken.Problem = []ImportWrong{{2, "email", "Please give one email address like dana@example.com."}, {17, "role", "There is no role of this name."}}, &Problem{Message: "Nothing was imported: 2 lines need mending."}
	sessions := Sessions{Desk: frame("Sessions"), Counts: "2 live sessions", Visited: "/admin/sessions", Rows: []SessionRow{
		{Key: "00", TechnicianID: "x", Name: "Mara Voss", UserName: "mara@northwind.example", Browser: "Firefox on Windows", Address: "203.0.113.7", Method: "Authenticator App", Started: Moment{noon.Add(-time.Hour), noon}, Used: Moment{noon, noon}, Ends: Moment{noon.Add(11 * time.Hour), noon}, Own: true, MayEnd: true},
		{Key: "01", TechnicianID: "y", Name: "Dana Reyes", UserName: "dana@northwind.example", Browser: "Safari on iPhone", Address: "2001:db8:85a3::8a2e:370:7334", Method: "Recovery code", Started: Moment{noon.Add(-3 * time.Hour), noon}, Used: Moment{noon.Add(-20 * time.Minute), noon}, Ends: Moment{noon.Add(9 * time.Hour), noon}, MayEnd: true}}}
	empty := &Empty{Title: "Nobody needs help", Text: "Whoever presses “I need help” at the code page stands here, with a number to be read out to you."}
	asked := Confirm{Desk: under(frame("Reset second factor"), "Dana Reyes"), Subject: "Dana Reyes (dana@northwind.example)", Post: "/admin/technicians/x/reset", Button: "Reset and sign out", Danger: true, Cancel: "/admin/technicians/x",
		Lines:  []PreviewLine{{Text: "Dana is signed out of 2 browsers at once."}, {Kind: "warn", Text: "Make sure that it is really Dana who asks: call back on a number you know."}},
		Reason: &Field{Name: "reason", Label: "Reason", Hint: "It stands in the audit log."}}
	decide := Confirm{Desk: refusedAt(under(frame("Password reset of Dana Reyes"), "Password resets"), sallyport.E(sallyport.Forbidden, "own_reset", "Nobody approves their own password reset.")), Subject: "Dana Reyes (dana)", Post: "/admin/resets/1", Button: "Approve and send the link", Other: &Link{Label: "Deny", Href: "/admin/resets/1/deny"}, Cancel: "/admin/resets",
		Lines: []PreviewLine{{Text: "Asked from 203.0.113.7, 5 min ago."}}}
	own := Confirm{Desk: under(frame("Password reset of Mara Voss"), "Password resets"), Subject: "Mara Voss (mara@northwind.example)", Post: "/admin/resets/2", Other: &Link{Label: "Deny", Href: "/admin/resets/2/deny"}, Cancel: "/admin/resets",
		Lines: []PreviewLine{{Text: "Asked from 203.0.113.8, 2 min ago."}, {Kind: "warn", Text: "If you did not ask for it, deny it: somebody tried to reset your password."}, {Text: "If you did, another administrator has to approve it. Nobody approves their own password reset."}}}
	return map[string]Page{
		"technicians":       list(5, 5),
		"technicians-empty": list(0, 0),
		"technicians-many":  list(50, 5000),
		"technicians-after": answered,
		"roles": Roles{Desk: teamFrame("/roles", 42), Roles: []RoleCard{{Name: "Super Admin", Description: "Everything, with the gateways, the policy and every right over other Super Admins.", Held: 1, Href: "?role=super-admin", May: []string{"See technicians", "Email Settings"}},
			{Name: "Read-only Technician", Description: "Signs in to the applications; sees nothing of Admin.", Held: 20, Href: "?role=read-only", May: []string{"Use the applications"}, MayNot: []string{"See technicians", "Email Settings"}}}},
		"invitations": Invitations{Desk: teamFrame("/invitations", 42), Rows: []InvitationRow{{ID: "x", Name: "Noor Haddad", Email: "noor@northwind.example", Role: "Admin", Method: "Authenticator App", Added: Moment{noon.Add(-time.Hour), noon}, Expires: Moment{noon.Add(71 * time.Hour), noon}, MaySend: true},
			{ID: "y", Name: "Otto Berg", Email: "otto@northwind.example", Role: "Admin", Method: "Email", Added: Moment{noon.Add(-100 * time.Hour), noon}, Over: true, MaySend: true}}},
		"resets": Resets{Desk: teamFrame("/resets", 42), Rows: []ResetRow{{ID: "1", TechnicianID: "x", Name: "Dana Reyes", UserName: "dana", Email: "dana@northwind.example", Asked: Moment{noon.Add(-5 * time.Minute), noon}, From: "203.0.113.7", Earlier: []ResetAsked{{Moment{noon.Add(-2 * time.Hour), noon}, "2001:db8:85a3:aaaa:bbbb:8a2e:370:7334"}, {Moment{noon.Add(-3 * time.Hour), noon}, "203.0.113.7"}}, Expires: Moment{noon.Add(23 * time.Hour), noon}},
			{ID: "2", TechnicianID: "y", Name: "Mara Voss", UserName: "mara", Email: "mara@northwind.example", Asked: Moment{noon, noon}, From: "203.0.113.8", Expires: Moment{noon.Add(24 * time.Hour), noon}, Barred: "Nobody approves their own password reset.", MayDeny: true}}},
		"help":           Help{Desk: teamFrame("/help", 42), Rows: []HelpRow{{ID: "1", Number: "4711", TechnicianID: "x", Name: "Dana Reyes", UserName: "dana", Note: "My phone fell into the sea.", From: "203.0.113.7", Browser: "Firefox on Windows", Asked: Moment{noon.Add(-2 * time.Minute), noon}, MayEdit: true, MayReset: true}}},
		"help-empty":     Help{Desk: teamFrame("/help", 42), Empty: empty},
		"edit":           editing(frame("Dana Reyes")),
		"edit-wrong":     editing(refusedAt(frame("Dana Reyes"), wrong)),
		"edit-stale":     stale(),
		"edit-frozen":    frozen(),
		"add":            added,
		"confirm":        asked,
		"confirm-refuse": decide,
		"confirm-own":    own,
		"code": Once{Desk: frame("Read out this code"), Label: "Enrolment code", Secret: "7KQM-2XRA", Large: true, Spelled: []string{"seven", "Kilo", "Quebec", "Mike", "two", "X-ray", "Romeo", "Alfa"}, Until: Moment{noon.Add(time.Hour), noon},
			Lines: []string{"The second factor was reset. Dana was signed out of 2 browsers.", "Read this code out to Dana, who is asked for it after the password, once."}, Note: "It is shown this once. If it is lost, “Open the set-up again” makes another.", Done: Link{Label: "Go to Dana Reyes", Href: "/admin/technicians/x"}},
		"link":            Once{Desk: frame("Dana was added"), Label: "Invitation link", Secret: "https://id.northwind.example/invitation/7f9hQ2s0Vx3bR8mK1tZ5cW6yN4pL0aE2dG7jU9oI3qS", Until: Moment{noon.Add(72 * time.Hour), noon}, Lines: []string{"Email Settings are not proved yet, so Sallyport cannot send the invitation."}, Note: "It is shown this once. Whoever opens it first sets the password. If it is lost, “Resend invitation” makes another.", Done: Link{Label: "Go to Dana Reyes", Href: "/x"}},
		"ended":           Ended{Desk: Desk{Organisation: "Northwind IT", Title: "Saved, and you are signed out", Now: noon}, Lines: []string{"Saved. Mara was signed out of 1 browser: Firefox on Windows at 203.0.113.7."}},
		"resume":          Resume{Desk: frame("One more step"), Confirmed: true, Act: "Edit Technician", Subject: "Dana Reyes (dana@northwind.example)", Post: "/admin/technicians/x", Button: "Save now", Cancel: "/admin/technicians/x", Lost: []string{"Password"}, Fields: []ResumeField{{"version", "", "4", "4"}, {"method", "Method", "app", "Authenticator App"}}},
		"resume-not-now":  Resume{Desk: frame("One more step"), Act: "Edit Technician", Subject: "Dana Reyes (dana@northwind.example)", Post: "/admin/technicians/x", Button: "Save now", Cancel: "/admin/technicians/x", Lost: []string{"Password"}, Fields: []ResumeField{{"version", "", "4", "4"}, {"method", "Method", "app", "Authenticator App"}}},
		"rollout":         Rollout{Desk: under(frame("Two Factor Authentication for 42 technicians"), "Technicians and Roles"), ID: "r", Methods: radios},
		"rollout-preview": Rollout{Desk: under(frame("Two Factor Authentication for 42 technicians"), "Technicians and Roles"), ID: "r", Methods: radios, Method: "app", Ready: true, Save: "Save for 40 technicians", Proof: "Before it is saved, you are asked once more who you are.", Groups: []RolloutGroup{{"good", "Signed out at once, set up Authenticator App at the next sign-in (40)", []string{"Dana Reyes", "Ilya Novak"}, 38}, {"quiet", "Left out: that is you (1)", []string{"Mara Voss"}, 0}, {"bad", "Cannot be saved: no phone (1)", []string{"Otto Berg"}, 0}}},
		"progress":        running,
		"import":          importing, "import-preview": preview, "import-wrong": broken,
		"imported":   Imported{Desk: frame("Imported"), Total: 2, Links: []ImportedLink{{"Dana Reyes", "dana", "https://id.northwind.example/invitation/7f9hQ2s0Vx3bR8mK1tZ5cW6yN4pL0aE2dG7jU9oI3qS"}}, CSV: "name,link\r\n"},
		"sessions":   sessions,
		"email-none": gateway(frame("Email Settings"), true), "email-wrong": gateway(refusedAt(frame("Email Settings"), sallyport.InvalidField("host", "This address is inside a private network.")), true),
		"email-live-test": inUse(frame("Email Settings")), "email-stale": staleGateway(),
		"email-draft": drafted(frame("Email Settings"), false, "The test message was not sent. The server refused the password."), "email-code": drafted(refusedAt(frame("Email Settings"), sallyport.InvalidField("code", "That code is not right. 2 tries left.")), true, ""),
		"audit": auditLog(frame("Audit")), "audit-broken": auditBroken(frame("Audit")), "figures": figures(), "figures-empty": noFigures(), "audit-empty": Audit{Desk: frame("Audit"), On: true, From: "2026-11-20", Types: Select{Name: "type", Label: "Event", Options: Options("signin.", "", "Any event", "signin.", "Sign-in: all")}, Empty: &Empty{Title: "No event matches", Text: "Nothing in the log matches this search and these filters.", Next: &Link{Label: "Show all events", Href: "/admin/audit"}}},
	}
}

// named are fields whose words are their own attribute, in lists whose rows name them.
var named = regexp.MustCompile(`<input [^>]*aria-label="[^>]*>`)

// TestDesks compares every Admin page with its golden file, and looks for what the policy would stop.
func TestDesks(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	hash := regexp.MustCompile(`(/assets/[a-z]+)-[0-9a-f]{12}`)
	for name, page := range desks() {
		t.Run(name, func(t *testing.T) {
			body, err := r.Bytes(page)
			if err != nil {
				t.Fatal(err)
			}
			checkPlain(t, named.ReplaceAllString(string(body), ""))
			golden.File(t, filepath.Join("testdata", "desk", name+".html"), hash.ReplaceAllString(string(body), "$1"))
		})
	}
}

// TestDesksLook opens each of them in Chromium.
func TestDesksLook(t *testing.T) { lookAt(t, desks()) }
