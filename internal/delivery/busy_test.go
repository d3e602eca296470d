package delivery_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"sallyport"
	"sallyport/internal/delivery"
)

// sendsAtOnce is how many sends may be on their way.
const sendsAtOnce = 256

// ticket is a gateway that keeps each send until it is let go, and to no limit. A send is told apart by its address.
type ticket map[string]chan struct{}

func (held ticket) SendEmail(_ context.Context, m sallyport.Email) error {
	<-held[m.To]
	return nil
}

// D8.7: while a stuck gateway holds every place, whoever comes is refused at once and in words, and what is left behind
// after 15 seconds still holds its place; each place that is freed serves one more.
func TestD8_7_EveryPlaceIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck, through := make(chan struct{}), make(chan struct{})
		close(through)
		one := make(chan struct{})
		held := ticket{"stuck@x.example": stuck, "one@x.example": one, "dana@x.example": through}
		s := delivery.New(delivery.Options{Store: fixed{}, SendWithin: 15 * time.Second,
			BuildEmail: func(sallyport.Gateway, map[string]string) (delivery.EmailSender, error) { return held, nil }})
		send := func(to string) error {
			return s.SendCode(t.Context(), delivery.CodeMessage{Channel: sallyport.MethodEmail, To: to, Code: "004217", Life: time.Minute})
		}
		left := make(chan error, sendsAtOnce)
		for i := range sendsAtOnce {
			to := "stuck@x.example"
			if i == 0 {
				to = "one@x.example"
			}
			go func() { left <- send(to) }()
		}
		synctest.Wait()
		refused := func(when string) {
			t.Helper()
			begin := time.Now()
			err := send("dana@x.example")
			var e *sallyport.SendError
			if took := time.Since(begin); !errors.As(err, &e) || e.Code != "busy" || e.Outcome != sallyport.NotSent || e.Permanent || e.Hint == "" || took != 0 {
				t.Errorf("%s: after %s: %#v", when, took, err)
			}
		}
		refused("with every place taken")
		for range sendsAtOnce {
			var e *sallyport.SendError
			if err := <-left; !errors.As(err, &e) || e.Outcome != sallyport.MaybeSent || e.Code != "timeout" {
				t.Errorf("a stuck send ended with %v", err)
			}
		}
		refused("with every send left behind")
		close(one)
		synctest.Wait()
		for range 3 { // one after the other, in the one place
			if err := send("dana@x.example"); err != nil {
				t.Errorf("with a place freed: %v", err)
			}
			synctest.Wait()
		}
		go func() { left <- send("stuck@x.example") }()
		synctest.Wait()
		refused("with that place taken again")
		close(stuck)
		<-left
		synctest.Wait()
		if err := send("dana@x.example"); err != nil {
			t.Errorf("with every place free: %v", err)
		}
	})
}
