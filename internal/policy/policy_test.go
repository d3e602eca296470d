package policy

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport"
)

func TestChoices(t *testing.T) {
	all := ChoiceInput{sallyport.DefaultSettings(), true, true, "+4915112345678", "anna@example.org"}
	all.Settings.PermitOff = true
	for name, c := range map[string]struct {
		change  func(*ChoiceInput)
		method  sallyport.Method
		allowed bool   // as a choice
		field   string // at which Save is refused
		says    string
	}{
		"app":            {func(*ChoiceInput) {}, sallyport.MethodApp, true, "", ""},
		"app of nothing": {func(in *ChoiceInput) { *in = ChoiceInput{} }, sallyport.MethodApp, true, "", ""},
		"email":          {func(*ChoiceInput) {}, sallyport.MethodEmail, true, "", ""},
		"email unproved": {func(in *ChoiceInput) { in.EmailProved = false }, sallyport.MethodEmail, false, "method", "Email Settings"},
		"no address":     {func(in *ChoiceInput) { in.Email = "" }, sallyport.MethodEmail, true, "email", "email address"},
		"text":           {func(*ChoiceInput) {}, sallyport.MethodText, true, "", ""},
		"text unproved":  {func(in *ChoiceInput) { in.SMSProved = false }, sallyport.MethodText, false, "method", "SMS Settings"},
		"both missing":   {func(in *ChoiceInput) { in.SMSProved, in.Phone = false, "" }, sallyport.MethodText, false, "method", "SMS Settings"},
		"no phone":       {func(in *ChoiceInput) { in.Phone = "" }, sallyport.MethodText, true, "phone", "phone number"},
		"off":            {func(*ChoiceInput) {}, sallyport.MethodOff, true, "", ""},
		"off forbidden":  {func(in *ChoiceInput) { in.Settings = sallyport.DefaultSettings() }, sallyport.MethodOff, false, "method", "policy"},
		"unknown":        {func(*ChoiceInput) {}, "passkey", false, "method", "choose"},
		"empty":          {func(*ChoiceInput) {}, "", false, "method", "choose"},
	} {
		in := all
		c.change(&in)
		for _, ch := range Choices(in) {
			if ch.Method == c.method && (ch.Permitted != c.allowed || !strings.Contains(ch.Reason, c.says) || (c.says == "") != (ch.Reason == "")) {
				t.Errorf("%s: %+v", name, ch)
			}
		}
		err := CheckMethod(in, c.method)
		if c.field == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var e *sallyport.Error
		if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Name != c.field || !strings.Contains(e.Message, c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChoicesAreHonest(t *testing.T) {
	says := map[sallyport.Method][]string{
		sallyport.MethodApp:   {"SIM swapping", "fake sign-in page"},
		sallyport.MethodEmail: {"NIST SP 800-63B-4", "no second factor", "fake sign-in page"},
		sallyport.MethodText:  {"NIST SP 800-63B-4", "restricted", "SIM swapping", "fake sign-in page"},
		sallyport.MethodOff:   {"password"},
	}
	choices := Choices(ChoiceInput{})
	if len(choices) != len(says) || choices[0].Method != sallyport.MethodApp {
		t.Fatalf("%d choices, first %s", len(choices), choices[0].Method)
	}
	for _, c := range choices {
		for _, words := range says[c.Method] {
			if !strings.Contains(c.Worth, words) {
				t.Errorf("%s does not speak of %q", c.Method, words)
			}
		}
		if c.Recommended != (c.Method == sallyport.MethodApp) || strings.Count(c.Worth, ".") > 2 {
			t.Errorf("%s: recommended %v, %q", c.Method, c.Recommended, c.Worth)
		}
	}
}

var (
	everything = Channels{EmailProved: true, SMSProved: true, OffPermitted: true, FactorRun: 100}
	proved     = time.Unix(1, 0)
)

func someone(m sallyport.Method) sallyport.Technician {
	return sallyport.Technician{Status: sallyport.Active, Password: []byte("sealed"), Method: m, Email: "a@example.org", Phone: "+4915112345678",
		SetupUntil: proved.Add(time.Hour)}
}

func holds(m sallyport.Method) *sallyport.Factor {
	f := &sallyport.Factor{Kind: m, ProvedAt: proved, Address: "a@example.org"}
	if m == sallyport.MethodApp {
		f.Secret, f.Address = []byte("sealed"), ""
	}
	return f
}

func TestCanSignIn(t *testing.T) {
	const app, email, text, off = sallyport.MethodApp, sallyport.MethodEmail, sallyport.MethodText, sallyport.MethodOff
	noEmail, noSMS := Channels{SMSProved: true}, Channels{EmailProved: true}
	with := func(m sallyport.Method, change func(*sallyport.Technician)) sallyport.Technician {
		x := someone(m)
		change(&x)
		return x
	}
	disabled := with(app, func(x *sallyport.Technician) { x.FactorDisabled = true })
	for name, c := range map[string]struct {
		t    sallyport.Technician
		f    *sallyport.Factor
		left int
		in   Channels
		want bool
	}{
		"app":                           {someone(app), holds(app), 0, Channels{}, true},
		"app not set up":                {someone(app), nil, 0, everything, false},
		"app not proved":                {someone(app), &sallyport.Factor{Kind: app, Secret: []byte("x")}, 0, everything, false},
		"app without secret":            {someone(app), &sallyport.Factor{Kind: app, ProvedAt: proved}, 0, everything, false},
		"email":                         {someone(email), holds(email), 0, noSMS, true},
		"email, channel gone":           {someone(email), holds(email), 0, noEmail, false},
		"email, channel gone, recovery": {someone(email), holds(email), 1, noEmail, true},
		"text":                          {someone(text), holds(text), 0, noEmail, true},
		"text, channel gone":            {someone(text), holds(text), 0, noSMS, false},
		"text, number gone":             {with(text, func(x *sallyport.Technician) { x.Phone = "" }), holds(app), 0, everything, false},
		"email, address gone":           {with(email, func(x *sallyport.Technician) { x.Email = "" }), holds(app), 0, everything, false},
		"app, no number, no address":    {with(app, func(x *sallyport.Technician) { x.Phone, x.Email = "", "" }), holds(app), 0, everything, true},
		"app, email opens":              {someone(app), holds(email), 0, noSMS, true},
		"app, email cannot open":        {someone(app), holds(email), 0, noEmail, false},
		"text wanted, channel gone":     {someone(text), holds(app), 0, noSMS, false},
		"text wanted, gone, recovery":   {someone(text), holds(app), 9, noSMS, false},
		"app, email opens in time":      {someone(app), holds(email), 0, Channels{EmailProved: true, Now: proved.Add(time.Hour - 1)}, true},
		"app, email opens too late":     {someone(app), holds(email), 9, Channels{EmailProved: true, Now: proved.Add(time.Hour)}, false},
		"app, set up long ago":          {someone(app), holds(app), 0, Channels{Now: proved.Add(time.Hour)}, true},
		"recovery code only":            {someone(app), nil, 1, Channels{}, true},
		"recovery run spent":            {with(app, func(x *sallyport.Technician) { x.RecoveryRun = 100 }), nil, 5, everything, false},
		"recovery run spent by setting": {with(app, func(x *sallyport.Technician) { x.RecoveryRun = 10 }), nil, 5, Channels{FactorRun: 10}, false},
		"factor disabled":               {disabled, holds(app), 0, everything, false},
		"factor run spent":              {with(app, func(x *sallyport.Technician) { x.WrongRun = 100 }), holds(app), 0, everything, false},
		"factor run not quite":          {with(app, func(x *sallyport.Technician) { x.WrongRun = 99 }), holds(app), 0, everything, true},
		"factor run spent by setting":   {with(app, func(x *sallyport.Technician) { x.WrongRun = 10 }), holds(app), 0, Channels{FactorRun: 10}, false},
		"factor disabled, recovery":     {disabled, holds(app), 1, everything, true},
		"factor run beyond any setting": {with(app, func(x *sallyport.Technician) { x.WrongRun = 100 }), holds(app), 0, Channels{FactorRun: 1000}, false},
		"email proved for no address":   {someone(email), &sallyport.Factor{Kind: email, ProvedAt: proved}, 0, everything, false},
		"off":                           {someone(off), nil, 0, everything, true},
		"off forbidden":                 {someone(off), nil, 0, noSMS, false},
		"off forbidden, recovery":       {someone(off), holds(app), 9, noSMS, false},
		"invited":                       {with(app, func(x *sallyport.Technician) { x.Status = sallyport.Invited }), holds(app), 9, everything, false},
		"deactivated":                   {with(off, func(x *sallyport.Technician) { x.Status = sallyport.Deactivated }), nil, 9, everything, false},
		"no status":                     {with(app, func(x *sallyport.Technician) { x.Status = "" }), holds(app), 9, everything, false},
		"no password":                   {with(off, func(x *sallyport.Technician) { x.Password = nil }), nil, 9, everything, false},
		"unknown method":                {someone("passkey"), holds("passkey"), 9, everything, false},
		"unknown factor":                {someone(app), holds("passkey"), 0, everything, false},
	} {
		if got := CanSignIn(c.t, c.f, c.left, c.in); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestNothingLostHelps takes something away from a random technician: he never can sign in where he could not before.
func TestNothingLostHelps(t *testing.T) {
	method := rapid.SampledFrom(append([]sallyport.Method{"", "passkey"}, sallyport.Methods...))
	rapid.Check(t, func(t *rapid.T) {
		who, f := someone(method.Draw(t, "method")), holds(method.Draw(t, "held"))
		in := Channels{EmailProved: rapid.Bool().Draw(t, "email"), SMSProved: rapid.Bool().Draw(t, "sms"), OffPermitted: rapid.Bool().Draw(t, "off")}
		left := rapid.IntRange(0, 2).Draw(t, "left")
		before := CanSignIn(who, f, left, in)
		switch rapid.IntRange(0, 6).Draw(t, "lost") {
		case 0:
			in.EmailProved = false
		case 1:
			in.SMSProved = false
		case 2:
			in.OffPermitted = false
		case 3:
			f = nil
		case 4:
			left = 0
		case 5:
			who.FactorDisabled = true
		case 6:
			who.Password = nil
		}
		if CanSignIn(who, f, left, in) && !before {
			t.Fatal("a loss opened a way in")
		}
	})
}

func TestWaits(t *testing.T) {
	for wrong, want := range map[int]time.Duration{-1: 0, 0: 0, 4: 0, 5: time.Second, 6: 2 * time.Second, 7: 4 * time.Second, 9: 16 * time.Second,
		14: 512 * time.Second, 15: 15 * time.Minute, 100: 15 * time.Minute, 1 << 62: 15 * time.Minute} {
		if FactorWait(wrong) != want || PasswordWait(wrong) != want || AccountWait(wrong) != min(want, 30*time.Second) {
			t.Errorf("%d: %v, %v, %v", wrong, FactorWait(wrong), PasswordWait(wrong), AccountWait(wrong))
		}
		if wide := WideWait(wrong + 8); wrong < 1<<62 && wide != want {
			t.Errorf("%d from a wide network: %v", wrong+8, wide)
		}
	}
	for wrong := range 200 {
		if FactorWait(wrong+1) < FactorWait(wrong) || AccountWait(wrong+1) < AccountWait(wrong) {
			t.Errorf("the wait shrinks after %d", wrong)
		}
	}
}
