package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sallyport"
	"sallyport/internal/delivery"
	"sallyport/internal/store"
)

var smsForm = delivery.Form{Channel: sallyport.ChannelSMS, Kind: sallyport.GatewayHTTP, Values: map[string]string{
	"url": "https://sms.example.com/send", "body": "to={to}\ntext={text}"}}

// bound reads a text message as the WICG's "SMS one-time codes" does (section "Parsing"): only the last line counts.
func bound(text string) (host, code string, ok bool) {
	last := text[strings.LastIndexAny(text, "\n")+1:]
	m := regexp.MustCompile(`^@([^ \t#@]+) #([^ \t#@]+)$`).FindStringSubmatch(last)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// C12, F14: whatever the organisation is called, one text message of the GSM alphabet ends in the bound code.
func TestTextMessages(t *testing.T) {
	w := newWorld(t)
	w.prove(t, smsForm, "+12025550101")
	for _, organisation := range []string{"Northwind IT", "", "Ünïcødé 株式会社", strings.Repeat("Long Name ", 8), "a\nb\n@evil.example #000000", "@x #1", "€€€"} {
		for _, host := range []string{"login.northwind.example", "localhost", strings.Repeat("very-long-label.", 5) + "example.com", "LOGIN.Example"} {
			for _, life := range []time.Duration{3 * time.Minute, 10 * time.Minute, time.Minute} {
				err := w.SendCode(t.Context(), delivery.CodeMessage{Channel: sallyport.MethodText, To: "+12025550101", Code: "004217", Life: life, Organisation: organisation, Host: host})
				if err != nil {
					t.Fatal(err)
				}
				sent := w.post.texts[len(w.post.texts)-1]
				text := sent.Text
				if !sent.GSM {
					t.Errorf("%q: the gateway is not told that it is in the GSM alphabet", text)
				}
				h, c, ok := bound(text)
				if !ok || h != strings.ToLower(host) || c != "004217" {
					t.Errorf("%q: bound to %q, %q", text, h, c)
				}
				if n := len([]rune(text)); n > 160 || strings.ContainsFunc(text, func(r rune) bool { return r > 0xff && r != '€' }) {
					t.Errorf("%q has %d characters or leaves the alphabet", text, n)
				}
				if lines := strings.Split(text, "\n"); len(lines) != 3 || lines[1] != "" {
					t.Errorf("%q: not text, blank line, code", text)
				}
			}
		}
	}
	first := w.post.texts[1].Text
	if want := "004217 is your Northwind IT sign-in code. Valid 3 minutes. Never share it.\n\n@login.northwind.example #004217"; first != want {
		t.Errorf("got %q", first)
	}
}

// F15, D8.11: the code alone on a line, not in the subject, and nothing to click.
func TestCodeEmail(t *testing.T) {
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	err := w.SendCode(t.Context(), delivery.CodeMessage{Channel: sallyport.MethodEmail, To: "dana@northwind.example", Code: "004217", Life: 3 * time.Minute,
		Organisation: "Northwind\r\nBcc: x <b>"})
	if err != nil {
		t.Fatal(err)
	}
	m := w.post.emails[len(w.post.emails)-1]
	if strings.Contains(m.Subject, "004217") || strings.ContainsAny(m.Subject, "\r\n") || m.ID == "" || strings.Contains(m.ID, "004217") {
		t.Errorf("subject %q, ID %q", m.Subject, m.ID)
	}
	if !slices.Contains(strings.Split(m.Text, "\n"), "004217") || strings.Contains(m.Text, "://") || !strings.Contains(m.Text, "3 minutes") || strings.Count(m.Text, "004217") != 1 {
		t.Errorf("text %q", m.Text)
	}
}

func TestCodesNeedAProvedWayOut(t *testing.T) {
	w := newWorld(t)
	check := func(code string, outcome sallyport.SendOutcome) {
		t.Helper()
		err := w.SendCode(t.Context(), delivery.CodeMessage{Channel: sallyport.MethodEmail, To: "dana@northwind.example", Code: "004217", Life: time.Minute})
		var e *sallyport.SendError
		if !errors.As(err, &e) || e.Code != code || e.Outcome != outcome || e.Hint == "" {
			t.Errorf("got %#v", err)
		}
	}
	check("not_set_up", sallyport.NotSent)
	if _, err := w.SaveDraft(t.Context(), w.boss, emailForm(smtpForm)); err != nil {
		t.Fatal(err)
	}
	check("not_set_up", sallyport.NotSent)
	live := func(proved time.Time) {
		w.write(t, func(tx *store.Tx) error {
			return tx.PutGateway(t.Context(), sallyport.Gateway{Channel: sallyport.ChannelEmail, Slot: "live", Kind: sallyport.GatewaySMTP,
				Settings: smtpForm, Sealed: []byte("sealed with another key, long enough to be looked at all the same"), ProvedAt: proved})
		})
	}
	live(time.Time{})
	check("not_set_up", sallyport.NotSent)
	live(w.clock.Now())
	check("settings", sallyport.NotSent)
	w.write(t, func(tx *store.Tx) error { return tx.DeleteGateway(t.Context(), "email", "live") })
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	w.post.fail = func() error { return errors.New("anything") }
	check("protocol", sallyport.MaybeSent)
}

// D8.7: a gateway that keeps to no limit is left behind after 15 seconds.
func TestD8_7_SendEndsInTime(t *testing.T) {
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	w.post.hold = make(chan struct{})
	stuck := delivery.New(delivery.Options{Store: fixed{}, Keys: nil, SendWithin: 15 * time.Second,
		BuildEmail: func(sallyport.Gateway, map[string]string) (delivery.EmailSender, error) { return w.post, nil }})
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		w.post.hold = hold
		begin := time.Now()
		err := stuck.SendCode(t.Context(), delivery.CodeMessage{Channel: sallyport.MethodEmail, To: "dana@northwind.example", Code: "004217", Life: time.Minute})
		var e *sallyport.SendError
		if took := time.Since(begin); !errors.As(err, &e) || e.Outcome != sallyport.MaybeSent || e.Code != "timeout" || took > 16*time.Second || took < 15*time.Second {
			t.Errorf("after %s: %v", took, err)
		}
		close(hold)
	})
}

// fixed is a store with one proved gateway in it and nothing else.
type fixed struct{ delivery.Tx }

func (f fixed) Read(_ context.Context, fn func(delivery.Tx) error) error  { return fn(f) }
func (f fixed) Write(_ context.Context, fn func(delivery.Tx) error) error { return fn(f) }
func (fixed) Gateway(context.Context, string, string) (*sallyport.Gateway, error) {
	return &sallyport.Gateway{Channel: sallyport.ChannelEmail, Kind: sallyport.GatewaySMTP, ProvedAt: time.Unix(1, 0)}, nil
}

func (w *world) put(t *testing.T, kind delivery.NoticeKind, data delivery.NoticeData) sallyport.OutboxMessage {
	t.Helper()
	m, err := w.Compose(kind, "dana@northwind.example", data)
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, func(tx *store.Tx) error { return tx.InsertOutbox(t.Context(), m) })
	return m
}

var invitation = delivery.NoticeData{Organisation: "Northwind IT", Name: "Dana Reyes", UserName: "dana", By: "Mara Voss",
	Link: "https://login.northwind.example/invitation#AAAA", Until: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)}

// run starts the worker and returns what stops it and waits for that.
func (w *world) run(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { w.Run(ctx); close(done) }()
	return func() { cancel(); <-done }
}

func (w *world) outbox(t *testing.T) (m sallyport.OutboxMessage) {
	t.Helper()
	w.write(t, func(tx *store.Tx) error {
		due, err := tx.DueOutbox(t.Context(), 10)
		if len(due) == 1 {
			m = due[0]
		} else if len(due) > 1 {
			return fmt.Errorf("%d messages are due", len(due))
		}
		return err
	})
	return m
}

func TestOutboxIsSealedSentAndErased(t *testing.T) {
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	m := w.put(t, delivery.NoticeInvitation, invitation)
	if strings.Contains(string(m.Sealed), "AAAA") || strings.Contains(string(m.Sealed), "Dana") || !m.ExpiresAt.Equal(invitation.Until) {
		t.Errorf("not sealed, or for how long: %+v", m)
	}
	w.post.arrived = make(chan struct{}, 1)
	stop := w.run(t)
	<-w.post.arrived
	stop()
	got := w.post.emails[len(w.post.emails)-1]
	if got.ID != m.ID || got.To != "dana@northwind.example" || !strings.Contains(got.Text, invitation.Link) || !strings.Contains(got.Text, "Dana Reyes") {
		t.Errorf("sent %+v", got)
	}
	if left := w.outbox(t); left.ID != "" {
		t.Errorf("still there: %+v", left)
	}
}

func TestOutboxWaitsForEmailSettings(t *testing.T) {
	w := newWorld(t)
	w.put(t, delivery.NoticePassword, delivery.NoticeData{Organisation: "Northwind IT"})
	stop := w.run(t)
	w.Wake()
	if _, err := w.SaveDraft(t.Context(), w.boss, emailForm(smtpForm)); err != nil {
		t.Fatal(err)
	}
	if err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, "mara@northwind.example"); err != nil {
		t.Fatal(err)
	}
	w.post.mu.Lock()
	w.post.arrived = make(chan struct{}, 1)
	w.post.mu.Unlock()
	if err := w.ConfirmTest(t.Context(), w.boss, sallyport.ChannelEmail, w.lastCode(t)); err != nil {
		t.Fatal(err)
	}
	<-w.post.arrived // woken by the proof
	stop()
	if got := w.post.emails[len(w.post.emails)-1].Subject; got != "Your password was changed" {
		t.Errorf("sent %q", got)
	}
}

// A failure is tried again under the same ID, later each time; a refused mailbox or the end of its time drops it with
// an event.
func TestOutboxTriesAgain(t *testing.T) {
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	failed := make(chan struct{}, 1)
	answer := &sallyport.SendError{Outcome: sallyport.NotSent, Code: "unreachable", Hint: "It is down.", Cause: net.ErrClosed}
	w.post.fail = func() error { failed <- struct{}{}; return answer }
	m := w.put(t, delivery.NoticePassword, delivery.NoticeData{})
	for _, pause := range []time.Duration{10 * time.Second, 30 * time.Second} {
		stop := w.run(t)
		<-failed
		stop()
		if early := w.outbox(t); early.ID != "" {
			t.Errorf("due again at once: %+v", early)
		}
		w.clock.Add(pause - time.Second)
		if early := w.outbox(t); early.ID != "" {
			t.Errorf("due too early: %+v", early)
		}
		w.clock.Add(time.Second)
		if again := w.outbox(t); again.ID != m.ID || !strings.Contains(again.LastError, "unreachable") {
			t.Errorf("not due: %+v", again)
		}
		if v, err := w.Settings(t.Context(), w.boss, sallyport.ChannelEmail); err != nil || v.Waiting != 1 || v.Why != "It is down." {
			t.Errorf("%d wait, %q, %v", v.Waiting, v.Why, err)
		}
	}
	answer = &sallyport.SendError{Outcome: sallyport.NotSent, Permanent: true, Code: "bad_address", Hint: "No such mailbox.", Cause: net.ErrClosed}
	stop := w.run(t)
	<-failed
	stop()
	w.clock.Add(24 * time.Hour)
	if left := w.outbox(t); left.ID != "" {
		t.Errorf("still there: %+v", left)
	}
	if v, err := w.Settings(t.Context(), w.boss, sallyport.ChannelEmail); err != nil || v.Waiting != 0 {
		t.Errorf("%d wait, %v", v.Waiting, err)
	}
	types, all := w.events(t)
	if types[len(types)-1] != "delivery.failed" || all[0].Outcome != "failed" || all[0].After["to"] != "dana@northwind.example" || all[0].ActorKind != sallyport.ActorSystem {
		t.Errorf("events %v, last %+v", types, all[0])
	}
	said := w.log.String()
	for _, want := range []string{"tries=1 again_in=10s error=", "tries=2 again_in=30s error=", "tries=3 again_in=never error=", "notice=" + string(delivery.NoticePassword), "(unreachable)"} {
		if strings.Count(said, "message not surely sent") != 3 || !strings.Contains(said, want) || strings.Contains(said, "dana@") {
			t.Errorf("logged %q, want %q", said, want)
		}
	}
	if n := w.Failures(); n != 3 {
		t.Errorf("%d failures counted", n)
	}
}

// What passes its end leaves one event, whether it waited for a way out that never came or nobody ran meanwhile: the
// sweep, which may come first, does not take it away unsaid, and nothing is sent too late.
func TestOutboxDropsWhatIsTooOld(t *testing.T) {
	for _, way := range []string{"without a way out", "with one"} {
		t.Run(way, func(t *testing.T) {
			w := newWorld(t)
			if way == "with one" {
				w.prove(t, emailForm(smtpForm), "mara@northwind.example")
			}
			m := w.put(t, delivery.NoticeInvitation, invitation)
			before, _ := w.events(t)
			sent := len(w.post.emails)
			w.clock.Set(invitation.Until.Add(8 * 24 * time.Hour))
			w.write(t, func(tx *store.Tx) error { _, err := tx.Sweep(t.Context(), false); return err })
			for range 2 { // a second start finds nothing more to say
				w.lookOnce(t)
				w.write(t, func(tx *store.Tx) error { _, err := tx.Sweep(t.Context(), false); return err })
			}
			types, all := w.events(t)
			if want := append(slices.Clone(before), "delivery.failed"); !slices.Equal(types, want) {
				t.Fatalf("events are %v, want %v", types, want)
			}
			if e := all[0]; e.Outcome != "failed" || e.After["to"] != m.To || e.After["message"] != m.Event || !strings.Contains(e.Reason, "before its time was over") {
				t.Errorf("the event says %+v", e)
			}
			if len(w.post.emails) != sent {
				t.Error("it was sent too late")
			}
			w.write(t, func(tx *store.Tx) error {
				if over, err := tx.ExpiredOutbox(t.Context(), 10); err != nil || len(over) != 0 {
					t.Errorf("still there: %+v, %v", over, err)
				}
				return nil
			})
		})
	}
}

// lookOnce lets the worker give up what is over, as when the server starts, and ends it again.
func (w *world) lookOnce(t *testing.T) {
	t.Helper()
	stop := w.run(t)
	defer stop()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		var over []sallyport.OutboxMessage
		err := w.db.Read(ctx, func(tx *store.Tx) (err error) { over, err = tx.ExpiredOutbox(ctx, 1); return err })
		if err != nil {
			t.Fatal(err)
		}
		if len(over) == 0 {
			return
		}
	}
	t.Fatal("it was not given up")
}

// Every kind has its text, whatever it is filled with, and no value brings a line of its own.
func TestNotices(t *testing.T) {
	w := newWorld(t)
	for _, kind := range []delivery.NoticeKind{delivery.NoticeInvitation, delivery.NoticeInvitationOff, delivery.NoticeReset, delivery.NoticeResetWaiting, delivery.NoticeResetAlone, delivery.NoticeResetToDecide,
		delivery.NoticeResetRefused, delivery.NoticeMethod, delivery.NoticeAccount, delivery.NoticeFactorReset, delivery.NoticeFactorSetUp,
		delivery.NoticeWrongCodes, delivery.NoticeCodesPaused, delivery.NoticeCodesPausedOf, delivery.NoticeFactorOff, delivery.NoticePassword, delivery.NoticeRecoveryUsed, delivery.NoticeRecoveryOff, delivery.NoticeRecoveryNew,
		delivery.NoticeSignedOut, delivery.NoticeHelp, delivery.NoticeRescue, delivery.NoticeSessionEnded, delivery.NoticeDeactivated} {
		for _, data := range []delivery.NoticeData{{}, invitation, {Name: "{{.Link}}", By: "x\r\nBcc: y", Method: sallyport.MethodApp, Left: 1, Address: "192.0.2.1", Browser: "Firefox", At: time.Unix(0, 0)}} {
			if _, err := w.Compose(kind, "dana@northwind.example", data); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
	if _, err := w.Compose("nonsense", "dana@northwind.example", invitation); err == nil {
		t.Error("a text that there is none of")
	}
	for _, to := range []string{"", "a@x>\r\nDATA", "a@x.example,b@x.example"} {
		if _, err := w.Compose(delivery.NoticePassword, to, invitation); sallyport.KindOf(err) != sallyport.Invalid {
			t.Errorf("%q: %v", to, err)
		}
	}
}
