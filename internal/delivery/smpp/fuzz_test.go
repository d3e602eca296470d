package smpp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"sallyport"
	"sallyport/internal/delivery/smpp"
)

// pipe is a Dialer whose every connection is the same one.
type pipe struct{ net.Conn }

func (p pipe) DialContext(context.Context, string, string) (net.Conn, error) { return p.Conn, nil }
func (p pipe) DialPlain(context.Context, string, string) (net.Conn, error)   { return p.Conn, nil }

// Whatever a server says, in whatever order: the end is a success that it confirmed or an error with words and without
// secrets, nothing hangs, and what it has heard of a message is not said to be surely unsent but where it refused it.
func FuzzAnswers(f *testing.F) {
	bound := message{bindTransmitter | response, 0, 1, []byte("smsc\x00")}
	taken := message{submitSM | response, 0, 2, []byte("id\x00")}
	gone := message{unbind | response, 0, 3, nil}
	say := func(list ...message) []byte {
		var b []byte
		for _, m := range list {
			b = append(b, m.bytes()...)
		}
		return b
	}
	for _, said := range [][]byte{say(bound, taken, gone), say(bound, taken), say(bound), {}, say(bound)[:15], say(bound, taken)[:30],
		say(message{bindTransmitter | response, 0x0e, 1, nil}), say(bound, message{submitSM | response, 0x0b, 2, nil}, gone),
		say(bound, message{enquireLink, 0, 9, nil}, taken), say(bound, message{unbind, 0, 9, nil}), say(bound, message{genericNack, 3, 0, nil}),
		say(bound, message{submitSM | response, 0, 7, nil}), []byte("HTTP/1.1 400 Bad Request\r\n\r\n"), []byte("\x7f\xff\xff\xff\x80\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01"),
		[]byte(strings.Repeat("\x00", 100)), say(bound, message{deliverSM, 0, 1, bytes.Repeat([]byte("x"), 70<<10)})} {
		f.Add(said)
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		heard, err := converse(t, said)
		submitted := bytes.Contains(heard, []byte("15551230001"))
		if err == nil {
			if !submitted || !bytes.Contains(said, []byte("\x80\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x02")) {
				t.Errorf("%q: it is said to be sent; what was heard is %q", said, heard)
			}
			return
		}
		var e *sallyport.SendError
		if !errors.As(err, &e) || e.Hint == "" || e.Code == "" {
			t.Fatalf("%q: %#v", said, err)
		}
		if text := err.Error() + e.Hint; strings.Contains(text, "004217") || strings.Contains(text, password) || strings.ContainsFunc(text, unicode.IsControl) || len(text) > 500 {
			t.Errorf("%q: the error is %q", said, text)
		}
		refused := e.Code == "refused" || e.Code == "bad_number"
		if e.Outcome == sallyport.NotSent && submitted && !refused {
			t.Errorf("%q: the server has all of the message, and it is said not to be sent: %v", said, err)
		}
		if e.Outcome == sallyport.MaybeSent && !bytes.Contains(said, []byte("\x80\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01")) {
			t.Errorf("%q: it may have been sent, and nobody let us in", said)
		}
	})
}

// converse sends the code to a server that says all of said, whatever it hears, and then hangs up.
func converse(t *testing.T, said []byte) (heard []byte, err error) {
	t.Helper()
	ours, theirs := net.Pipe()
	s, err := smpp.New(settings("2775"), map[string]string{"password": password}, pipe{ours})
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	var ends sync.WaitGroup
	ends.Go(func() { _, _ = io.Copy(&all, theirs) })
	ends.Go(func() {
		_, _ = theirs.Write(said)
		_ = theirs.Close()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err = s.SendText(ctx, code)
	ends.Wait()
	return all.Bytes(), err
}
