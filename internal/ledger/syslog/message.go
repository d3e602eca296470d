package syslog

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"sallyport"
)

// facility is "log audit" of RFC 5424 section 6.2.1.
const facility = 13

// severity says how much a record matters: what went wrong more than what went well.
func severity(r sallyport.SinkRecord) int {
	switch r.Outcome {
	case "failed":
		return 4
	case "wrong", "refused":
		return 5
	}
	return 6
}

// message is one record by RFC 5424: facility 13, MSGID the type of the event, the JSON object as the message, in ASCII,
// so that it needs no byte order mark.
func (s *Sink) message(r sallyport.SinkRecord) []byte {
	head := fmt.Sprintf("<%d>1 %s %s sallyport %s %s - ", facility*8+severity(r), r.At.UTC().Format("2006-01-02T15:04:05.000000Z07:00"),
		word(s.host, 255), strconv.Itoa(s.pid), word(r.Type, 32))
	return append([]byte(head), ascii(r.JSON)...)
}

// word is a header field: printable ASCII without spaces, "-" for nothing.
func word(text string, most int) string {
	var b bytes.Buffer
	for _, r := range text {
		if r > ' ' && r < 0x7f && b.Len() < most {
			b.WriteByte(byte(r))
		}
	}
	if b.Len() == 0 {
		return "-"
	}
	return b.String()
}

// ascii escapes in a JSON text whatever is not ASCII. Outside of strings JSON has no such letters.
func ascii(text []byte) []byte {
	var b bytes.Buffer
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r < utf8.RuneSelf:
			b.WriteByte(text[0])
		case r >= 0x10000:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		text = text[size:]
	}
	return b.Bytes()
}

// counted frames messages by octet counting (RFC 6587 section 3.4.1, RFC 5425 section 4.3).
func counted(messages [][]byte) []byte {
	var b bytes.Buffer
	for _, m := range messages {
		b.WriteString(strconv.Itoa(len(m)))
		b.WriteByte(' ')
		b.Write(m)
	}
	return b.Bytes()
}

// answerTime is how long a server may take to read a batch to its end.
const answerTime = 10 * time.Second

// answerMost is how many bytes a server may send before it closes. None needs any.
const answerMost = 64 << 10
