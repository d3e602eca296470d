package delivery_test

import (
	"slices"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/delivery"
	"sallyport/internal/keyring"
	"sallyport/internal/store"
)

// Where nothing can be written, nothing is sent: the message would leave again with each round, for it stays due.
func TestOutboxSendsNothingThatItCannotNote(t *testing.T) {
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	before := len(w.post.emails)
	m := w.put(t, delivery.NoticeInvitation, invitation)
	w.full.Store(true)
	for range 3 {
		stop := w.run(t)
		<-w.refused
		stop()
	}
	if n := len(w.post.emails) - before; n != 0 {
		t.Errorf("sent %d times while the disk was full", n)
	}
	w.full.Store(false)
	w.post.arrived = make(chan struct{}, 1)
	stop := w.run(t)
	<-w.post.arrived
	stop()
	if n := len(w.post.emails) - before; n != 1 || w.post.emails[before].ID != m.ID {
		t.Errorf("sent %d times after that", n)
	}
}

// A gateway that is out of use carries nothing more, however many messages the worker has before it: what was on its way
// goes through, and the rest leaves through the one in its place.
func TestRemovedGatewayCarriesNothingMore(t *testing.T) {
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	const n, atOnce = 12, 4
	for range n {
		w.put(t, delivery.NoticeInvitation, invitation)
	}
	hold := make(chan struct{})
	w.post.begun, w.post.hold = make(chan struct{}, 2*n), hold
	stop := w.run(t)
	for range atOnce {
		<-w.post.begun
	}
	if err := w.Remove(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}); err != nil {
		t.Fatal(err)
	}
	w.post.free()
	w.prove(t, emailForm(with(smtpForm, "host", "other.northwind.example")), "mara@northwind.example")
	before := len(w.post.emails)
	w.post.arrived = make(chan struct{}, n)
	close(hold)
	for range n {
		<-w.post.arrived
	}
	stop()
	through := map[string]int{}
	for _, host := range w.post.hosts[before:] {
		through[host]++
	}
	if through["mail.northwind.example"] != atOnce || through["other.northwind.example"] != n-atOnce {
		t.Errorf("they went through %v, and %d were on their way", through, atOnce)
	}
}

// A message that failed often enough to wait for an hour leaves as soon as somebody has mended the settings.
func TestMendedSettingsSendAtOnce(t *testing.T) {
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	m := w.put(t, delivery.NoticeInvitation, invitation)
	w.write(t, func(tx *store.Tx) error {
		return tx.RetryOutbox(t.Context(), m.ID, w.clock.Now().Add(time.Hour), "auth: the password was refused")
	})
	if early := w.outbox(t); early.ID != "" {
		t.Fatalf("due while nothing was mended: %+v", early)
	}
	w.prove(t, emailForm(with(smtpForm, "password", "battery staple")), "mara@northwind.example")
	if now := w.outbox(t); now.ID != m.ID {
		t.Error("it still waits")
	}
}

// A message is tried until its time is over: the wait after its last failures is no longer than half of what is left.
func TestTriedUntilItsEnd(t *testing.T) {
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	short := invitation
	short.Until = w.clock.Now().Add(5 * time.Minute)
	m := w.put(t, delivery.NoticeInvitation, short)
	w.write(t, func(tx *store.Tx) error {
		for range 4 { // the next wait would be half an hour
			if err := tx.RetryOutbox(t.Context(), m.ID, w.clock.Now(), down.Code); err != nil {
				return err
			}
		}
		return nil
	})
	fail := func() {
		t.Helper()
		begun, release := w.slow(down)
		stop := w.run(t)
		<-begun
		close(release)
		stop()
	}
	fail()
	w.clock.Add(149 * time.Second)
	if early := w.outbox(t); early.ID != "" {
		t.Errorf("due too early: %+v", early)
	}
	w.clock.Add(time.Second)
	if again := w.outbox(t); again.ID != m.ID {
		t.Fatal("given up, or not due, with half of its time left")
	}
	w.clock.Set(short.Until.Add(-19 * time.Second))
	fail()
	types, all := w.events(t)
	if types[len(types)-1] != "delivery.failed" || all[0].Reason != "unreachable: It is down." {
		t.Errorf("events %v, last %+v", types, all[0])
	}
}

// A server of which nobody knows what it did with a message gets it a few times, and not by the hour.
func TestUnclearIsRepeatedSeldom(t *testing.T) {
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	m := w.put(t, delivery.NoticePassword, delivery.NoticeData{})
	late := &sallyport.SendError{Outcome: sallyport.MaybeSent, Code: "timeout", Hint: "It is late."}
	var at []int
	for minute := range 73 * 60 {
		w.clock.Add(time.Minute)
		if w.outbox(t).ID != m.ID {
			continue
		}
		at = append(at, minute)
		begun, release := w.slow(late)
		stop := w.run(t)
		<-begun
		close(release)
		stop()
	}
	if want := []int{0, 1, 11, 71, 311, 1031, 2471, 3911}; !slices.Equal(at, want) {
		t.Errorf("sent in the minutes %v, want %v", at, want)
	}
}

// A link that waited for its mail server, of which nobody then knows whether it went out, is not given up with most of its time left.
func TestUnclearAfterAnOutage(t *testing.T) {
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	link := invitation
	link.Until = w.clock.Now().Add(20 * time.Hour)
	m := w.put(t, delivery.NoticeReset, link)
	w.write(t, func(tx *store.Tx) error {
		for range 8 {
			if err := tx.RetryOutbox(t.Context(), m.ID, w.clock.Now(), down.Code); err != nil {
				return err
			}
		}
		return nil
	})
	for _, due := range []bool{true, true, false} { // 10 and 5 hours later, and never again
		begun, release := w.slow(&sallyport.SendError{Outcome: sallyport.MaybeSent, Code: "timeout", Hint: "It is late."})
		stop := w.run(t)
		<-begun
		close(release)
		stop()
		if w.outbox(t).ID != "" {
			t.Error("it is due at once")
		}
		w.clock.Set(w.clock.Now().Add(link.Until.Sub(w.clock.Now()) / 2))
		if again := w.outbox(t).ID == m.ID; again != due {
			t.Fatalf("due again with %v of its time left: %v, want %v", link.Until.Sub(w.clock.Now()), again, due)
		}
	}
}

// A message is due at once, also where the clock of its node is ahead of the database's by as much as it may be.
func TestDueWhereTheClockIsAhead(t *testing.T) {
	w := newWorld(t)
	node := delivery.New(delivery.Options{Keys: keyring.Generate(), Now: func() time.Time { return w.clock.Now().Add(5 * time.Second) }})
	m, err := node.Compose(delivery.NoticePassword, "dana@northwind.example", delivery.NoticeData{})
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, func(tx *store.Tx) error { return tx.InsertOutbox(t.Context(), m) })
	if due := w.outbox(t); due.ID != m.ID {
		t.Error("it waits for the next look")
	}
}
