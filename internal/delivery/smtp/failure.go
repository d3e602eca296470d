package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"time"

	"sallyport"
)

// stage is how far the dialogue had come.
type stage string

const (
	stageDial      stage = "dial"
	stageGreeting  stage = "greeting"
	stageTLS       stage = "tls"
	stageAuth      stage = "auth"
	stageMail      stage = "sender"
	stageRecipient stage = "recipient"
	stageData      stage = "data"
	stageContent   stage = "content"
)

// stageError says what a failure at a stage means: what surely did not go out, what may help, and in which words.
func stageError(at stage, err error) error {
	var known *sallyport.SendError
	if errors.As(err, &known) {
		return known
	}
	code := answerCode(err)
	e := &sallyport.SendError{Outcome: sallyport.NotSent, Cause: cause(at, code, err)}
	switch {
	case at == stageContent && code < 400: // no answer, or one that refuses nothing
		e.Outcome, e.Code = sallyport.MaybeSent, "protocol"
		e.Hint = "The mail server broke off before it confirmed the message. It may still arrive."
		if timedOut(err) {
			e.Code = "timeout"
		}
	case timedOut(err):
		e.Code, e.Hint = "timeout", tooSlow
	case at == stageTLS || isTLS(err):
		e.Code, e.Permanent = "tls", true
		e.Hint = "The mail server's TLS or certificate is not in order, so nothing was sent. An administrator must look at it."
	case code == 0:
		e.Code, e.Hint = "unreachable", "The connection to the mail server broke. Please try again in a minute."
	default:
		e.Code, e.Permanent, e.Hint = refusal(at, code, err)
	}
	return e
}

// inTime names a connection that we cut ourselves at the time limit for what it was: half an answer that had come by
// then looks like a broken line otherwise.
func inTime(ctx context.Context, err error) error {
	end, limited := ctx.Deadline()
	var e *sallyport.SendError
	if !errors.As(err, &e) || ctx.Err() == nil && (!limited || time.Now().Before(end)) {
		return err
	}
	switch e.Code {
	case "unreachable":
		e.Code, e.Hint = "timeout", tooSlow
	case "protocol": // after the message, with the same words
		e.Code = "timeout"
	}
	return err
}

const tooSlow = "The mail server did not answer in time. Please try again in a minute."

// refusal reads an answer of the server (RFC 5321 section 4.2, enhanced codes of RFC 3463).
func refusal(at stage, code int, err error) (name string, permanent bool, hint string) {
	permanent = code >= 500
	switch {
	case code == 530:
		return "auth", true, "The mail server asks for a user name and password, or for TLS. An administrator must look at Email Settings."
	case permanent && at == stageAuth:
		return "auth", true, "The mail server refused Sallyport's user name or password. An administrator must look at Email Settings."
	case permanent && at == stageRecipient && mailboxRefused(code, enhanced(err)):
		return "bad_address", true, "The mail server refused this mailbox. An administrator must look at the address."
	case permanent && at == stageRecipient && enhanced(err) == "":
		return "refused", true, "The mail server refused this mailbox, or to carry mail of Sallyport to it. An administrator must look at the address and at Email Settings."
	case permanent && (at == stageMail || badSender(enhanced(err))):
		return "refused", true, "The mail server refused Sallyport's sender address. An administrator must look at Email Settings."
	case permanent:
		return "refused", true, "The mail server refused the message. An administrator must look at Email Settings."
	}
	return "refused", false, "The mail server does not take the message right now. Please try again in a few minutes."
}

// mailboxRefused reports whether a refusal of the recipient is about the mailbox. Servers that judge everything at this
// stage, as Postfix does, refuse the sender, the greeting or the login here too: those codes say so (RFC 3463 sections
// 3.2 to 3.5), and 5.1.0 may mean either side. So may an answer without such a code: many a server refuses to relay with a bare
// 550, 551 or 553.
func mailboxRefused(code int, enhanced string) bool {
	switch enhanced {
	case "":
		return code == 552 || code == 556 // the mailbox is full; its domain takes no mail (RFC 7504)
	case "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.5", "5.1.6", "5.1.10", "5.4.1", "5.4.4":
		return true
	}
	return strings.HasPrefix(enhanced, "5.2.")
}

func badSender(enhanced string) bool { return enhanced == "5.1.7" || enhanced == "5.1.8" }

func answerCode(err error) int {
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return answer.Code
	}
	return 0
}

// enhanced is the enhanced status code (RFC 3463) that an answer begins with, empty where it has none.
func enhanced(err error) string {
	var answer *textproto.Error
	if !errors.As(err, &answer) {
		return ""
	}
	words := strings.Fields(answer.Msg)
	if len(words) == 0 || strings.Count(words[0], ".") != 2 || strings.Trim(words[0], "0123456789.") != "" {
		return ""
	}
	return words[0]
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, net.ErrClosed) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

func isTLS(err error) bool {
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var verify *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &verify) || errors.As(err, &unknown)
}

// cause is what the log may see. A server's words are left out where they could repeat what we sent.
func cause(at stage, code int, err error) error {
	if code != 0 && (at == stageAuth || at == stageContent || at == stageData) {
		return fmt.Errorf("%s: answer %d %s", at, code, enhanced(err))
	}
	if at == stageAuth && !timedOut(err) {
		return fmt.Errorf("%s: broke off", at)
	}
	return fmt.Errorf("%s: %s", at, short(err.Error()))
}

func short(s string) string {
	s = strings.Map(func(r rune) rune {
		if control(r) {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return s
}
