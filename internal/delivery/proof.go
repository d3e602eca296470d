package delivery

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/factor"
	"sallyport/internal/identity"
	"sallyport/internal/policy"
)

const (
	testLife  = 10 * time.Minute
	testTries = 3
	// testPatience is how long Test waits for the result before it answers "on its way" (contract section 7).
	testPatience = 800 * time.Millisecond
)

// TestBucket is for one channel: its test messages, to whatever address or number. Whoever takes a Super Admin's session
// over sends no more than that.
var TestBucket = policy.Bucket{Every: 2 * time.Minute, Burst: 5}

// TestState is a test message whose code was not typed back yet.
type TestState struct {
	To        string
	State     sallyport.CodeState
	Detail    string // for Failed and Unclear: what happened and what to do
	TriesLeft int
	Until     time.Time
	Live      bool // it went through the settings in use, not through a draft
}

// test is what Meta keeps of it: the code only as a keyed hash.
type test struct {
	ID      string              `json:"id"`
	To      string              `json:"to"`
	Slot    string              `json:"slot"`
	Version int64               `json:"version"`
	Hash    []byte              `json:"hash"`
	Tries   int                 `json:"tries"` // used
	State   sallyport.CodeState `json:"state"`
	Detail  string              `json:"detail,omitempty"`
	At      time.Time           `json:"at"`
	Expires time.Time           `json:"expires"`
}

func testKey(channel sallyport.Channel) string { return "delivery.test." + string(channel) }

// Test sends a code to an address or number through the draft, or through what is in use where there is no draft, if that is what
// was seen. It waits for the result for 800 ms at most: nil means sent or still on its way, and Settings then says which. A failure
// that is known by then is an Unavailable error with what to do. TooMany says when the next one can be sent.
func (s *Service) Test(ctx context.Context, actor sallyport.Actor, seen Seen, to string) error {
	w, err := channelWords(seen.Channel)
	if err != nil {
		return err
	}
	by := act{actor, w, seen.Channel}
	m := CodeMessage{Life: testLife}
	if m.To, err = readTo(seen.Channel, to); err != nil {
		return s.noted(ctx, by, err)
	}
	if m.Code, err = randomCode(); err != nil {
		return err
	}
	g, t, settings, err := s.beginTest(ctx, by, seen, m)
	if err != nil {
		return err
	}
	m.Organisation = settings.Organisation
	result := make(chan error, 1)
	s.tests.Go(func() {
		ctx := context.WithoutCancel(ctx)
		err := s.sendTest(ctx, g, m)
		s.endTest(ctx, by, t, err)
		result <- err
	})
	patience := time.NewTimer(testPatience)
	defer patience.Stop()
	select {
	case err = <-result:
		return testAnswer(err)
	case <-patience.C:
		return nil
	}
}

func testAnswer(err error) error {
	var e *sallyport.SendError
	if errors.As(err, &e) && e.Outcome == sallyport.NotSent {
		return sallyport.E(sallyport.Unavailable, "send_failed", testHint(e)).Because(err)
	}
	return nil
}

// testHint is what happened and what to do, for whoever made the settings: a server that is away looks the same as one that
// was looked for in the wrong place or spoken to in the wrong way.
func testHint(e *sallyport.SendError) string {
	if e.Outcome == sallyport.NotSent && !e.Permanent && (e.Code == "unreachable" || e.Code == "timeout") {
		return e.Hint + " If that goes on, the address, the port or the TLS mode in these settings may not be the server's."
	}
	return e.Hint
}

// readTo is the address or number that a test goes to, held to what a technician's is: a number of no emergency, premium or
// other service.
func readTo(channel sallyport.Channel, to string) (string, error) {
	read := identity.Email
	if channel == sallyport.ChannelSMS {
		read = func(typed string) (string, error) { return identity.Phone(typed, "") }
	}
	to, err := read(to)
	var e *sallyport.Error
	if errors.As(err, &e) {
		return "", sallyport.InvalidField("to", e.Message)
	}
	return to, err
}

// mayTest counts a test message of channel, or refuses it until there is room again.
func mayTest(ctx context.Context, tx Tx, channel sallyport.Channel, now time.Time) error {
	key := testKey(channel)
	ok, err := tx.Fill(ctx, key, TestBucket.Every, TestBucket.Room())
	if err != nil || ok {
		return err
	}
	empty, err := tx.EmptyAt(ctx, key)
	if err != nil {
		return err
	}
	wait := empty[key].Sub(now) - TestBucket.Room() + TestBucket.Every
	return sallyport.E(sallyport.TooMany, "test_wait", "Many test messages were sent just now. The next one can be sent in "+
		minutes((wait+time.Minute-1).Truncate(time.Minute))+".").After(wait)
}

// beginTest stores the test before anything is sent.
func (s *Service) beginTest(ctx context.Context, by act, seen Seen, m CodeMessage) (g sallyport.Gateway, t test, settings sallyport.Settings, err error) {
	err = s.write(ctx, by, func(tx Tx) error {
		if err := mayChange(ctx, tx, by.actor, by.permission); err != nil {
			return err
		}
		found, err := newest(ctx, tx, by.channel)
		if err != nil {
			return err
		}
		if err := seen.check(found); err != nil {
			return err
		}
		if found == nil {
			return sallyport.E(sallyport.NotFound, "no_settings", "Please save "+by.page+" before testing them.")
		}
		g = *found
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		if err := mayTest(ctx, tx, by.channel, now); err != nil {
			return err
		}
		if settings, err = tx.Settings(ctx); err != nil {
			return err
		}
		t = test{ID: sallyport.NewID(), To: m.To, Slot: g.Slot, Version: g.Version, State: sallyport.Sending, At: now, Expires: now.Add(m.Life)}
		t.Hash = s.testHash(t.ID, m.Code)
		if err := putTest(ctx, tx, by.channel, t); err != nil {
			return err
		}
		return tx.InsertEvent(ctx, audit.New(by.tested, by.actor).Changed(nil, map[string]string{"to": m.To}).Event())
	})
	return g, t, settings, err
}

// endTest notes what became of the sending, in the log alone where another test has begun since.
func (s *Service) endTest(ctx context.Context, by act, t test, failure error) {
	state, detail := sallyport.Sent, ""
	var e *sallyport.SendError
	if errors.As(failure, &e) {
		state, detail = sallyport.Unclear, testHint(e)
		if e.Outcome == sallyport.NotSent {
			state = sallyport.Failed
		}
		s.log.WarnContext(ctx, "test message", "channel", by.channel, "code", e.Code, "error", e.Cause)
	}
	err := s.store.Write(ctx, func(tx Tx) error {
		now, err := readTest(ctx, tx, by.channel)
		if err == nil && now != nil && now.ID == t.ID {
			now.State, now.Detail = state, detail
			err = putTest(ctx, tx, by.channel, *now)
		}
		if err != nil || state != sallyport.Failed {
			return err
		}
		return tx.InsertEvent(ctx, audit.New(audit.DeliveryFailed, by.actor).Because(reasonOf(failure)).
			Changed(nil, map[string]string{"message": "test", "to": t.To}).Event())
	})
	if err != nil {
		s.log.ErrorContext(ctx, "test message", "error", err)
	}
}

// ConfirmTest compares the code that was typed back. The right one puts the draft in use, proved; three wrong ones
// end the test. A try is counted and committed before it is compared; what is no code at all is no try.
func (s *Service) ConfirmTest(ctx context.Context, actor sallyport.Actor, channel sallyport.Channel, code string) error {
	w, err := channelWords(channel)
	if err != nil {
		return err
	}
	by := act{actor, w, channel}
	typed, ok := factor.Canonical(code)
	t, err := s.countTest(ctx, by, ok)
	if err != nil {
		return err
	}
	if !hmac.Equal(t.Hash, s.testHash(t.ID, typed)) {
		if err := s.noteWrongTest(ctx, by, t); err != nil {
			return err
		}
		if left := testTries - t.Tries; left > 0 {
			return sallyport.InvalidField("code", fmt.Sprintf("That code is not right. %s left.", tries(left)))
		}
		return sallyport.InvalidField("code", "Three wrong codes. Send a new test message to go on.")
	}
	defer s.Wake() // what waited for a way out may go
	return s.unopened(ctx, actor, s.write(ctx, by, func(tx Tx) error { return s.prove(ctx, tx, by, t) }))
}

var errTestOver = sallyport.E(sallyport.Gone, "test_over", "This test is over. Send a new test message to go on.")

// countTest counts one try, which is refused uncounted where what was typed is not of a code's form.
func (s *Service) countTest(ctx context.Context, by act, formed bool) (t test, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err = s.write(ctx, by, func(tx Tx) error {
		if err := mayChange(ctx, tx, by.actor, by.permission); err != nil {
			return err
		}
		found, err := readTest(ctx, tx, by.channel)
		if err != nil {
			return err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		if found == nil || found.Tries >= testTries || !now.Before(found.Expires) {
			return errTestOver
		}
		if !formed {
			return sallyport.InvalidField("code", "Please type the 6 digits of the code.")
		}
		t = *found
		t.Tries++
		return putTest(ctx, tx, by.channel, t)
	})
	return t, err
}

// noteWrongTest writes down that a code was wrong, in a transaction that neither the refusal nor a client that hangs up
// takes back.
func (s *Service) noteWrongTest(ctx context.Context, by act, t test) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return s.store.Write(ctx, func(tx Tx) error {
		return tx.InsertEvent(ctx, audit.New(by.tested, by.actor).Outcome("wrong").Because(fmt.Sprintf("try %d of %d", t.Tries, testTries)).
			Changed(nil, map[string]string{"to": t.To}).Event())
	})
}

// prove puts what was tested in use, if it is still what was tested.
func (s *Service) prove(ctx context.Context, tx Tx, by act, t test) error {
	if err := mayChange(ctx, tx, by.actor, by.permission); err != nil {
		return err
	}
	current, err := readTest(ctx, tx, by.channel)
	if err != nil {
		return err
	}
	g, err := tx.Gateway(ctx, string(by.channel), t.Slot)
	if err != nil {
		return err
	}
	if current == nil || current.ID != t.ID || g == nil || g.Version != t.Version {
		return sallyport.E(sallyport.Conflict, "test_stale", "The settings changed after this test message was sent. Please send a new one.")
	}
	live, err := tx.Gateway(ctx, string(by.channel), slotLive)
	if err != nil {
		return err
	}
	if err := s.goLive(ctx, tx, *g, live); err != nil {
		return err
	}
	if err := tx.PutMeta(ctx, testKey(by.channel), []byte{}); err != nil {
		return err
	}
	if by.channel == sallyport.ChannelEmail { // what failed with the settings before does not wait out its pause
		if err := tx.HurryOutbox(ctx, outboxLease); err != nil {
			return err
		}
	}
	return tx.InsertEvent(ctx, audit.New(by.proved, by.actor).Changed(shown(live), shown(g)).Event())
}

// goLive stores g as the gateway in use, proved now, its secrets sealed anew for their new place.
func (s *Service) goLive(ctx context.Context, tx Tx, g sallyport.Gateway, live *sallyport.Gateway) error {
	secrets, err := s.openSecrets(g)
	if err != nil {
		return err
	}
	from := g.Slot
	g.Slot = slotLive
	if g.Sealed, err = s.sealSecrets(g, secrets); err != nil {
		return err
	}
	if g.ProvedAt, err = tx.Now(ctx); err != nil {
		return err
	}
	if live != nil {
		g.Version = live.Version + 1
	}
	if err := tx.PutGateway(ctx, g); err != nil || from == slotLive {
		return err
	}
	return tx.DeleteGateway(ctx, string(g.Channel), from)
}

func (s *Service) testHash(id, code string) []byte {
	return s.keys.MAC("delivery test", []byte(id), []byte(code))
}

func readTest(ctx context.Context, tx Tx, channel sallyport.Channel) (*test, error) {
	b, err := tx.Meta(ctx, testKey(channel))
	if err != nil || len(b) == 0 {
		return nil, err
	}
	var t test
	if err := json.Unmarshal(b, &t); err != nil {
		return nil, fmt.Errorf("test of %s: %w", channel, err)
	}
	return &t, nil
}

func putTest(ctx context.Context, tx Tx, channel sallyport.Channel, t test) error {
	b, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("test of %s: %w", channel, err)
	}
	return tx.PutMeta(ctx, testKey(channel), b)
}

// testState is the test as pages show it, nil when there is none or it ran out.
func (s *Service) testState(ctx context.Context, tx Tx, channel sallyport.Channel, now time.Time) (*TestState, error) {
	t, err := readTest(ctx, tx, channel)
	if err != nil || t == nil || !now.Before(t.Expires) {
		return nil, err
	}
	out := TestState{To: t.To, State: t.State, Detail: t.Detail, TriesLeft: testTries - t.Tries, Until: t.Expires, Live: t.Slot == slotLive}
	if t.State == sallyport.Sending && now.Sub(t.At) > 2*s.within {
		out.State, out.Detail = sallyport.Unclear, "Sallyport was stopped while it sent this message. It may still arrive."
	}
	return &out, nil
}

// randomCode draws 6 digits, each number as likely as any other.
func randomCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("code: %w", err)
	}
	return fmt.Sprintf("%06d", n), nil
}

func tries(n int) string {
	if n == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", n)
}
