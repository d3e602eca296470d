package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sallyport"
)

// CodeMessage is a code on its way to one technician.
type CodeMessage struct {
	Channel      sallyport.Method // MethodEmail or MethodText
	To           string           // mailbox, or number in E.164
	Code         string           // 6 digits
	Life         time.Duration    // how long it is valid from now
	Organisation string
	Host         string // host of the page that asks for it, without a port; empty: the public host
}

// SendCode sends a code now, in the caller's goroutine, and comes back within the time limit of one send (15
// seconds). It never waits in a queue and is tried once. A failure is a *sallyport.SendError that says whether the
// code may have gone out all the same.
func (s *Service) SendCode(ctx context.Context, m CodeMessage) error {
	channel := sallyport.ChannelEmail
	if m.Channel == sallyport.MethodText {
		channel = sallyport.ChannelSMS
	}
	g, err := s.gateway(ctx, channel, slotLive)
	if err != nil {
		return notSent("internal", "Sallyport could not look up how to send. Please try again.", err)
	}
	if g == nil || g.ProvedAt.IsZero() {
		return notSent("not_set_up", "Sallyport cannot send right now: its way out is not set up. Your administrator can change that.", nil)
	}
	return s.sendCode(ctx, *g, m)
}

// sendCode sends m through g.
func (s *Service) sendCode(ctx context.Context, g sallyport.Gateway, m CodeMessage) error {
	if m.Host == "" {
		m.Host = s.host
	}
	if g.Channel == sallyport.ChannelSMS {
		return s.sendText(ctx, g, sallyport.Text{To: m.To, Text: codeText(m)})
	}
	return s.sendEmail(ctx, g, sallyport.Email{ID: sallyport.NewID(), To: m.To,
		Subject: "Your " + oneLine(m.Organisation) + " sign-in code", Text: codeEmail(m)})
}

func (s *Service) sendEmail(ctx context.Context, g sallyport.Gateway, m sallyport.Email) error {
	secrets, err := s.openSecrets(g)
	if err != nil {
		return notSent("settings", "The stored Email Settings cannot be read. Your administrator must enter them again.", s.unopened(ctx, itself, err))
	}
	to, err := s.email(g, secrets)
	if err != nil {
		return notSent("settings", "The stored Email Settings do not work. Your administrator must look at them.", err)
	}
	return s.send(ctx, func(ctx context.Context) error { return to.SendEmail(ctx, m) })
}

func (s *Service) sendText(ctx context.Context, g sallyport.Gateway, m sallyport.Text) error {
	secrets, err := s.openSecrets(g)
	if err != nil {
		return notSent("settings", "The stored SMS Settings cannot be read. Your administrator must enter them again.", s.unopened(ctx, itself, err))
	}
	to, err := s.text(g, secrets)
	if err != nil {
		return notSent("settings", "The stored SMS Settings do not work. Your administrator must look at them.", err)
	}
	_, m.GSM = septets(m.Text)
	return s.send(ctx, func(ctx context.Context) error { return to.SendText(ctx, m) })
}

// send runs one send under the time limit. A gateway that ignores the limit is left behind: the answer is then
// MaybeSent, for nobody knows what it has done.
func (s *Service) send(ctx context.Context, do func(context.Context) error) error {
	select {
	case s.busy <- struct{}{}:
	default:
		return notSent("busy", "Too many messages are on their way. Please try again in a moment.", nil)
	}
	ctx, cancel := context.WithTimeout(ctx, s.within)
	done := make(chan error, 1)
	go func() {
		defer func() { <-s.busy }()
		defer cancel()
		done <- do(ctx)
	}()
	select {
	case err := <-done:
		return asSendError(err)
	case <-ctx.Done():
	}
	// Whoever keeps to the limit answers now, and knows more than we do.
	grace := time.NewTimer(s.within / 15)
	defer grace.Stop()
	select {
	case err := <-done:
		return asSendError(err)
	case <-grace.C:
		return &sallyport.SendError{Outcome: sallyport.MaybeSent, Code: "timeout", Cause: ctx.Err(),
			Hint: "The other side did not answer in time. The message may still arrive."}
	}
}

// asSendError keeps the promise that only *sallyport.SendError comes out; anything else counts as maybe sent.
func asSendError(err error) error {
	var e *sallyport.SendError
	if err == nil || errors.As(err, &e) {
		return err
	}
	return &sallyport.SendError{Outcome: sallyport.MaybeSent, Code: "protocol", Cause: err,
		Hint: "Sending ended in an unexpected way. The message may still arrive."}
}

func notSent(code, hint string, cause error) *sallyport.SendError {
	return &sallyport.SendError{Outcome: sallyport.NotSent, Code: code, Hint: hint, Cause: cause}
}

// codeEmail is the text of a code's email: the code alone on a line, and nothing to click (standards F15).
func codeEmail(m CodeMessage) string {
	return fmt.Sprintf(`This is your code to sign in to %s at %s:

%s

It works once, and for %s.

Type it only at %s, and give it to nobody who asks for it: nobody at
%s will.

If you are not signing in right now, somebody knows your password. Please
change it, and tell your administrator.
`, oneLine(m.Organisation), m.Host, m.Code, minutes(m.Life), m.Host, oneLine(m.Organisation))
}

// oneLine makes s fit for a header or a line of text: no control or direction characters, single spaces.
func oneLine(s string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfffd:
			return ' '
		case r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff:
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(clean), " ")
}

func minutes(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d seconds", int(d/time.Second))
	}
	if n := int(d / time.Minute); n != 1 {
		return fmt.Sprintf("%d minutes", n)
	}
	return "1 minute"
}
