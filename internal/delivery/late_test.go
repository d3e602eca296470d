package delivery_test

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/delivery"
	"sallyport/internal/store"
)

// slow is a mail server on which each send waits until it is let go, and then fails with answer.
func (w *world) slow(answer error) (begun, release chan struct{}) {
	begun, release = make(chan struct{}, 100), make(chan struct{})
	w.post.fail = func() error {
		begun <- struct{}{}
		<-release
		return answer
	}
	return begun, release
}

var down = &sallyport.SendError{Outcome: sallyport.NotSent, Code: "unreachable", Hint: "It is down.", Cause: net.ErrClosed}

// A message that another node has sent, because this one was stopped in the midst of its own try, is not called lost.
func TestSentByAnotherIsNotLost(t *testing.T) {
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	begun, release := w.slow(&sallyport.SendError{Outcome: sallyport.NotSent, Permanent: true, Code: "bad_address", Hint: "No such mailbox.", Cause: net.ErrClosed})
	m := w.put(t, delivery.NoticePassword, delivery.NoticeData{})
	stop := w.run(t)
	<-begun
	w.write(t, func(tx *store.Tx) error { return tx.FinishOutbox(t.Context(), m.ID) }) // the other node
	close(release)
	stop()
	if types, _ := w.events(t); slices.Contains(types, "delivery.failed") {
		t.Errorf("events %v", types)
	}
}

// behind is a worker that sends four of five messages, on a server that is slow.
func (w *world) behind(t *testing.T) (begun, release chan struct{}, stop func()) {
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	begun, release = w.slow(down)
	for range 5 {
		w.put(t, delivery.NoticeInvitation, invitation)
	}
	stop = w.run(t)
	for range 4 {
		<-begun
	}
	return begun, release, stop
}

// What waits behind slow sends goes by the settings of the moment at which it goes.
func TestWaitsBehindSlowSends(t *testing.T) {
	w := newWorld(t)
	begun, release, stop := w.behind(t)
	w.write(t, func(tx *store.Tx) error {
		g, err := tx.Gateway(t.Context(), string(sallyport.ChannelEmail), "live")
		if err != nil {
			return err
		}
		g.Sealed = nil
		return tx.PutGateway(t.Context(), *g)
	})
	close(release)
	<-begun
	stop()
	if w.post.secrets["password"] != "" {
		t.Error("the fifth went by the settings of before")
	}
}

// What waits behind slow sends for longer than it has is not sent.
func TestWaitsForTooLong(t *testing.T) {
	w := newWorld(t)
	begun, release, stop := w.behind(t)
	w.clock.Set(invitation.Until.Add(time.Second))
	w.Wake()
	close(release)
	for over := 1; over > 0; {
		w.write(t, func(tx *store.Tx) error {
			left, err := tx.ExpiredOutbox(t.Context(), 5)
			over = len(left)
			return err
		})
	}
	stop()
	if len(begun) != 0 {
		t.Error("the fifth was sent all the same")
	}
}

// The pause before the next try begins when the last one has failed, however long that took.
func TestPauseBeginsAfterTheFailure(t *testing.T) {
	w := newWorld(t)
	w.prove(t, emailForm(smtpForm), "mara@northwind.example")
	begun, release := w.slow(down)
	w.put(t, delivery.NoticePassword, delivery.NoticeData{})
	stop := w.run(t)
	<-begun
	w.clock.Add(time.Minute)
	close(release)
	stop()
	if early := w.outbox(t); early.ID != "" {
		t.Errorf("due again at once: %+v", early)
	}
}

// TestEachFailedTestIsAnEvent: a test message that fails after the next one has begun is an event all the same.
func TestEachFailedTestIsAnEvent(t *testing.T) {
	w := newWorld(t)
	if _, err := w.SaveDraft(t.Context(), w.boss, emailForm(smtpForm)); err != nil {
		t.Fatal(err)
	}
	begun, release := w.slow(down)
	var tests sync.WaitGroup
	for range 2 {
		tests.Go(func() {
			_ = w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelEmail}, "mara@northwind.example")
		})
		<-begun
	}
	close(release)
	tests.Wait()
	w.run(t)() // which waits for tests under way
	types, _ := w.events(t)
	if failed := len(slices.DeleteFunc(types, func(what string) bool { return what != "delivery.failed" })); failed != 2 {
		t.Errorf("%d events of two messages that failed", failed)
	}
}
