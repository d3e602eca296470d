package smtp

import (
	"errors"
	"io"
	"net/mail"
	"strings"

	mailer "github.com/wneessen/go-mail"

	"sallyport"
)

// message writes m with headers of ours only. What could begin a header or a command of its own is refused here once
// more, whatever was checked before: an address is one bare mailbox, a subject one line.
func (s *Sender) message(m sallyport.Email) (io.WriterTo, error) {
	if !mailbox(m.To) {
		return nil, &sallyport.SendError{Outcome: sallyport.NotSent, Permanent: true, Code: "bad_address",
			Hint: "The email address is not one that mail can be sent to. An administrator must correct it.", Cause: errors.New("not a bare mailbox")}
	}
	if m.ID == "" || strings.ContainsFunc(m.ID, func(r rune) bool { return r <= ' ' || r > 0x7e || strings.ContainsRune(`<>@"(),:;\`, r) }) ||
		strings.ContainsFunc(m.Subject, control) {
		return nil, unfit(errors.New("the message's ID or subject cannot be a header"))
	}
	_, domain, _ := strings.Cut(s.senderAddr, "@")
	msg := mailer.NewMsg(mailer.WithCharset(mailer.CharsetUTF8), mailer.WithEncoding(mailer.EncodingQP), mailer.WithNoDefaultUserAgent())
	msg.FromMailAddress(&mail.Address{Name: s.senderName, Address: s.senderAddr})
	msg.ToMailAddress(&mail.Address{Address: m.To})
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.ID + "@" + domain)
	msg.SetDateWithValue(s.o.Now().UTC())
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers, please
	msg.SetBodyString(mailer.TypeTextPlain, m.Text)
	return msg, nil
}

func unfit(cause error) *sallyport.SendError {
	return &sallyport.SendError{Outcome: sallyport.NotSent, Permanent: true, Code: "protocol",
		Hint: "Sallyport could not write this message. Please tell your administrator.", Cause: cause}
}

func control(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfffd
}

// mailbox reports whether s is one bare mailbox in ASCII (RFC 5321 section 4.1.2, without quoted parts and literals).
func mailbox(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	if !found || local == "" || domain == "" || len(s) > 254 || len(local) > 64 {
		return false
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > 0x7e }) || strings.ContainsAny(s, `"(),:;<>[\]`) {
		return false
	}
	a, err := mail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s
}
