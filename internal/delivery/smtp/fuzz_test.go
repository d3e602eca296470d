package smtp_test

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
	"sallyport/internal/delivery/smtp"
)

// Whatever a mail server says, the message either was taken after its last dot, or there is an error that says in words
// whether it may have gone out. Nothing that was sent is repeated there.
func FuzzAnswers(f *testing.F) {
	good := "220 hi\r\n250-mail.test\r\n250 8BITMIME\r\n250 sender ok\r\n250 mailbox ok\r\n354 go on\r\n250 2.0.0 taken\r\n221 bye\r\n"
	for _, said := range []string{good, strings.ReplaceAll(good, "\r\n", "\n"), "", "220", "554 go away\r\n", "421 too busy\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "220-" + strings.Repeat("x", 5000) + "\r\n",
		strings.Replace(good, "250 mailbox ok", "550 5.1.1 no such user", 1), strings.Replace(good, "250 2.0.0 taken", "550 5.7.1 spam: 004217", 1), strings.Replace(good, "250 2.0.0 taken\r\n221 bye\r\n", "", 1),
		strings.Replace(good, "354 go on", "250 what?", 1), strings.Replace(good, "250 2.0.0 taken", "999 ?", 1), strings.Replace(good, "250 sender ok", "-50 \x00\x1b[2J", 1)} {
		f.Add([]byte(said))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		heard, err := converse(t, said)
		if err == nil {
			if !bytes.Contains(heard, []byte("004217")) || !bytes.Contains(heard, []byte("\r\n.\r\n")) || !bytes.Contains(said, []byte("354")) {
				t.Errorf("%q: it is said to be sent; what was heard is %q", said, heard)
			}
			return
		}
		var e *sallyport.SendError
		if !errors.As(err, &e) || e.Hint == "" || e.Code == "" {
			t.Fatalf("%q: %#v", said, err)
		}
		if text := err.Error(); strings.Contains(text, "004217") && e.Code != "bad_address" && bytes.Contains(heard, []byte("004217")) || strings.Contains(text, "hunter2") || strings.ContainsFunc(text, unicode.IsControl) || len(text) > 2000 {
			t.Errorf("%q: the error is %q", said, text)
		}
		if e.Outcome == sallyport.NotSent && bytes.HasSuffix(heard, []byte("\r\n.\r\n")) && e.Code == "unreachable" {
			t.Errorf("%q: the server has all of the message, and it is said not to be sent", said)
		}
		if e.Outcome == sallyport.MaybeSent && !bytes.Contains(said, []byte("354")) {
			t.Errorf("%q: it may have been sent, and nobody asked for it", said)
		}
	})
}

// converse sends the message to a server that says all of said, whatever it hears, and then hangs up.
func converse(t *testing.T, said []byte) (heard []byte, err error) {
	t.Helper()
	ours, theirs := net.Pipe()
	dial := func(context.Context, string, string) (net.Conn, error) { return ours, nil }
	s, err := smtp.New(sallyport.Gateway{Settings: map[string]string{"host": "127.0.0.1", "port": "25", "tls": "none", "sender": "door@northwind.example"}}, nil,
		smtp.Options{Dial: dial, DialPlain: dial})
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
	err = s.SendEmail(ctx, message)
	ends.Wait()
	return all.Bytes(), err
}
