package delivery_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/delivery"
	"sallyport/internal/store"
)

// not is six digits that code is not.
func not(code string) string {
	if code == "000000" {
		return "111111"
	}
	return "000000"
}

func emailForm(values map[string]string) delivery.Form {
	return delivery.Form{Channel: sallyport.ChannelEmail, Kind: sallyport.GatewaySMTP, Values: values}
}

func TestDraftBecomesLiveByItsCode(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	if w.Ready(ctx, sallyport.ChannelEmail) {
		t.Fatal("ready before anything was set up")
	}
	saved, err := w.SaveDraft(ctx, w.boss, emailForm(smtpForm))
	if err != nil || saved.Draft.Sealed != nil || !slices.Equal(saved.Draft.SecretsSet, []string{"password"}) {
		t.Fatalf("%+v, %v", saved, err)
	}
	if err := w.Test(ctx, w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, "mara@northwind.example"); err != nil {
		t.Fatal(err)
	}
	v, err := w.Settings(ctx, w.boss, sallyport.ChannelEmail)
	if err != nil || v.Live != nil || v.Draft == nil || v.Test == nil || v.Test.State != sallyport.Sent || v.Test.TriesLeft != 3 {
		t.Fatalf("%+v, %v", v, err)
	}
	code := w.lastCode(t)
	for _, none := range []string{"", " ", "12345", "x" + code[1:]} { // no try: it comes so when a proof was asked for between
		if err := w.ConfirmTest(ctx, w.boss, sallyport.ChannelEmail, none); fieldNames(err) != "code" || !strings.Contains(err.Error(), "6 digits") {
			t.Errorf("%q: %v", none, err)
		}
	}
	if err := w.ConfirmTest(ctx, w.boss, sallyport.ChannelEmail, not(code)); fieldNames(err) != "code" || !strings.Contains(err.Error(), "2 tries left") {
		t.Errorf("got %v", err)
	}
	if err := w.ConfirmTest(ctx, w.boss, sallyport.ChannelEmail, code[:3]+" "+code[3:]); err != nil {
		t.Fatal(err)
	}
	v, err = w.Settings(ctx, w.boss, sallyport.ChannelEmail)
	if err != nil || v.Live == nil || v.Live.ProvedAt.IsZero() || v.Draft != nil || v.Test != nil || v.Live.Sealed != nil {
		t.Fatalf("%+v, %v", v, err)
	}
	if !w.Ready(ctx, sallyport.ChannelEmail) || w.post.secrets["password"] != smtpForm["password"] {
		t.Error("not ready, or the password did not come through")
	}
	wantCode(t, w.ConfirmTest(ctx, w.boss, sallyport.ChannelEmail, code), "test_over")
	types, all := w.events(t)
	want := slices.Concat([]string{"email.settings.draft", "email.settings.tested"}, slices.Repeat([]string{"save.refused"}, 4), // what is no code
		[]string{"email.settings.tested", "email.settings.proved"})
	if !slices.Equal(types, want) {
		t.Errorf("events are %v", types)
	}
	for _, e := range all {
		for _, m := range []map[string]string{e.Before, e.After} {
			for k, v := range m {
				if strings.Contains(v, "hunter2") || strings.Contains(v, code) {
					t.Errorf("%s tells %s=%s", e.Type, k, v)
				}
			}
		}
	}
}

// Whoever reads a test message is not told that it signs somebody in, nor that somebody knows his password.
func TestTestMessagesSayWhatTheyAre(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		form delivery.Form
		to   string
	}{{emailForm(smtpForm), "mara@northwind.example"}, {smsForm, "+12025550101"}} {
		if _, err := w.SaveDraft(t.Context(), w.boss, c.form); err != nil {
			t.Fatal(err)
		}
		if err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: c.form.Channel}, c.to); err != nil {
			t.Fatal(err)
		}
	}
	email, text := w.post.emails[0], w.post.texts[0]
	for _, said := range []string{email.Subject + "\n" + email.Text, text.Text} {
		if strings.Contains(said, "sign") || strings.Contains(said, "password") || !strings.Contains(strings.ToLower(said), "test") {
			t.Errorf("the test message says %q", said)
		}
	}
	if host, code, ok := bound(text.Text); !ok || host != "login.northwind.example" || !strings.HasPrefix(text.Text, code+" is the test code for ") {
		t.Errorf("not bound: %q", text.Text)
	}
}

// Each wrong code typed back is an event of its own, also where the browser has gone before the answer.
func TestWrongCodesTypedBackAreEvents(t *testing.T) {
	for channel, c := range map[sallyport.Channel]struct {
		form delivery.Form
		to   string
	}{sallyport.ChannelEmail: {emailForm(smtpForm), "mara@northwind.example"}, sallyport.ChannelSMS: {smsForm, "+12025550101"}} {
		w := newWorld(t)
		if _, err := w.SaveDraft(t.Context(), w.boss, c.form); err != nil {
			t.Fatal(err)
		}
		if err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: channel}, c.to); err != nil {
			t.Fatal(err)
		}
		code := w.lastCode(t)
		hungUp, hangUp := context.WithCancel(t.Context())
		hangUp()
		for _, ctx := range []context.Context{t.Context(), hungUp} {
			if err := w.ConfirmTest(ctx, w.boss, channel, not(code)); fieldNames(err) != "code" {
				t.Errorf("got %v", err)
			}
		}
		_, all := w.events(t)
		tested := string(channel) + ".settings.tested"
		for i, reason := range []string{"try 2 of 3", "try 1 of 3"} {
			if e := all[i]; e.Type != tested || e.Outcome != "wrong" || e.Reason != reason || e.Actor != w.boss.ID || e.After["to"] != c.to {
				t.Errorf("%s: %+v", channel, e)
			}
		}
		if e := all[2]; len(all) != 4 || e.Type != tested || e.Outcome != "ok" {
			t.Errorf("%d events, and the sending is %+v", len(all), e)
		}
	}
}

func TestThreeWrongCodesEndTheTest(t *testing.T) {
	w := newWorld(t)
	if _, err := w.SaveDraft(t.Context(), w.boss, emailForm(smtpForm)); err != nil {
		t.Fatal(err)
	}
	if err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, "mara@northwind.example"); err != nil {
		t.Fatal(err)
	}
	code := w.lastCode(t)
	for range 3 {
		if err := w.ConfirmTest(t.Context(), w.boss, sallyport.ChannelEmail, not(code)); fieldNames(err) != "code" {
			t.Errorf("got %v", err)
		}
	}
	wantCode(t, w.ConfirmTest(t.Context(), w.boss, sallyport.ChannelEmail, code), "test_over")
}

func TestTestRunsOutAndDoesNotOutliveTheDraft(t *testing.T) {
	w := newWorld(t)
	test := func() string {
		t.Helper()
		if err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, "mara@northwind.example"); err != nil {
			t.Fatal(err)
		}
		return w.lastCode(t)
	}
	save := func(form map[string]string) {
		t.Helper()
		if _, err := w.SaveDraft(t.Context(), w.boss, emailForm(form)); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, "mara@northwind.example"), "no_settings")
	save(smtpForm)
	code := test()
	w.clock.Add(10 * time.Minute)
	wantCode(t, w.ConfirmTest(t.Context(), w.boss, sallyport.ChannelEmail, code), "test_over")
	code = test()
	save(with(smtpForm, "sender", "other@northwind.example"))
	wantCode(t, w.ConfirmTest(t.Context(), w.boss, sallyport.ChannelEmail, code), "test_over")
	first := test()
	second := test()
	if first != second { // one in a million
		if err := w.ConfirmTest(t.Context(), w.boss, sallyport.ChannelEmail, first); fieldNames(err) != "code" {
			t.Errorf("the older code: %v", err)
		}
	}
	if err := w.DiscardDraft(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.ConfirmTest(t.Context(), w.boss, sallyport.ChannelEmail, second), "test_over")
	wantCode(t, w.DiscardDraft(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}), "not_found")
	if types, _ := w.events(t); types[len(types)-1] != "email.settings.discarded" || types[len(types)-2] == "email.settings.discarded" {
		t.Errorf("events are %v", types)
	}
}

// D11.1: a test that began while the clock was ahead is over when that is set right, and does not begin again when its time comes.
func TestD11_1(t *testing.T) {
	w := newWorld(t)
	if _, err := w.SaveDraft(t.Context(), w.boss, emailForm(smtpForm)); err != nil {
		t.Fatal(err)
	}
	const year = 365 * 24 * time.Hour
	begun := func() string {
		t.Helper()
		w.boss.ProvedAt = w.clock.Now()
		if err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, "mara@northwind.example"); err != nil {
			t.Fatal(err)
		}
		return w.lastCode(t)
	}
	over := func(code string) {
		t.Helper()
		w.boss.ProvedAt = w.clock.Now()
		wantCode(t, w.ConfirmTest(t.Context(), w.boss, sallyport.ChannelEmail, code), "test_over")
	}
	w.clock.Add(year)
	code := begun()
	w.clock.Add(-year)
	w.write(t, func(tx *store.Tx) error { _, err := tx.ClockSetBack(t.Context()); return err })
	over(code)
	w.clock.Add(year)
	over(code)
	if err := w.ConfirmTest(t.Context(), w.boss, sallyport.ChannelEmail, begun()); err != nil {
		t.Errorf("a new one: %v", err)
	}
}

// D8.7, D8.8: what is in use goes on until a draft is proved, and a failed test says so.
func TestD8_7_FailedTest(t *testing.T) {
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	if _, err := w.SaveDraft(t.Context(), w.boss, emailForm(with(smtpForm, "host", "other.northwind.example"))); err != nil {
		t.Fatal(err)
	}
	w.post.fail = func() error {
		return &sallyport.SendError{Outcome: sallyport.NotSent, Code: "auth", Hint: "The mail server refused the password.", Cause: errors.New("535")}
	}
	err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, "mara@northwind.example")
	if sallyport.KindOf(err) != sallyport.Unavailable || !strings.Contains(err.Error(), "refused the password") {
		t.Errorf("got %v", err)
	}
	w.post.fail = func() error { return down } // away, or never the right place: who made the settings is told of both
	err = w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, "mara@northwind.example")
	if sallyport.KindOf(err) != sallyport.Unavailable || !strings.Contains(err.Error(), "It is down. If that goes on, the address, the port or the TLS mode") {
		t.Errorf("got %v", err)
	}
	w.post.fail = nil
	v, err := w.Settings(t.Context(), w.boss, sallyport.ChannelEmail)
	if err != nil || v.Live.Settings["host"] != "mail.northwind.example" || v.Test.State != sallyport.Failed || !strings.Contains(v.Test.Detail, "the port") {
		t.Fatalf("%+v, %v", v, err)
	}
	if err := w.SendCode(t.Context(), delivery.CodeMessage{Channel: sallyport.MethodEmail, To: "dana@northwind.example", Code: "004217", Life: time.Minute}); err != nil {
		t.Error(err)
	}
}

func TestSecretsAreKeptUntilTheOtherSideChanges(t *testing.T) {
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	if _, err := w.SaveDraft(t.Context(), w.boss, emailForm(with(smtpForm, "password", "", "sender_name", "Door"))); err != nil {
		t.Fatal(err)
	}
	if err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, "mara@northwind.example"); err != nil || w.post.secrets["password"] != smtpForm["password"] {
		t.Fatalf("the password was lost: %v", err)
	}
	for _, change := range [][]string{{"host", "evil.example.com"}, {"port", "2525"}, {"tls", "implicit"}} {
		_, err := w.SaveDraft(t.Context(), w.boss, emailForm(with(smtpForm, append([]string{"password", ""}, change...)...)))
		if fieldNames(err) != "password" {
			t.Errorf("%v: %v", change, err)
		}
	}
	http := delivery.Form{Channel: sallyport.ChannelSMS, Kind: sallyport.GatewayHTTP, Values: map[string]string{
		"url": "https://sms.example.com/send", "headers": "Authorization: Bearer hunter2", "body": "to={to}\ntext={text}"}}
	if _, err := w.SaveDraft(t.Context(), w.boss, http); err != nil {
		t.Fatal(err)
	}
	http.Values = with(http.Values, "headers", "", "url", "https://evil.example.com/send")
	saved, err := w.SaveDraft(t.Context(), w.boss, http)
	if err != nil || !slices.Equal(saved.Cleared, []string{"Headers"}) || len(saved.Draft.SecretsSet) != 0 {
		t.Errorf("%+v, %v", saved, err)
	}
}

// A key that the gateway wants in the body stands neither in the template, nor on a page, nor in an event, and goes when
// the address changes.
func TestSecretOfTheBody(t *testing.T) {
	w := newWorld(t)
	form := delivery.Form{Channel: sallyport.ChannelSMS, Kind: sallyport.GatewayHTTP, Values: map[string]string{
		"url": "https://sms.example.com/send", "body": "to={to}\ntext={text}\napi_secret={secret}"}}
	if _, err := w.SaveDraft(t.Context(), w.boss, form); fieldNames(err) != "secret" {
		t.Errorf("without it: %v", err)
	}
	form.Values["secret"] = "hunter2hunter2"
	saved, err := w.SaveDraft(t.Context(), w.boss, form)
	if err != nil || !slices.Equal(saved.Draft.SecretsSet, []string{"secret"}) {
		t.Fatalf("%+v, %v", saved, err)
	}
	_, all := w.events(t)
	for _, shown := range []map[string]string{saved.Draft.Settings, all[0].After} {
		for name, v := range shown {
			if strings.Contains(v, "hunter2") {
				t.Errorf("%s tells %q", name, v)
			}
		}
	}
	form.Values = with(form.Values, "secret", "", "url", "https://evil.example.com/send")
	if _, err := w.SaveDraft(t.Context(), w.boss, form); fieldNames(err) != "secret" {
		t.Errorf("at another address: %v", err)
	}
}

// D10.11: what a Super Admin had begun when he was signed out does not happen to a gateway, however fresh his last proof was when
// his request arrived.
func TestD10_11(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	acts := func(actor sallyport.Actor) map[string]error {
		_, draft := w.SaveDraft(ctx, actor, emailForm(smtpForm))
		_, look := w.Settings(ctx, actor, sallyport.ChannelEmail)
		return map[string]error{"draft": draft, "look": look, "test": w.Test(ctx, actor, delivery.Seen{Channel: sallyport.ChannelEmail}, "mara@northwind.example"),
			"confirm": w.ConfirmTest(ctx, actor, sallyport.ChannelEmail, w.lastCode(t)), "discard": w.DiscardDraft(ctx, actor, delivery.Seen{Channel: sallyport.ChannelEmail}),
			"remove": w.Remove(ctx, actor, delivery.Seen{Channel: sallyport.ChannelEmail})}
	}
	for name, end := range map[string]func(*store.Tx, sallyport.Actor) error{
		"signed out": func(tx *store.Tx, a sallyport.Actor) error {
			if err := tx.Hold(ctx, a.ID); err != nil {
				return err
			}
			_, err := tx.EndSession(ctx, a.Session, sallyport.EndedByOwner)
			return err
		},
		"changed": func(tx *store.Tx, a sallyport.Actor) error {
			_, err := tx.Raise(ctx, a.ID, sallyport.EndedByAdmin)
			return err
		},
	} {
		boss := w.session(t, w.boss)
		if _, err := w.SaveDraft(ctx, boss, emailForm(smtpForm)); err != nil {
			t.Fatal(err)
		}
		if err := w.Test(ctx, boss, delivery.Seen{Channel: sallyport.ChannelEmail}, "mara@northwind.example"); err != nil {
			t.Fatal(err)
		}
		w.write(t, func(tx *store.Tx) error { return end(tx, boss) })
		for what, err := range acts(boss) {
			if sallyport.CodeOf(err) != "unauthorized" {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
	other := w.session(t, w.admin)
	other.ID = w.boss.ID
	for what, err := range acts(other) {
		if sallyport.CodeOf(err) != "unauthorized" {
			t.Errorf("through somebody else's session, %s: %v", what, err)
		}
	}
}

func TestWhoMayChangeGateways(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	late := w.boss
	late.ProvedAt = w.clock.Now().Add(-16 * time.Minute)
	gone := sallyport.Actor{Kind: sallyport.ActorTechnician, ID: "nobody", ProvedAt: w.clock.Now()}
	for name, c := range map[string]struct {
		actor sallyport.Actor
		code  string
	}{"admin": {w.admin, "forbidden"}, "not signed in": {sallyport.Actor{Kind: sallyport.ActorNobody}, "forbidden"}, "deleted": {gone, "unauthorized"}, "old proof": {late, "step_up"}} {
		_, err := w.SaveDraft(ctx, c.actor, emailForm(smtpForm))
		for what, err := range map[string]error{
			"draft": err, "test": w.Test(ctx, c.actor, delivery.Seen{Channel: sallyport.ChannelEmail}, "mara@northwind.example"),
			"confirm": w.ConfirmTest(ctx, c.actor, sallyport.ChannelEmail, "123456"),
			"discard": w.DiscardDraft(ctx, c.actor, delivery.Seen{Channel: sallyport.ChannelEmail}), "remove": w.Remove(ctx, c.actor, delivery.Seen{Channel: sallyport.ChannelEmail}),
		} {
			if sallyport.CodeOf(err) != c.code {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
	_, err := w.Settings(ctx, w.admin, sallyport.ChannelSMS)
	wantCode(t, err, "forbidden")
	if _, err := w.Settings(ctx, late, sallyport.ChannelSMS); err != nil {
		t.Errorf("looking needs no fresh proof: %v", err)
	}
	if _, err := w.SaveDraft(ctx, sallyport.Actor{Kind: sallyport.ActorHost, Name: "uid 0 (root)"}, emailForm(smtpForm)); err != nil {
		t.Errorf("the host may: %v", err)
	}
	types, all := w.events(t) // of five acts of each who may not; who is not signed in, or has to prove himself again, leaves none
	if !slices.Equal(types, append(slices.Repeat([]string{"save.refused"}, 10), "email.settings.draft")) {
		t.Errorf("events are %v", types)
	}
	for _, e := range all[1:] {
		if e.Reason != "forbidden" || e.Outcome != "refused" || e.After["channel"] != "email" || e.Actor != "" && e.Actor != w.admin.ID {
			t.Errorf("event %+v", e)
		}
	}
}

func TestRemoveNamesWhoNeedsIt(t *testing.T) {
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	dana := w.technician(t, "dana", sallyport.ReadOnlyTechnician, sallyport.MethodEmail)
	err := w.Remove(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail})
	if sallyport.CodeOf(err) != "gateway_needed" || !strings.Contains(err.Error(), "dana") {
		t.Errorf("got %v", err)
	}
	if !w.Ready(t.Context(), sallyport.ChannelEmail) {
		t.Error("removed all the same")
	}
	w.write(t, func(tx *store.Tx) error {
		d, err := tx.Technician(t.Context(), dana.ID)
		if err != nil {
			return err
		}
		d.Method = sallyport.MethodApp
		return tx.UpdateTechnician(t.Context(), d)
	})
	if err := w.Remove(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}); err != nil || w.Ready(t.Context(), sallyport.ChannelEmail) {
		t.Errorf("not removed: %v", err)
	}
	wantCode(t, w.Remove(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}), "not_found")
	types, all := w.events(t)
	if n := len(types); types[n-1] != "email.settings.removed" || types[n-2] == types[n-1] || all[0].Actor != w.boss.ID {
		t.Errorf("events are %v, the last %+v", types, all[0])
	}
}

// D8.6, D8.9, D8.10: what is wrong with a form is said at its field, and nothing is stored.
func TestD8_9_Forms(t *testing.T) {
	w := newWorld(t)
	sms := func(kind sallyport.GatewayKind, values ...string) delivery.Form {
		base := map[sallyport.GatewayKind]map[string]string{
			sallyport.GatewayHTTP:   {"url": "https://sms.example.com/send", "body": "to={to}\ntext={text}"},
			sallyport.GatewayTwilio: {"account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": "x", "from": "+15550001111"},
			sallyport.GatewayVonage: {"api_key": "0123abcd", "api_secret": "x", "from": "Northwind"},
			sallyport.GatewayKannel: {"url": "http://10.7.1.1:13013/cgi-bin/sendsms", "user": "u", "password": "p", "from": "Northwind"},
		}[kind]
		return delivery.Form{Channel: sallyport.ChannelSMS, Kind: kind, Values: with(base, values...)}
	}
	mail := func(values ...string) delivery.Form { return emailForm(with(smtpForm, values...)) }
	for _, c := range []struct {
		form   delivery.Form
		fields string
	}{
		{mail(), ""}, {mail("host", "mail.northwind.example."), ""}, {mail("host", "1.1.1.1"), ""}, {mail("host", "[2606:4700::1111]"), ""},
		{mail("host", "10.7.1.1", "tls", "none", "user", "", "password", ""), ""},
		{mail("host", ""), "host"}, {mail("host", "127.0.0.1"), "host"}, {mail("host", "::1"), "host"}, {mail("host", "::ffff:127.0.0.1"), "host"},
		{mail("host", "2130706433"), "host"}, {mail("host", "0x7f000001"), "host"}, {mail("host", "0177.0.0.1"), "host"}, {mail("host", "127.1"), "host"},
		{mail("host", "169.254.169.254"), "host"}, {mail("host", "a b"), "host"}, {mail("host", "a\r\nb"), "host"}, {mail("host", "2606:4700::1%a\r\nb"), "host"}, {mail("host", "2606:4700::1%"+strings.Repeat("a", 1000)), "host"}, {mail("host", "/run/x.sock"), "host"},
		{mail("host", "10.8.0.1", "tls", "none", "user", ""), "host"}, {mail("host", "1.1.1.1", "tls", "none", "user", ""), "tls"}, {mail("tls", "none"), "user"},
		{mail("port", "22"), "port"}, {mail("port", "0"), "port"}, {mail("port", "65536"), "port"}, {mail("port", "-1"), "port"}, {mail("port", "9223372036854775808"), "port"}, {mail("port", "1e3"), "port"}, {mail("port", "+25"), "port"},
		{mail("tls", "opportunistic"), "tls"}, {mail("sender", "a@x.example\r\nBcc: b"), "sender"}, {mail("sender", "a@x.example,b@x.example"), "sender"},
		{mail("sender", "Dana <a@x.example>"), "sender"}, {mail("sender", ""), "sender"}, {mail("sender_name", "a\r\nb"), "sender_name"}, {mail("password", ""), "password"}, {mail("user", "a\x00b"), "user"},
		{mail("host", "", "port", "x", "sender", "y"), "host port sender"},
		{sms(sallyport.GatewayHTTP), ""}, {sms(sallyport.GatewayHTTP, "url", "http://10.7.3.4:8080/sms"), ""},
		{sms(sallyport.GatewayHTTP, "url", "http://sms.example.com/"), ""}, // judged by its address when it is dialled
		{sms(sallyport.GatewayHTTP, "url", "http://127.0.0.1/"), "url"}, {sms(sallyport.GatewayHTTP, "url", "http://1.1.1.1/"), "url"}, {sms(sallyport.GatewayHTTP, "url", "https://[::1]/"), "url"},
		{sms(sallyport.GatewayHTTP, "url", "https://[::ffff:127.0.0.1]/"), "url"}, {sms(sallyport.GatewayHTTP, "url", "https://0x7f.0.0.1/"), "url"}, {sms(sallyport.GatewayHTTP, "url", "https://2130706433/"), "url"},
		{sms(sallyport.GatewayHTTP, "url", "file:///etc/passwd"), "url"}, {sms(sallyport.GatewayHTTP, "url", "gopher://x.example/"), "url"}, {sms(sallyport.GatewayHTTP, "url", "unix:///run/x"), "url"},
		{sms(sallyport.GatewayHTTP, "url", "https://user:pass@x.example/"), "url"}, {sms(sallyport.GatewayHTTP, "url", "https://x.example:22/"), "url"}, {sms(sallyport.GatewayHTTP, "url", "https://x.example/#a"), "url"},
		{sms(sallyport.GatewayHTTP, "url", "https://x.example/?t={text}"), "url"}, {sms(sallyport.GatewayHTTP, "url", "//x.example"), "url"}, {sms(sallyport.GatewayHTTP, "url", "https://"), "url"},
		{sms(sallyport.GatewayHTTP, "method", "GET"), "method"}, {sms(sallyport.GatewayHTTP, "headers", "Host: x"), "headers"}, {sms(sallyport.GatewayHTTP, "headers", "no header"), "headers"},
		{sms(sallyport.GatewayHTTP, "headers", "X-A: 1\r\nX-B: 2\r\n"), ""}, {sms(sallyport.GatewayHTTP, "headers", "X-A: 1\x00"), "headers"},
		{sms(sallyport.GatewayHTTP, "body", "to={to}\ntext={{.}}"), "body"}, {sms(sallyport.GatewayHTTP, "body", "to={to}\ntext={text}\nx={{call .}}"), "body"},
		{sms(sallyport.GatewayHTTP, "body", "to={to}\ntext={text}\nx=${jndi:x}"), "body"}, {sms(sallyport.GatewayHTTP, "body", "to={to}\ntext={text}\nx={code}"), "body"},
		{sms(sallyport.GatewayHTTP, "body", "to={to}\ntext={text}\nx=%s%n"), ""}, {sms(sallyport.GatewayHTTP, "body", "to={to}"), "body"}, {sms(sallyport.GatewayHTTP, "body", "to={to}\n{text}"), "body"},
		{sms(sallyport.GatewayHTTP, "body", strings.Repeat("x", 1<<20)), "body"}, {sms(sallyport.GatewayHTTP, "format", "json", "body", `{"to": {to}, "text": {text}}`), "body"},
		{sms(sallyport.GatewayHTTP, "format", "json", "body", `{"to": "{to}", "text": "{text}"}`), ""},
		{sms(sallyport.GatewayTwilio), ""}, {sms(sallyport.GatewayTwilio, "account_sid", "AC1"), "account_sid"}, {sms(sallyport.GatewayTwilio, "auth_token", ""), "auth_token"},
		{sms(sallyport.GatewayTwilio, "from", ""), "from"}, {sms(sallyport.GatewayTwilio, "service", "MG0123456789abcdef0123456789abcdef"), "from"}, {sms(sallyport.GatewayTwilio, "url", "http://127.0.0.1:1/x"), "url"},
		{sms(sallyport.GatewayVonage), ""}, {sms(sallyport.GatewayVonage, "api_key", "a&b"), "api_key"}, {sms(sallyport.GatewayVonage, "api_secret", ""), "api_secret"},
		{sms(sallyport.GatewayVonage, "from", ""), "from"}, {sms(sallyport.GatewayVonage, "url", "https://rest.nexmo.com/sms/json"), "url"}, {sms(sallyport.GatewayVonage, "url", "http://127.0.0.1:1"), "url"},
		{sms(sallyport.GatewayKannel), ""}, {sms(sallyport.GatewayKannel, "url", "http://10.8.1.1:13013/cgi-bin/sendsms"), "url"}, {sms(sallyport.GatewayKannel, "from", "way too long a name"), "from"},
		{delivery.Form{Channel: sallyport.ChannelSMS, Kind: "carrier pigeon"}, "kind"}, {delivery.Form{Channel: sallyport.ChannelEmail, Kind: sallyport.GatewayTwilio}, "kind"},
	} {
		_, err := w.SaveDraft(t.Context(), w.boss, c.form)
		if got := fieldNames(err); got != c.fields || c.fields == "" && err != nil {
			t.Errorf("%s %v: fields %q, want %q (%v)", c.form.Kind, c.form.Values, got, c.fields, err)
		}
		if c.fields == "" {
			if err := w.DiscardDraft(t.Context(), w.boss, delivery.Seen{Channel: c.form.Channel}); err != nil {
				t.Error(err)
			}
		}
	}
	if err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, " dana@bücher.example "); sallyport.CodeOf(err) != "no_settings" {
		t.Errorf("a mailbox as a technician may have it: %v", err)
	}
	for _, to := range []string{"", "a@x>\r\nDATA", "\"a\r\nBcc: b\"@x", "a@x.example, b@x.example", "Dana <a@x.example>", "a", strings.Repeat("a", 300) + "@x.example"} {
		if err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, to); fieldNames(err) != "email" && fieldNames(err) != "to" {
			t.Errorf("%q: %v", to, err)
		}
	}
}

// TestRightCodeThatCameTooLate: what happens between the count of a right code and its use counts. Settings are put in use by
// nobody who may not any more, and by no code but that of the newest test.
func TestRightCodeThatCameTooLate(t *testing.T) {
	for want, meanwhile := range map[string]func(*world) error{
		"forbidden": func(w *world) error {
			return w.db.Write(t.Context(), func(tx *store.Tx) error {
				boss, err := tx.Technician(t.Context(), w.boss.ID)
				if err != nil {
					return err
				}
				boss.Role = sallyport.Admin
				return tx.UpdateTechnician(t.Context(), boss)
			})
		},
		"test_stale": func(w *world) error {
			return w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, "ivo@northwind.example")
		},
	} {
		w := newWorld(t)
		if _, err := w.SaveDraft(t.Context(), w.boss, emailForm(smtpForm)); err != nil {
			t.Fatal(err)
		}
		if err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, "mara@northwind.example"); err != nil {
			t.Fatal(err)
		}
		code := w.lastCode(t)
		then := func() {
			if err := meanwhile(w); err != nil {
				t.Error(err)
			}
		}
		w.after.Store(&then)
		wantCode(t, w.ConfirmTest(t.Context(), w.boss, sallyport.ChannelEmail, code), want)
		if v, err := w.Settings(t.Context(), sallyport.Actor{Kind: sallyport.ActorHost}, sallyport.ChannelEmail); err != nil || v.Live != nil {
			t.Errorf("%s: in use all the same, %v", want, err)
		}
	}
}
