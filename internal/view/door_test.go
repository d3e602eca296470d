package view

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/testkit/golden"
)

var noon = time.Date(2026, 11, 23, 14, 29, 0, 0, time.UTC)

func brand() Door { return Door{Organisation: "Northwind IT", Who: "dana@northwind.example"} }

func refused(err error) Door {
	d := brand()
	d.Problem = ProblemOf(err, noon)
	return d
}

func sent(state sallyport.CodeState) Delivery {
	return Delivery{Masked: "d•••@northwind.example", Sent: true, Live: state != sallyport.Failed, State: state, TriesLeft: 3,
		ValidUntil: noon.Add(3 * time.Minute), ResendAt: noon.Add(30 * time.Second), Now: noon}
}

// byText is a delivery to a phone.
func byText(d Delivery) Delivery {
	d.Masked = "••••••07"
	return d
}

const otpauth = "otpauth://totp/Northwind%20IT:dana%40northwind.example?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Northwind%20IT&algorithm=SHA1&digits=6&period=30"

func enrolApp(d Door) EnrolApp {
	code, err := NewQR(otpauth)
	if err != nil {
		panic(err)
	}
	return EnrolApp{Door: d, QR: code, Secret: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP", URI: otpauth, Account: "dana@northwind.example"}
}

// doors are the sign-in pages as they are met, with and without something refused.
func doors() map[string]Page {
	wrong := sallyport.InvalidField("code", "That code is not right. 2 tries left.")
	spent := Delivery{Masked: "d•••@northwind.example", Sent: true, State: sallyport.Sent, ResendAt: noon, Now: noon}
	failed := sent(sallyport.Failed)
	failed.Detail = "The mail server did not answer. Try again in a minute, or use a recovery code."
	codes := []string{"B843G-DVN4B-JSCNC-A1XA9-VZY2ZM", "WCWGW-MG9PT-KNTNK-8S10Q-A5VYCW"}
	own := Own{Door: Door{Organisation: "Northwind IT", Wide: true, Stay: &Stay{Idle: 30 * time.Minute, Left: 12 * time.Hour}}, Name: "Dana Reyes", UserName: "dana@northwind.example", Email: "dana@northwind.example",
		Role: "Admin", Method: sallyport.MethodApp, SetUp: true, FactorAt: noon.Add(-240 * time.Hour), FactorUsed: noon, RecoveryLeft: 9,
		MayNewPhone: true, MayRecovery: true, MayAdmin: true, PasswordMin: 15, OthersTotal: 1, Page: 1, Current: OwnSession{ID: "a1", Browser: "Firefox on Windows", Address: "203.0.113.7", Method: ProofWords("app"), CreatedAt: noon.Add(-time.Hour), UsedAt: noon},
		Others: []OwnSession{{ID: "b2", Browser: "Safari on iPhone", Address: "2001:db8::5", Method: ProofWords("recovery"), CreatedAt: noon.Add(-3 * time.Hour), UsedAt: noon.Add(-2 * time.Hour)}}}
	ownMany, ownAlone := own, own
	ownMany.OthersTotal, ownMany.Page = 999, 2
	ownMany.Pager = NewPager(2, 20, 999, func(n int) string { return fmt.Sprintf("/me?page=%d#sessions", n) })
	ownAlone.OthersTotal, ownAlone.Others, ownAlone.Method, ownAlone.SetUp, ownAlone.MayNewPhone, ownAlone.MayRecovery = 0, nil, sallyport.MethodOff, false, false, false
	ownWrong := own
	ownWrong.Problem = ProblemOf(sallyport.InvalidFields([]sallyport.Field{{Name: "old_password", Message: "That is not your password."}, {Name: "password", Message: "Please use 15 characters or more."}}), noon)
	return map[string]Page{
		"sign-in":            SignIn{Door: Door{Organisation: "Northwind IT"}, Return: "/admin"},
		"sign-in-wrong":      SignIn{Door: Door{Organisation: "Northwind IT", Problem: ProblemOf(sallyport.E(sallyport.Unauthorized, "sign_in_wrong", "User name or password is not right."), noon)}, UserName: "dana@northwind.example", Return: "/"},
		"sign-in-wait":       SignIn{Door: Door{Organisation: "Northwind IT", Problem: ProblemOf(sallyport.E(sallyport.TooMany, "wait", "There were several wrong passwords.").After(16*time.Second), noon)}, UserName: "dana@northwind.example", Return: "/"},
		"sign-in-proof":      SignIn{Door: Door{Organisation: "Northwind IT", Problem: ProblemOf(sallyport.E(sallyport.TooMany, "wait", "Too many tries. Please wait before the next one.").After(8*time.Minute), noon)}, UserName: "dana@northwind.example", Return: "/", Challenge: &Challenge{Text: "AQ0", Difficulty: 4, Parts: 16, Waits: true, From: noon.Add(20 * time.Second)}},
		"sign-in-proof-now":  SignIn{Door: Door{Organisation: "Northwind IT", Problem: ProblemOf(sallyport.E(sallyport.TooMany, "wait", "Too many tries. Please wait before the next one.").After(8*time.Minute), noon)}, UserName: "dana@northwind.example", Return: "/", Challenge: &Challenge{Text: "AQ0", Difficulty: 4, Parts: 16, Waits: true}},
		"sign-in-forced":     SignIn{Door: Door{Organisation: "Northwind IT"}, Return: "/", Reason: EndedWords(sallyport.EndedBySave)},
		"signed-out":         SignedOut{Door: Door{Organisation: "Northwind IT", Logo: &Picture{Address: "/logo?v=0123456789abcdef", Width: 240, Height: 96}}},
		"code-app":           Code{Door: brand(), Task: TaskSignIn, Method: sallyport.MethodApp, Recovery: true},
		"code-app-used":      Code{Door: brand(), Task: TaskSignIn, Method: sallyport.MethodApp, Recovery: true, FreshAt: noon.Add(12 * time.Second), Delivery: Delivery{Now: noon}},
		"code-app-wrong":     Code{Door: refused(wrong), Task: TaskSignIn, Method: sallyport.MethodApp, Recovery: true},
		"code-email":         Code{Door: brand(), Task: TaskSignIn, Method: sallyport.MethodEmail, Recovery: true, Delivery: sent(sallyport.Sent)},
		"code-email-sending": Code{Door: brand(), Task: TaskSignIn, Method: sallyport.MethodEmail, Recovery: true, Delivery: sent(sallyport.Sending)},
		"code-email-failed":  Code{Door: brand(), Task: TaskSignIn, Method: sallyport.MethodEmail, Recovery: true, Delivery: failed},
		"code-text-wrong":    Code{Door: refused(wrong), Task: TaskSignIn, Method: sallyport.MethodText, Recovery: true, Delivery: byText(sent(sallyport.Sent))},
		"code-text-unclear":  Code{Door: brand(), Task: TaskSignIn, Method: sallyport.MethodText, Delivery: byText(sent(sallyport.Unclear))},
		"code-text-spent":    Code{Door: refused(sallyport.E(sallyport.Gone, "code_spent", "Three wrong codes. Send a new one to go on.")), Task: TaskSignIn, Method: sallyport.MethodText, Recovery: true, Delivery: byText(spent)},
		"code-text-paused":   Code{Door: brand(), Task: TaskSignIn, Method: sallyport.MethodText, Recovery: true, Delivery: Delivery{Masked: "••••••07", ResendAt: noon.Add(42*time.Minute + time.Second), Now: noon}},
		"opener-email":       Code{Door: brand(), Task: TaskOpener, Method: sallyport.MethodEmail, Recovery: true, Delivery: Delivery{Masked: "d•••@northwind.example", Now: noon}},
		"opener-app":         Code{Door: brand(), Task: TaskOpener, Method: sallyport.MethodApp, Recovery: true},
		"step-up-code":       Code{Door: Door{Organisation: "Northwind IT", Back: "/admin/email"}, Task: TaskStepUp, Method: sallyport.MethodApp, Recovery: true},
		"step-up":            StepUp{Door: Door{Organisation: "Northwind IT"}, Method: sallyport.MethodEmail, Return: "/admin"},
		"step-up-app":        StepUp{Door: Door{Organisation: "Northwind IT"}, Method: sallyport.MethodApp, Return: "/admin"},
		"step-up-password":   StepUpPassword{Door: Door{Organisation: "Northwind IT"}, UserName: "dana", Action: "/confirm", Return: "/admin"},
		"recovery":           Recovery{Door: brand()},
		"enrolment-code":     EnrolmentCode{Door: brand()},
		"enrol-app":          enrolApp(brand()),
		"enrol-app-clock":    enrolApp(refused(sallyport.InvalidField("code", "Your phone's clock is about a minute ahead: switch on automatic time."))),
		"enrol-email":        Code{Door: brand(), Task: TaskEnrol, Method: sallyport.MethodEmail, Delivery: sent(sallyport.Sent)},
		"enrol-text":         Code{Door: brand(), Task: TaskEnrol, Method: sallyport.MethodText, Delivery: Delivery{Masked: "••••••07", Now: noon}},
		"recovery-codes":     RecoveryCodes{Door: Door{Organisation: "Northwind IT"}, UserName: "dana", Codes: codes, MadeAt: noon, Next: "/admin"},
		"stop-closed":        Stop{Door: brand(), Kind: StopClosed},
		"stop-disabled":      Stop{Door: brand(), Kind: StopDisabled, Recovery: true},
		"stop-no-factor":     Stop{Door: brand(), Kind: StopNoFactor},
		"stop-down":          Stop{Door: brand(), Kind: StopDown, Method: sallyport.MethodText, Recovery: true},
		"help":               AskHelp{Door: brand()},
		"help-number":        AskHelp{Door: brand(), Number: "4711"},
		"help-often":         AskHelp{Door: Door{Organisation: "Northwind IT", Problem: ProblemOf(sallyport.E(sallyport.TooMany, "helped", "Your administrators have been told three times within the hour. Please call them.").After(38*time.Minute), noon)}, Note: "my phone is lost"},
		"invitation":         NewPassword{Door: Door{Organisation: "Northwind IT"}, Kind: sallyport.LinkInvitation, Action: "/invitation/x", UserName: "dana@northwind.example", PasswordMin: 15, Method: sallyport.MethodApp, ExpiresAt: noon.Add(72 * time.Hour)},
		"invitation-short":   NewPassword{Door: Door{Organisation: "Northwind IT", Problem: ProblemOf(sallyport.InvalidField("password", "Please use 15 characters or more."), noon)}, Kind: sallyport.LinkInvitation, Action: "/invitation/x", UserName: "dana@northwind.example", PasswordMin: 15, Method: sallyport.MethodApp, ExpiresAt: noon.Add(72 * time.Hour)},
		"reset":              NewPassword{Door: Door{Organisation: "Northwind IT"}, Kind: sallyport.LinkReset, Action: "/reset/x", UserName: "dana", PasswordMin: 15, ExpiresAt: noon},
		"set-up":             NewPassword{Door: Door{Organisation: "Sallyport"}, Kind: sallyport.LinkSetup, Action: "/set-up/x", PasswordMin: 15},
		"rescue":             NewPassword{Door: Door{Organisation: "Northwind IT"}, Kind: sallyport.LinkRescue, Action: "/rescue/x", UserName: "mara", PasswordMin: 15, ExpiresAt: noon},
		"link-spent":         LinkSpent{Door: Door{Organisation: "Northwind IT"}, Kind: sallyport.LinkReset},
		"forgotten":          Forgotten{Door: Door{Organisation: "Northwind IT"}},
		"forgotten-sent":     ForgottenSent{Door: Door{Organisation: "Northwind IT"}},
		"own":                own,
		"own-wrong":          ownWrong,
		"own-many":           ownMany,
		"own-alone":          ownAlone,
		"few-codes":          FewCodes{Door: Door{Organisation: "Northwind IT"}, Left: 2, Return: "/admin"},
		"offer-phone":        OfferPhone{Door: Door{Organisation: "Northwind IT"}, Left: 1, AfterRecovery: true, Return: "/admin"},
		"error":              ErrorPage{Door: Door{Organisation: "Northwind IT", RequestID: "abcdefghijklmnop"}, Heading: "Something went wrong on our side", Text: "Nothing was changed. Please try again."},
		"error-away": ErrorPage{Door: Door{Organisation: "Northwind IT", RequestID: "abcdefghijklmnop"}, Heading: "Sallyport cannot do this right now",
			Text: "Something that it needs does not answer. Please try again in a moment. Whoever is signed in stays signed in. What you sent may or may not have been done: look before you send it again.", Back: "/me", Again: true},
		"sign-in-away": SignIn{Door: Door{Organisation: "Northwind IT", Problem: &Problem{Message: sallyport.ErrUnavailable.Message, RequestID: "abcdefghijklmnop"}}, UserName: "dana", Return: "/"},
	}
}

// TestDoors compares every sign-in page with its golden file. Addresses of assets are cut to their names, so that a
// change of a style does not change the pages.
func TestDoors(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	hash := regexp.MustCompile(`(/assets/[a-z]+)-[0-9a-f]{12}`)
	for name, page := range doors() {
		t.Run(name, func(t *testing.T) {
			body, err := r.Bytes(page)
			if err != nil {
				t.Fatal(err)
			}
			if dir := os.Getenv("SALLYPORT_GALLERY"); dir != "" {
				if err := os.WriteFile(filepath.Join(dir, name+".html"), body, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			checkPlain(t, string(body))
			golden.File(t, filepath.Join("testdata", "door", name+".html"), hash.ReplaceAllString(string(body), "$1"))
		})
	}
}

var (
	inputs = regexp.MustCompile(`<input [^>]*>`)
	attrID = regexp.MustCompile(` id="([^"]+)"`)
)

// checkPlain holds what is true of every page: nothing inline that the policy forbids, one heading, a label at every
// field, every id once, and no value that the template engine refused.
func checkPlain(t *testing.T, page string) {
	t.Helper()
	for _, bad := range []string{" style=", "<style", "javascript:", " onclick", "ZgotmplZ", "<no value>", "<script>"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if n := strings.Count(page, "<h1"); n != 1 {
		t.Errorf("%d headings of the first level, want 1", n)
	}
	for _, input := range inputs.FindAllString(page, -1) {
		if strings.Contains(input, `type="hidden"`) || strings.Contains(input, `aria-hidden="true"`) {
			continue
		}
		id := attrID.FindStringSubmatch(input)
		if id == nil || !strings.Contains(page, `for="`+id[1]+`"`) {
			t.Errorf("a field without a label: %s", input)
		}
	}
	seen := map[string]bool{}
	for _, id := range attrID.FindAllStringSubmatch(page, -1) {
		if seen[id[1]] {
			t.Errorf("the id %q stands there twice", id[1])
		}
		seen[id[1]] = true
	}
}

// TestNoPasswordIsCut: browsers cut what is pasted at a field's maxlength without a word. A new password that was cut would be
// stored so, and never be right at the sign-in. Every field takes four times what a password may have, and what is too long
// is refused in words.
func TestNoPasswordIsCut(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	fields := 0
	for name, page := range doors() {
		body, err := r.Bytes(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, input := range inputs.FindAllString(string(body), -1) {
			if !strings.Contains(input, `type="password"`) {
				continue
			}
			if fields++; !strings.Contains(input, `maxlength="1024"`) {
				t.Errorf("%s: %s", name, input)
			}
		}
	}
	if fields < 10 {
		t.Errorf("%d fields", fields)
	}
}

// TestShownPasswordIsLeftAlone: a password that can be shown is ordinary text then, which keyboards of phones correct and begin with
// a capital, and which browsers look up for its spelling.
func TestShownPasswordIsLeftAlone(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	fields := 0
	for name, page := range doors() {
		body, err := r.Bytes(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, input := range inputs.FindAllString(string(body), -1) {
			id := attrID.FindStringSubmatch(input)
			if id == nil || !strings.Contains(string(body), `data-show="`+id[1]+`"`) {
				continue
			}
			if fields++; !strings.Contains(input, ` spellcheck="false" autocapitalize="off" autocorrect="off"`) {
				t.Errorf("%s: %s", name, input)
			}
		}
	}
	if fields < 10 {
		t.Errorf("%d fields", fields)
	}
}

// TestHelpHasOneName: what leads to the request for help is called as that page is, and as the Admin pages call it.
func TestHelpHasOneName(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	leads := regexp.MustCompile(`href="/sign-in/help">([^<]*)<`)
	n := 0
	for name, page := range doors() {
		body, err := r.Bytes(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range leads.FindAllStringSubmatch(string(body), -1) {
			if n++; link[1] != (AskHelp{}).Title() || link[1] != "I need help" {
				t.Errorf("%s: %q leads to %q", name, link[1], AskHelp{}.Title())
			}
		}
	}
	if n < 10 {
		t.Errorf("%d links", n)
	}
}

func TestErrorsAreSaid(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	body, err := r.Bytes(Code{Door: refused(sallyport.InvalidField("code", "That code is not right. 2 tries left.")), Task: TaskSignIn, Method: sallyport.MethodApp})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<title>Error: ", `id="problem" role="alert"`, `aria-invalid="true" aria-describedby="problem"`} {
		if !strings.Contains(string(body), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if n := strings.Count(string(body), "That code is not right"); n != 1 {
		t.Errorf("the message stands there %d times", n)
	}
}

// TestHostileNames: names are text, whatever they hold.
func TestHostileNames(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	evil := `"><script>alert(1)</script>{{.}}`
	p := Code{Door: Door{Organisation: evil, Who: evil, Notice: evil}, Task: TaskSignIn, Method: sallyport.MethodEmail, Why: evil,
		Delivery: Delivery{Masked: evil, Sent: true, Live: true, Detail: evil, State: sallyport.Failed}}
	body, err := r.Bytes(p)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body), "<script>") {
		t.Error("a name became markup")
	}
	if got := (EnrolApp{URI: "javascript:alert(1)"}).Link(); got != "" {
		t.Errorf("a foreign address became a link: %s", got)
	}
}

// TestNothingCame: advice about a message that did not come stands where one may still be on its way, not where it came and the
// codes were wrong, nor where it surely never left.
func TestNothingCame(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		delivery Delivery
		want     bool
	}{
		{"sent a while ago", Delivery{Sent: true, Live: true, State: sallyport.Sent, TriesLeft: 3}, true},
		{"ran out unused", Delivery{Sent: true, State: sallyport.Sent, TriesLeft: 3}, true},
		{"three wrong codes", Delivery{Sent: true, State: sallyport.Sent}, false},
		{"not sent", Delivery{Sent: true, State: sallyport.Failed, TriesLeft: 3}, false},
	} {
		for _, m := range []sallyport.Method{sallyport.MethodEmail, sallyport.MethodText} {
			body, err := r.Bytes(Code{Door: brand(), Task: TaskSignIn, Method: m, Delivery: c.delivery})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(string(body), "Nothing came?"); got != c.want {
				t.Errorf("%s, %s: %v", c.name, m, got)
			}
			if !strings.Contains(string(body), "Only the newest code works.") {
				t.Errorf("%s, %s: the hint is gone", c.name, m)
			}
		}
	}
}

// While a new version is rolled out, the node of the version before reads reasons that it does not know.
func TestUnknownEndIsSaid(t *testing.T) {
	if said := EndedWords("of-the-next-version"); !strings.HasPrefix(said, "You were signed out.") {
		t.Errorf("said %q", said)
	}
}
