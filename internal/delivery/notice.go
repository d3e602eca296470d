package delivery

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"text/template"
	"time"

	"sallyport"
	"sallyport/internal/keyring"
)

// NoticeKind names one text of ours. It is stored with the message as the reason why it is sent.
type NoticeKind string

const (
	NoticeInvitation    NoticeKind = "invitation"     // to a new technician: Link, Until
	NoticeInvitationOff NoticeKind = "invitation-off" // to the old address of somebody who was invited: By
	NoticeReset         NoticeKind = "password-reset" // the link that was asked for: Link, Until
	NoticeResetWaiting  NoticeKind = "reset-waiting"  // to the technician: an administrator must approve first
	NoticeResetAlone    NoticeKind = "reset-alone"    // to the technician: and there is none who could
	NoticeResetToDecide NoticeKind = "reset-decide"   // to administrators: Who asked
	NoticeResetRefused  NoticeKind = "reset-refused"  // to the technician: By
	NoticeMethod        NoticeKind = "method-changed" // to the old and the new address: By, Method, Shut
	NoticeAccount       NoticeKind = "account"        // user name, email, phone or role changed: By, What, Shut
	NoticeFactorReset   NoticeKind = "factor-reset"   // an administrator reset the second factor: By
	NoticeFactorSetUp   NoticeKind = "factor-set-up"  // Method
	NoticeWrongCodes    NoticeKind = "wrong-codes"    // three wrong answers after the right password
	NoticeCodesPaused   NoticeKind = "codes-paused"   // a limit of messages was reached: What, Until, Left
	NoticeCodesPausedOf NoticeKind = "paused-of"      // to administrators: Who, What, Until
	NoticeFactorOff     NoticeKind = "factor-off"     // switched off by too many wrong answers: Left
	NoticePassword      NoticeKind = "password"       // changed by its owner or by a link
	NoticeRecoveryUsed  NoticeKind = "recovery-used"  // Left: how many there are still
	NoticeRecoveryOff   NoticeKind = "recovery-off"   // switched off by too many wrong ones: Shut
	NoticeRecoveryNew   NoticeKind = "recovery-new"   // ten new ones were made
	NoticeSignedOut     NoticeKind = "signed-out"     // by an administrator, everywhere: By
	NoticeHelp          NoticeKind = "help"           // to administrators: Who, Number
	NoticeRescue        NoticeKind = "rescue"         // to every Super Admin: Who, By
	NoticeSessionEnded  NoticeKind = "session-ended"  // three wrong answers when asked again: Method
	NoticeDeactivated   NoticeKind = "deactivated"    // By
)

// NoticeData fills the placeholders of a notice. What a kind does not name stays empty; an empty placeholder leaves
// its sentence out.
type NoticeData struct {
	Organisation string
	Name         string           // whom it is to, as people call him
	UserName     string           // the account it is about
	Link         string           // a one-use address
	Until        time.Time        // when the link ends, which is the message's own end too, or the pause
	By           string           // the administrator who did it
	Who          string           // the technician whom a message to administrators is about
	What         string           // what was changed, like "email address and role", or "text message" of paused codes
	Method       sallyport.Method // the new method or factor
	Number       string           // the number of a request for help
	Left         int              // recovery codes left that are taken
	Shut         bool             // the account is deactivated and stays so, or the second factor is switched off too
	At           time.Time        // when it happened
	Address      string           // client address
	Browser      string
}

// clockSlack is how far the clock of a node may be ahead of the database's, by which a message is due: without it the worker that
// is woken finds the message of such a node not due yet, and looks again when nobody wakes it.
const clockSlack = 5 * time.Second

// noticeLife is how long a notice without a link is tried.
const noticeLife = 72 * time.Hour

// letter is what lies sealed in the outbox.
type letter struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// Compose writes a notice and seals it, ready for the caller's own InsertOutbox in his own transaction; call Wake
// after its commit. It reads and writes nothing. The error is for an address that cannot be one.
func (s *Service) Compose(kind NoticeKind, to string, data NoticeData) (sallyport.OutboxMessage, error) {
	if err := checkMailbox("email", to); err != nil {
		return sallyport.OutboxMessage{}, err
	}
	l, err := write(kind, data)
	if err != nil {
		return sallyport.OutboxMessage{}, err
	}
	plain, err := json.Marshal(l)
	if err != nil {
		return sallyport.OutboxMessage{}, fmt.Errorf("notice %s: %w", kind, err)
	}
	now := s.now()
	m := sallyport.OutboxMessage{ID: sallyport.NewID(), Channel: sallyport.ChannelEmail, To: to,
		NextAt: now.Add(-clockSlack), CreatedAt: now, ExpiresAt: now.Add(noticeLife), Event: string(kind)}
	if data.Link != "" && !data.Until.IsZero() {
		m.ExpiresAt = data.Until
	}
	m.Sealed = s.keys.Seal(plain, outboxPlace(m.ID))
	return m, nil
}

func outboxPlace(id string) keyring.Place {
	return keyring.Place{Table: "outbox", Row: id, Column: "sealed"}
}

// write fills the kind's text. Values are text, never templates, and never bring a line of their own.
func write(kind NoticeKind, d NoticeData) (letter, error) {
	t, ok := notices[kind]
	if !ok {
		return letter{}, fmt.Errorf("notice %q: no such text", kind)
	}
	for _, v := range []*string{&d.Organisation, &d.Name, &d.UserName, &d.By, &d.Who, &d.What, &d.Number, &d.Address, &d.Browser} {
		*v = oneLine(*v)
	}
	var subject, body strings.Builder
	if err := t.subject().Execute(&subject, d); err != nil {
		return letter{}, fmt.Errorf("notice %s: %w", kind, err)
	}
	if err := t.body().Execute(&body, d); err != nil {
		return letter{}, fmt.Errorf("notice %s: %w", kind, err)
	}
	return letter{Subject: oneLine(subject.String()), Text: body.String()}, nil
}

// noticeText is parsed when it is first needed, so that a start does not wait for it.
type noticeText struct{ subject, body func() *template.Template }

var noticeFuncs = template.FuncMap{
	"time": func(t time.Time) string { return t.UTC().Format("2 January 2006 at 15:04 UTC") },
}

// text makes a noticeText; between the greeting and the closing words it puts body.
func text(subject, body string) noticeText {
	parse := func(s string) func() *template.Template {
		return sync.OnceValue(func() *template.Template {
			return template.Must(template.New("").Funcs(noticeFuncs).Option("missingkey=error").Parse(s))
		})
	}
	return noticeText{parse(subject), parse("Hello{{with .Name}} {{.}}{{end}},\n\n" + strings.TrimSpace(body) + closing)}
}

// closing says when and from where it happened, as far as that is known.
const closing = `
{{- if or .UserName .Address (not .At.IsZero)}}
{{if not .At.IsZero}}
When: {{time .At}}
{{- end}}
{{- with .Address}}
From: {{.}}{{with $.Browser}}, {{.}}{{end}}
{{- end}}
{{- with .UserName}}
Account: {{.}}
{{- end}}
{{- end}}

{{.Organisation}}
`
