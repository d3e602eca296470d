package selfservice

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/login"
	"sallyport/internal/session"
)

func TestRightAnswerSetsTheSession(t *testing.T) {
	d := newDoor(t)
	in, device := sallyport.NewToken(), sallyport.NewToken()
	d.out = session.Outcome{Finished: true, Session: in, Device: device, Return: "/admin"}
	r := d.ask("POST", "/sign-in/code", url.Values{"code": {"123 456"}}, signInCookie, token())
	d.wants(r, 303, "/admin")
	if cookie(r, sessionCookie) != in.Reveal() || cookie(r, "sallyport-device-8080") != device.Reveal() || cookie(r, signInCookie) != "-" {
		t.Errorf("cookies: %v", r.Cookies())
	}
	if d.answer != (session.Answer{Kind: session.AnswerCode, Typed: "123 456"}) {
		t.Errorf("answered %+v", d.answer)
	}
}

func TestAfterTheSignIn(t *testing.T) {
	cases := []struct {
		name string
		out  session.Outcome
		to   string
	}{
		{"a recovery code stood in", session.Outcome{OfferPhone: true, FewRecovery: true, Return: "/admin"}, "/me/phone?return=%2Fadmin"},
		{"few codes are left", session.Outcome{FewRecovery: true, Return: "/admin"}, "/me/recovery-codes?return=%2Fadmin"},
		{"a foreign address", session.Outcome{Return: "https://evil.example/"}, "/"},
		{"nothing to say", session.Outcome{}, "/"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t)
			c.out.Finished, c.out.Session = true, sallyport.NewToken()
			d.out = c.out
			d.wants(d.ask("POST", "/sign-in/code", url.Values{"code": {"123456"}}, signInCookie, token()), 303, c.to)
		})
	}
}

func TestRecoveryCodesAreShownOnce(t *testing.T) {
	d := newDoor(t)
	d.out = session.Outcome{Finished: true, Session: sallyport.NewToken(), Device: sallyport.NewToken(), UserName: "dana", RecoveryCodes: []string{"AAAA-BBBB", "CCCC-DDDD"}, Return: "/admin"}
	r := d.ask("POST", "/sign-in/code", url.Values{"code": {"123456"}}, signInCookie, token())
	d.wants(r, 200, "")
	if r.Header.Get("Cache-Control") != "no-store" {
		t.Error("the codes may be kept")
	}
	if strings.Contains(d.says(r, "AAAA-BBBB", "CCCC-DDDD", `href="/admin">I have saved them, continue to Admin<`, `href="data:text/plain;charset=utf-8,`, "User%20name%3A%20dana", "12%3A00",
		"For <bdi>dana</bdi>, made ", "12:00 UTC</time>."), "older codes") {
		t.Error("there were no older ones")
	}
	for next, link := range map[string]string{"/": `href="/admin">I have saved them, continue to Admin<`, "/me": `href="/me">I have saved them, continue to your account<`, "/elsewhere": `href="/elsewhere">I have saved them, continue<`} {
		d.out.Return, d.out.Role = next, sallyport.SuperAdmin
		d.says(d.ask("POST", "/sign-in/code", url.Values{"code": {"123456"}}, signInCookie, token()), link)
	}
	d.out.Return, d.out.Role = "/", sallyport.ReadOnlyTechnician
	d.says(d.ask("POST", "/sign-in/code", url.Values{"code": {"123456"}}, signInCookie, token()), `href="/me">I have saved them, continue to your account<`)
	d.out.OlderCodes = true // of the factor that this one follows
	d.says(d.ask("POST", "/sign-in/code", url.Values{"code": {"123456"}}, signInCookie, token()), "take the place of your older codes")
	// The same request once more, as a reload sends it: the sign-in is over, the session goes on.
	d.err, d.pageErr, d.live = errOver, errOver, true
	d.wants(d.ask("POST", "/sign-in/code", url.Values{"code": {"123456"}}, sessionCookie, token()), 303, "/")
}

// over sends the form of a step whose sign-in is over, and follows to where that is said. The cookie is taken back there.
func (d *door) over(path string, form url.Values, end string, cookies ...string) {
	d.t.Helper()
	r := d.ask("POST", path, form, cookies...)
	if r.StatusCode != 303 || len(r.Cookies()) != 0 || !strings.HasPrefix(r.Header.Get("Location"), "/sign-in/code?over=") {
		d.t.Fatalf("POST %s: %d %q, cookies %v", path, r.StatusCode, r.Header.Get("Location"), r.Cookies())
	}
	r = d.ask("GET", r.Header.Get("Location"), nil, cookies...)
	d.wants(r, 303, end)
	if cookie(r, signInCookie) != "-" {
		d.t.Errorf("%s: the browser keeps what is over", path)
	}
}

// TestStepSentTwice: the answer to a step that leads on gives the browser another token. The same form sent once more, with the
// token from before, takes that from no browser, and leads to the step that it reached.
func TestStepSentTwice(t *testing.T) {
	d := newDoor(t)
	before, next := token(), sallyport.NewToken()
	d.out = session.Outcome{SignIn: next}
	form := url.Values{"code": {"AAAA-BBBB"}}
	first := d.ask("POST", "/sign-in/enrolment-code", form, signInCookie, before)
	if d.wants(first, 303, "/sign-in/code"); cookie(first, signInCookie) != next.Reveal() {
		t.Fatalf("cookies: %v", first.Cookies())
	}
	d.err, d.pageErr = errOver, errOver
	second := d.ask("POST", "/sign-in/enrolment-code", form, signInCookie, before)
	if d.wants(second, 303, "/sign-in/code?over=step"); len(second.Cookies()) != 0 {
		t.Errorf("the second answer takes from the browser what the first gave it: %v", second.Cookies())
	}
	d.err, d.pageErr, d.page.Step = nil, nil, login.Step{Kind: login.Enrol, Method: sallyport.MethodEmail}
	d.page.Sent, d.page.Live, d.page.State = true, true, sallyport.Sent
	d.says(d.ask("GET", second.Header.Get("Location"), nil, signInCookie, cookie(first, signInCookie)), "Set up codes by email", `name="set_up" value="sent"`)
}

// TestSetUpSentTwice: a set-up whose form comes again, by a second press, a reload or from another tab, is not called over: it
// is done. The recovery codes were in the answer to the first, and it says where new ones are made.
func TestSetUpSentTwice(t *testing.T) {
	for setUp, done := range map[string]string{"app": "/me?done=set-up", "sent": "/me?done=over"} {
		d := newDoor(t)
		d.err, d.pageErr, d.live = errOver, errOver, true
		form := url.Values{"code": {"123456"}, "set_up": {setUp}}
		d.over("/sign-in/code", form, done, signInCookie, token(), sessionCookie, token())
		d.wants(d.ask("POST", "/sign-in/code", form, sessionCookie, token()), 303, done) // a reload: the sign-in's cookie was taken back
		d.own.SetUp, d.own.MayRecovery, d.own.FactorAt = true, true, noon.Add(-time.Minute)
		if page := d.says(d.ask("GET", done, nil, sessionCookie, token()), "Your second factor is set up", "make new ones here", "Make new recovery codes"); strings.Contains(page, "start again") {
			t.Errorf("%s: what is done is called over", setUp)
		}
		d.own.FactorAt = noon.Add(-setUpLife) // another one, which was there before the set-up began
		d.says(d.ask("GET", done, nil, sessionCookie, token()), "it took too long")
	}
}

func TestWrongAnswerComesBack(t *testing.T) {
	d := newDoor(t)
	d.err = sallyport.InvalidField("code", "That code is not right. 2 tries left.")
	for path, kind := range map[string]session.AnswerKind{"/sign-in/code": session.AnswerCode, "/sign-in/recovery": session.AnswerRecovery, "/sign-in/enrolment-code": session.AnswerEnrolment} {
		r := d.ask("POST", path, url.Values{"code": {"1"}}, signInCookie, token())
		d.wants(r, 422, "")
		d.says(r, "<title>Error: ", "That code is not right. 2 tries left.", `aria-invalid="true"`)
		if d.answer != (session.Answer{Kind: kind, Typed: "1"}) {
			t.Errorf("%s: %+v", path, d.answer)
		}
	}
	d.ask("POST", "/sign-in/password", url.Values{"password": {"plum harbor"}}, signInCookie, token())
	if d.answer != (session.Answer{Kind: session.AnswerPassword, Typed: "plum harbor"}) {
		t.Errorf("%+v", d.answer)
	}
	if want := []string{"answer", "answer", "answer", "answer"}; !slices.Equal(d.asked, want) {
		t.Errorf("asked %v", d.asked)
	}
}

func TestLostSignIns(t *testing.T) {
	d := newDoor(t)
	d.pageErr, d.err = errOver, errOver
	for _, path := range []string{"/sign-in/code", "/sign-in/recovery", "/sign-in/help"} {
		d.wants(d.ask("GET", path, nil), 303, "/sign-in?why=over")
		d.wants(d.ask("GET", path, nil, signInCookie, token()), 303, "/sign-in?why=over")
	}
	for _, path := range []string{"/sign-in/send", "/sign-in/help", "/sign-in/code"} {
		d.wants(d.ask("POST", path, url.Values{}), 303, "/sign-in?why=over")
	}
	held := []string{signInCookie, token()}
	r := d.ask("POST", "/sign-in/help", url.Values{}, held...)
	d.wants(r, 303, "/sign-in?why=over")
	if cookie(r, signInCookie) != "-" {
		t.Error("the browser keeps what is over")
	}
	d.over("/sign-in/send", url.Values{}, "/sign-in?why=over", held...)
	d.over("/sign-in/code", url.Values{}, "/sign-in?why=over", held...)
	if want := []string{"send", "answer"}; !slices.Equal(d.asked, want) {
		t.Errorf("asked %v", d.asked)
	}
	if r := d.ask("GET", "/sign-in/state", nil, signInCookie, token()); r.StatusCode != 410 {
		t.Errorf("the page's script is told %d of a sign-in that is over", r.StatusCode)
	}
	d.err = sallyport.InvalidField("code", "That code is not right.") // the last one, and the sign-in is over with it
	d.over("/sign-in/code", url.Values{"code": {"1"}}, "/sign-in?why=over", held...)
	d.says(d.ask("GET", "/sign-in?why=over", nil), "Please start again.")
	d.err = errOver // he has just scanned the key of a set-up that is over, perhaps because another browser was first
	d.over("/sign-in/code", url.Values{"code": {"1"}, "set_up": {"app"}}, "/sign-in?why=set-up", held...)
	d.over("/sign-in/code", url.Values{"code": {"1"}, "set_up": {"sent"}}, "/sign-in?why=over", held...) // there is no QR code to speak of
	d.live = true                                                                                        // of a new phone, or by a link in a browser that is signed in
	d.over("/sign-in/code", url.Values{"code": {"1"}, "set_up": {"app"}, "return": {"/me"}}, "/me?done=set-up", append(held, sessionCookie, token())...)
	d.says(d.ask("GET", "/me?done=set-up", nil, sessionCookie, token()), "That set-up is over")
	d.live = false
	d.says(d.ask("GET", "/sign-in?why=set-up", nil), "the app was set up elsewhere", "delete that entry from the app")
	d.ended = sallyport.EndedBySave // under a proof that was being given again: the page says why the session is over too
	d.says(d.ask("GET", "/sign-in?why=over", nil, sessionCookie, token()), "Please start again.", "Your administrator changed how you sign in.")
	if strings.Contains(text(t, d.ask("GET", "/sign-in?why=Call+this+number", nil)), "Call this") {
		t.Error("the address can put words on the page")
	}
	d.err = sallyport.E(sallyport.Unauthorized, "guessing", "Three wrong answers. You are signed out.")
	guessed := d.ask("POST", "/sign-in/code", url.Values{"code": {"1"}}, signInCookie, token())
	d.wants(guessed, 303, "/sign-in")
	if cookie(guessed, signInCookie) != "-" {
		t.Error("the browser keeps what is over")
	}
	d.err = sallyport.E(sallyport.Internal, "internal", "broken")
	if r := d.ask("POST", "/sign-in/code", url.Values{"code": {"1"}}, signInCookie, token()); r.StatusCode != 500 || len(r.Cookies()) != 0 {
		t.Errorf("a fault: %d %v", r.StatusCode, r.Cookies())
	}
}

// TestWithoutItsCookie: a step is nobody's without the cookie of its sign-in, whatever is answered to an empty one.
func TestWithoutItsCookie(t *testing.T) {
	d := newDoor(t)
	for _, path := range []string{"/sign-in/code", "/sign-in/recovery", "/sign-in/help"} {
		d.wants(d.ask("GET", path, nil), 303, "/sign-in?why=over")
	}
	for _, path := range []string{"/sign-in/code", "/sign-in/recovery", "/sign-in/enrolment-code", "/sign-in/password", "/sign-in/send", "/sign-in/help"} {
		d.wants(d.ask("POST", path, url.Values{}), 303, "/sign-in?why=over")
	}
	d.wants(d.ask("POST", "/sign-in/again", url.Values{}), 303, "/sign-in")
	if len(d.asked) != 0 {
		t.Errorf("asked %v", d.asked)
	}
}

// TestRefusedFormIsLookedAt: a refusal stands at the address that its form was sent to. Looked at again, as by a browser that goes
// back to it, that is the step, not the beginning of another sign-in.
func TestRefusedFormIsLookedAt(t *testing.T) {
	d := newDoor(t)
	d.err = sallyport.InvalidField("code", "That is not right.")
	for _, path := range []string{"/sign-in/code", "/sign-in/password", "/sign-in/recovery", "/sign-in/enrolment-code", "/sign-in/send"} {
		d.wants(d.ask("POST", path, url.Values{}, signInCookie, token()), 422, "")
		r := d.ask("GET", path, nil, signInCookie, token())
		if to := r.Header.Get("Location"); to != "" && to != "/sign-in/code" || to == "" && r.StatusCode != 200 || len(r.Cookies()) != 0 {
			t.Errorf("%s: %d %q %v", path, r.StatusCode, to, r.Cookies())
		}
	}
}

// TestSendIsRefused: a wait stands on the page of the code.
func TestSendIsRefused(t *testing.T) {
	d := newDoor(t)
	d.wants(d.ask("POST", "/sign-in/send", url.Values{}, signInCookie, token()), 303, "/sign-in/code")
	d.err = sallyport.E(sallyport.TooMany, "resend", "The next code can be sent in a moment.").After(time.Minute)
	r := d.ask("POST", "/sign-in/send", url.Values{}, signInCookie, token())
	d.wants(r, 429, "")
	d.says(r, "The next code can be sent in a moment.", `action="/sign-in/code"`)
}

// TestRecoveryThatIsRefused: a wrong recovery code can be corrected where it was typed; a wait leads back to the step.
func TestRecoveryThatIsRefused(t *testing.T) {
	d := newDoor(t)
	for kind, action := range map[sallyport.Kind]string{sallyport.Invalid: "/sign-in/recovery", sallyport.TooMany: "/sign-in/code"} {
		d.err = sallyport.E(kind, "any", "This is why.")
		d.says(d.ask("POST", "/sign-in/recovery", url.Values{"code": {"x"}}, signInCookie, token()), "This is why.", `action="`+action+`"`)
	}
}

// TestHelp: the note reaches the administrators, and stays on the page where it was refused.
func TestHelp(t *testing.T) {
	d := newDoor(t)
	ask := func() string {
		return text(t, d.ask("POST", "/sign-in/help", url.Values{"note": {"phone lost"}}, signInCookie, token()))
	}
	if page := ask(); !strings.Contains(page, "4711") || !slices.Equal(d.asked, []string{"help phone lost"}) {
		t.Errorf("asked %v:\n%s", d.asked, page)
	}
	d.err = sallyport.E(sallyport.TooMany, "wait", "You have asked already.")
	if page := ask(); !strings.Contains(page, `value="phone lost"`) || !strings.Contains(page, "You have asked already.") {
		t.Errorf("%s", page)
	}
	d.err = errors.New("broken")
	if page := ask(); strings.Contains(page, "<form") || strings.Contains(page, "4711") {
		t.Errorf("a fault is told as something that was typed:\n%s", page)
	}
}

func TestAgain(t *testing.T) {
	d := newDoor(t)
	r := d.ask("POST", "/sign-in/again", url.Values{}, signInCookie, token())
	d.wants(r, 303, "/sign-in")
	if cookie(r, signInCookie) != "-" || !slices.Equal(d.asked, []string{"again"}) {
		t.Errorf("%v %v", r.Cookies(), d.asked)
	}
	d.err = sallyport.ErrUnavailable
	d.wants(d.ask("POST", "/sign-in/again", url.Values{}, signInCookie, token()), 503, "")
}

// TestProofLeadsBack: whoever proves a live session once more, or moves his app to another phone, comes back to the page that
// asked, however that ends: each form says which page it was. No other page than one of this site is gone to.
func TestProofLeadsBack(t *testing.T) {
	for purpose, back := range map[sallyport.Purpose]string{sallyport.PurposeStepUp: "/admin/email", sallyport.PurposePhone: "/me"} {
		for _, kind := range []login.Kind{login.Factor, login.ChannelDown, login.Password} {
			d := newDoor(t)
			d.page.Purpose, d.page.Return, d.page.Step = purpose, back, login.Step{Kind: kind, Method: sallyport.MethodEmail}
			d.says(d.ask("GET", "/sign-in/code", nil, signInCookie, token()), `name="return" value="`+back+`"`, "Not now")
		}
		d := newDoor(t)
		d.page.Purpose, d.page.Return = purpose, back
		for _, path := range []string{"/sign-in/recovery", "/sign-in/help"} {
			d.says(d.ask("GET", path, nil, signInCookie, token()), `name="return" value="`+back+`"`)
		}
	}
	for asked, back := range map[string]string{"/admin/email": "/admin/email", "//evil.example/": "/", "https://evil.example/": "/", "": "/"} {
		d := newDoor(t)
		d.live = true
		form := func(field string) url.Values { return url.Values{"return": {asked}, field: {"1"}} }
		left := url.Values{"return": {asked}}
		d.wants(d.ask("POST", "/sign-in/again", left, signInCookie, token(), sessionCookie, token()), 303, back)
		d.pageErr, d.err = errOver, errOver // its time is over
		proof := []string{signInCookie, token(), sessionCookie, token()}
		for path, values := range map[string]url.Values{"/sign-in/code": form("code"), "/sign-in/password": form("password"), "/sign-in/recovery": form("code"), "/sign-in/send": left} {
			d.over(path, values, back, proof...)
		}
		d.wants(d.ask("POST", "/sign-in/help", form("note"), proof...), 303, back)
		d.live = false // the session ended with it
		over := url.Values{"why": {"over"}}
		guessed := ""
		if back != "/" {
			over.Set("return", back)
			guessed = "?" + url.Values{"return": {back}}.Encode()
		}
		d.over("/sign-in/send", left, "/sign-in?"+over.Encode(), proof...)
		d.err = sallyport.E(sallyport.Unauthorized, "guessing", "Three wrong answers. You are signed out.")
		d.wants(d.ask("POST", "/sign-in/code", form("code"), signInCookie, token(), sessionCookie, token()), 303, "/sign-in"+guessed)
	}
}

// TestFormOfAnotherSignIn: the form was shown in the sign-in of somebody else than the one that the browser holds now. No code is sent
// and nobody is told for the wrong one.
func TestFormOfAnotherSignIn(t *testing.T) {
	d := newDoor(t)
	d.says(d.ask("GET", "/sign-in/code", nil, signInCookie, token()), `name="who" value="dana"`)
	for _, path := range []string{"/sign-in/send", "/sign-in/help"} {
		r := d.ask("POST", path, url.Values{"who": {"ilya"}}, signInCookie, token())
		d.wants(r, 409, "")
		d.says(r, "a sign-in as dana was begun meanwhile. What was sent for ilya did nothing.", "Signing in as <bdi>dana</bdi>")
	}
	if len(d.asked) != 0 {
		t.Errorf("asked %v", d.asked)
	}
	d.ask("POST", "/sign-in/code", url.Values{"who": {"ilya"}, "code": {"1"}}, signInCookie, token())
	if d.answer.Whose != "ilya" {
		t.Errorf("%+v", d.answer)
	}
	d.wants(d.ask("POST", "/sign-in/send", url.Values{"who": {"dana"}}, signInCookie, token()), 303, "/sign-in/code")
	d.pageErr = sallyport.ErrUnavailable
	d.wants(d.ask("POST", "/sign-in/send", url.Values{"who": {"dana"}}, signInCookie, token()), 503, "")
	d.wants(d.ask("POST", "/sign-in/again", url.Values{"who": {"ilya"}}, signInCookie, token()), 303, "/sign-in")
}

// TestSignInKnowsWhereItLeads: a sign-in that is over, or begun again, still leads to the page that it was begun for: each of its
// forms says which one that was.
func TestSignInKnowsWhereItLeads(t *testing.T) {
	for _, step := range []login.Step{{Kind: login.Factor, Method: sallyport.MethodApp}, {Kind: login.EnrolmentCode}, {Kind: login.Enrol, Method: sallyport.MethodText}, {Kind: login.Closed}} {
		d := newDoor(t)
		d.page.Step = step
		const field = `name="return" value="/admin/email"`
		if strings.Contains(text(t, d.ask("GET", "/sign-in/code", nil, signInCookie, token())), `name="return"`) {
			t.Errorf("%s: it was begun for no page", step.Kind)
		}
		d.page.Return = "/admin/email"
		if page := d.says(d.ask("GET", "/sign-in/code", nil, signInCookie, token()), field, "Start again"); step.Kind != login.Closed && strings.Count(page, field) < 2 {
			t.Errorf("%s: %d forms know it", step.Kind, strings.Count(page, field))
		}
		d.err, d.pageErr = errOver, errOver
		d.over("/sign-in/code", url.Values{"return": {"/admin/email"}, "code": {"1"}}, "/sign-in?return=%2Fadmin%2Femail&why=over", signInCookie, token())
		d.err = nil
		d.wants(d.ask("POST", "/sign-in/again", url.Values{"return": {"/admin/email"}}, signInCookie, token()), 303, "/admin/email") // which asks to sign in
	}
}

// TestRecoveryIsOffered where a recovery code is taken and one is left, and nowhere else.
func TestRecoveryIsOffered(t *testing.T) {
	for kind, taken := range map[login.Kind]bool{login.Factor: true, login.Opener: true, login.Disabled: true, login.ChannelDown: true,
		login.Enrol: false, login.EnrolmentCode: false, login.SetupDown: false, login.Closed: false, login.Shut: false, login.NoFactor: false} {
		for left, want := range map[int]bool{0: false, 3: taken} {
			d := newDoor(t)
			d.page.Step, d.page.RecoveryLeft = login.Step{Kind: kind, Method: sallyport.MethodEmail}, left
			if got := strings.Contains(text(t, d.ask("GET", "/sign-in/code", nil, signInCookie, token())), `href="/sign-in/recovery"`); got != want {
				t.Errorf("%v with %d left: %v", kind, left, got)
			}
		}
	}
}

// TestPagesOfAProof: a proof and the old phone's code say what they are for, and ask nobody whether it is him.
func TestPagesOfAProof(t *testing.T) {
	app, secret := login.Step{Kind: login.Factor, Method: sallyport.MethodApp}, "AAAA BBBB"
	for _, c := range []struct {
		purpose sallyport.Purpose
		step    login.Step
		says    string
		who     bool
	}{
		{sallyport.PurposeSignIn, app, "Type the code from your app", true},
		{sallyport.PurposeStepUp, app, "Confirm that it is you", false},
		{sallyport.PurposeStepUp, login.Step{Kind: login.Password}, `action="/sign-in/password"`, false},
		{sallyport.PurposePhone, app, "First, a code from your old phone", false},
		{sallyport.PurposePhone, login.Step{Kind: login.Enrol, Method: sallyport.MethodApp}, "your new phone", false},
		{sallyport.PurposeSetup, login.Step{Kind: login.Enrol, Method: sallyport.MethodApp}, "Set up your authenticator app", true},
		{sallyport.PurposeSignIn, login.Step{Kind: login.Enrol, Method: sallyport.MethodApp}, "Because of this.", true},
	} {
		d := newDoor(t)
		d.page.Purpose, d.page.Step, d.page.Secret, d.page.URI = c.purpose, c.step, secret, "otpauth://totp/x?secret=AAAABBBB"
		if c.says == "Because of this." {
			d.page.Why = c.says
		}
		if who := strings.Contains(d.says(d.ask("GET", "/sign-in/code", nil, signInCookie, token()), c.says), "not you?"); who != c.who {
			t.Errorf("%v %v: asks whether it is him: %v", c.purpose, c.step, who)
		}
	}
}

func TestEachStepHasItsPage(t *testing.T) {
	cases := []struct {
		name string
		page session.Page
		says []string
	}{
		{"app", session.Page{Step: login.Step{Kind: login.Factor, Method: sallyport.MethodApp}, RecoveryLeft: 3}, []string{"Type the code from your app", "Use a recovery code", "not you?"}},
		{"app used just now", session.Page{Step: login.Step{Kind: login.Factor, Method: sallyport.MethodApp}, FreshAt: noon.Add(12 * time.Second)}, []string{"was used already", "12:00:12"}},
		{"email", session.Page{Step: login.Step{Kind: login.Factor, Method: sallyport.MethodEmail}, Masked: "d•••@x.example", Sent: true, Live: true, State: sallyport.Sent, TriesLeft: 3, ValidUntil: noon.Add(3 * time.Minute)}, []string{"Check your email", "d•••@x.example", "12:03 UTC", "tries left", "Send a new code"}},
		{"text failed", session.Page{Step: login.Step{Kind: login.Factor, Method: sallyport.MethodText}, Sent: true, State: sallyport.Failed, Detail: "The gateway refused the number."}, []string{"could not be sent", "The gateway refused the number.", "Send a new code"}},
		{"opener", session.Page{Step: login.Step{Kind: login.Opener, Method: sallyport.MethodEmail}, Why: "Your administrator changed how you sign in."}, []string{"Confirm with a code by email", "Your administrator changed how you sign in.", "Send the code"}},
		{"enrolment code", session.Page{Step: login.Step{Kind: login.EnrolmentCode}}, []string{"Type your enrolment code", `action="/sign-in/enrolment-code"`}},
		{"app set-up", session.Page{Step: login.Step{Kind: login.Enrol, Method: sallyport.MethodApp}, Secret: "AAAA BBBB", URI: "otpauth://totp/x?secret=AAAABBBB"}, []string{"Set up your authenticator app", "Account <bdi>dana</bdi>", "<svg", "AAAA BBBB", `href="otpauth://totp/x?secret=AAAABBBB"`, `data-copy="AAAABBBB"`}},
		{"text set-up", session.Page{Step: login.Step{Kind: login.Enrol, Method: sallyport.MethodText}, RecoveryLeft: 3}, []string{"Set up codes by text message"}},
		{"no factor", session.Page{Step: login.Step{Kind: login.NoFactor}}, []string{"Your account needs a second factor"}},
		{"text again", session.Page{Step: login.Step{Kind: login.Factor, Method: sallyport.MethodText}, Sent: true, Live: true, State: sallyport.Sent, TriesLeft: 1, ResendAt: noon.Add(30 * time.Second)}, []string{"</b> try left", "Works from", "12:00:30"}},
		{"closed", session.Page{Step: login.Step{Kind: login.Closed}}, []string{"The time for your set-up is over"}},
		{"disabled", session.Page{Step: login.Step{Kind: login.Disabled, Method: sallyport.MethodApp}, RecoveryLeft: 1}, []string{"switched off", "Use a recovery code"}},
		{"shut", session.Page{Step: login.Step{Kind: login.Shut}}, []string{"switched off", "Ask your administrator to reset it"}},
		{"down", session.Page{Step: login.Step{Kind: login.ChannelDown, Method: sallyport.MethodText}}, []string{"No code can be sent right now", "Text messages are not set up"}},
		{"set-up down", session.Page{Step: login.Step{Kind: login.SetupDown, Method: sallyport.MethodText}}, []string{"No code can be sent right now", "Text messages are not set up"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t)
			c.page.Purpose, c.page.UserName, c.page.Organisation, c.page.Now = sallyport.PurposeSignIn, "dana", "Northwind IT", noon
			d.page = c.page
			d.says(d.ask("GET", "/sign-in/code", nil, signInCookie, token()), c.says...)
		})
	}
	d := newDoor(t)
	d.page.Step, d.page.Sent, d.page.State = login.Step{Kind: login.Factor, Method: sallyport.MethodEmail}, true, sallyport.Sent
	if strings.Contains(text(t, d.ask("GET", "/sign-in/code", nil, signInCookie, token())), `name="code"`) {
		t.Error("a code that is dead is asked for")
	}
	d.page.Step.Kind, d.err = login.Disabled, sallyport.E(sallyport.Forbidden, "disabled", "It was switched off just now.")
	if strings.Contains(text(t, d.ask("POST", "/sign-in/code", url.Values{"code": {"1"}}, signInCookie, token())), "just now") {
		t.Error("the page says twice that the factor is switched off")
	}
	for _, kind := range []login.Kind{login.Refused, login.Done, "other"} {
		d.page.Step.Kind = kind
		d.wants(d.ask("GET", "/sign-in/code", nil, signInCookie, token()), 303, "/sign-in?why=over")
	}
}

func TestStateTellsNoSecret(t *testing.T) {
	d := newDoor(t)
	d.page.Step.Method, d.page.Sent, d.page.State, d.page.Masked, d.page.Secret = sallyport.MethodEmail, true, sallyport.Sending, "d•••@x.example", "AAAA"
	r := d.ask("GET", "/sign-in/state", nil, signInCookie, token())
	d.wants(r, 200, "")
	if got := text(t, r); got != `{"state":"sending","message":"Sending a code to d•••@x.example…"}`+"\n" {
		t.Errorf("%s", got)
	}
}
