package syslog

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"strconv"
	"testing"
	"time"

	"sallyport"
)

var header = regexp.MustCompile(`^<(\d{3})>1 \d{4,5}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [!-~]{1,255} sallyport \d+ [!-~]{1,32} - `)

// Whatever stands in a record, what is sent is one message of RFC 5424 in ASCII on one line, whose JSON says the same; and a
// reader who counts octets finds each message of a batch again.
func FuzzMessage(f *testing.F) {
	f.Add("door.example", "signin.finished", "ok", "Jürgen 😀 \x1b")
	f.Add("", "", "wrong", "")
	f.Add("door\x7f", "a\x7f", "refused", "\x7f")
	f.Add("a b\n<13>1", "x] y\r\n", "failed", "\n<13>1 - - - - - forged")
	f.Fuzz(func(t *testing.T, host, kind, outcome, text string) {
		object, err := json.Marshal(map[string]string{"kind": "event", "text": text})
		if err != nil {
			t.Fatal(err)
		}
		s := &Sink{host: host, pid: 7}
		one := s.message(sallyport.SinkRecord{At: time.Unix(1_780_000_000, 0), Type: kind, Outcome: outcome, JSON: object})
		head := header.Find(one)
		if head == nil || bytes.ContainsFunc(one, func(r rune) bool { return r < ' ' || r >= 0x7f && r != 0x7f }) {
			t.Fatalf("%q is no message", one)
		}
		var sent, meant map[string]string
		if err := json.Unmarshal(one[len(head):], &sent); err != nil || json.Unmarshal(object, &meant) != nil || !reflect.DeepEqual(sent, meant) {
			t.Errorf("%q became %q, %v", meant, sent, err)
		}
		batch := [][]byte{one, []byte("x"), one}
		rest := counted(batch)
		for _, want := range batch {
			digits, after, found := bytes.Cut(rest, []byte(" "))
			n, err := strconv.Atoi(string(digits))
			if !found || err != nil || n > len(after) || !bytes.Equal(after[:n], want) {
				t.Fatalf("%q is not found again in %q", want, rest)
			}
			rest = after[n:]
		}
		if len(rest) != 0 {
			t.Errorf("%q is left", rest)
		}
	})
}
