package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/factor"
	"sallyport/internal/login"
)

// CodeMessage is a code on its way to one mailbox or phone.
type CodeMessage struct {
	Channel      sallyport.Method // MethodEmail or MethodText
	To           string
	Code         string
	Life         time.Duration
	Organisation string
	Host         string // of the public address, for the last line of a text message
}

// Send sends a fresh code for the step that the sign-in waits at, and kills the one before. It returns the page after
// at most 800 milliseconds, whatever the gateway does; Page tells the result later.
func (s *Service) Send(ctx context.Context, token sallyport.Token, c sallyport.Client) (Page, error) {
	hash, ok := token.Hash()
	if !ok {
		return Page{}, errOver
	}
	if err := s.send(ctx, hash, c, true); err != nil {
		return Page{}, err
	}
	return s.page(ctx, hash)
}

// outgoing is a stored code that is being sent. Its digits exist here only.
type outgoing struct {
	code    sallyport.Code
	digits  string
	t       sallyport.Technician
	client  sallyport.Client
	message CodeMessage
}

func (s *Service) send(ctx context.Context, signIn sallyport.Hash, c sallyport.Client, again bool) error {
	var out outgoing
	var refused error
	told := false
	err := s.store.Write(ctx, func(tx Tx) error {
		out, refused, told = outgoing{}, nil, false
		m, err := at(ctx, tx, signIn)
		if err != nil {
			return err
		}
		if !m.sends() {
			return sallyport.E(sallyport.Conflict, "nothing_to_send", "No code is sent at this step.")
		}
		var paused time.Duration
		if refused, paused, err = s.mayNotSend(ctx, tx, &m, again); err != nil {
			return err
		}
		if refused != nil {
			if told, err = s.tellPaused(ctx, tx, &m, c, paused); err != nil {
				return err
			}
			return tx.InsertEvent(ctx, audit.New(audit.SignInCodeRefused, himself(m.technician, c)).On(m.technician).Because(refused.Error()).Event())
		}
		out, err = s.newCode(ctx, tx, &m, c)
		return err
	})
	if told && err == nil {
		s.messages.Wake()
	}
	if err != nil || refused != nil {
		return errors.Join(err, refused)
	}
	s.sendNow(ctx, out)
	return nil
}

// newCode stores a code before it is sent, so that a crash in between never leads to two codes.
func (s *Service) newCode(ctx context.Context, tx Tx, m *moment, c sallyport.Client) (outgoing, error) {
	digits := factor.NewCode()
	id := sallyport.CodeID(sallyport.NewID())
	code := sallyport.Code{ID: id, SignIn: m.signIn.Hash, Technician: m.technician.ID, Channel: m.step.Method, Address: m.address(),
		Hash: s.codeHash(id, digits), State: sallyport.Sending, CreatedAt: m.now, ExpiresAt: m.now.Add(m.settings.CodeLife)}
	if err := tx.InsertCode(ctx, code); err != nil {
		return outgoing{}, err
	}
	return outgoing{code: code, digits: digits, t: m.technician, client: c,
		message: CodeMessage{Channel: m.step.Method, To: code.Address, Code: digits, Life: m.settings.CodeLife,
			Organisation: m.settings.Organisation, Host: s.host}}, tx.InsertSend(ctx, id, m.technician.ID, code.Address)
}

// newestCode is the newest code of the step that the sign-in waits at, nil where none was made for it: the one that opened a
// set-up went elsewhere.
func newestCode(ctx context.Context, tx Tx, m *moment) (*sallyport.Code, error) {
	c, err := tx.NewestCode(ctx, m.signIn.Hash)
	if err != nil || c == nil || c.Channel != m.step.Method || c.Address != m.address() {
		return nil, err
	}
	return c, nil
}

// mayNotSend holds to the limits of contract section 5. The refusal says when sending opens again; paused is how long the
// hourly and daily limits hold, 0 where only the last code is too young.
func (s *Service) mayNotSend(ctx context.Context, tx Tx, m *moment, again bool) (refused error, paused time.Duration, err error) {
	counts, err := tx.SendCounts(ctx, m.technician.ID, m.address(), m.settings.ResendHour, m.settings.ResendDay)
	if err != nil {
		return nil, 0, err
	}
	newest, err := newestCode(ctx, tx, m)
	if err != nil {
		return nil, 0, err
	}
	paused = limitWait(counts, m)
	wait := paused
	if again && newest != nil && newest.State != sallyport.Failed {
		wait = max(wait, until(newest.CreatedAt.Add(m.settings.ResendAfter), m.now))
	}
	if wait <= 0 {
		return nil, 0, nil
	}
	return sallyport.E(sallyport.TooMany, "resend_wait", fmt.Sprintf("A new code can be sent in %s.", inWords(wait))).After(wait), paused, nil
}

// pausedTold is how long nobody is told again that a technician's codes pause.
const pausedTold = 24 * time.Hour

// tellPaused tells the technician, and every administrator who may help him, that no code is sent to him for so long: he may
// be locked out by it, or somebody knows his password. Once a day, from whichever node, however often it is tried.
func (s *Service) tellPaused(ctx context.Context, tx Tx, m *moment, c sallyport.Client, paused time.Duration) (told bool, err error) {
	if paused <= 0 || m.technician.ID == "" {
		return false, nil
	}
	told, err = tx.Fill(ctx, "t"+s.opaque("codes paused", string(m.technician.ID)), pausedTold, pausedTold)
	if err != nil || !told {
		return false, err
	}
	d := NoticeData{What: "email", Until: m.now.Add(paused), Address: c.Address, Browser: c.Browser}
	if m.step.Method == sallyport.MethodText {
		d.What = "text message"
	}
	if m.step.Kind != login.Enrol { // which none stands in the place of
		d.Left = *m.recoveryLeft
	}
	if err := s.tellWith(ctx, tx, NoticeCodesPaused, m.technician, d); err != nil {
		return false, err
	}
	_, err = s.tellAdministrators(ctx, tx, NoticeCodesPausedOf, m.technician, d)
	return err == nil, err
}

// limitWait is how long the hourly and daily limits still hold; 0 when neither does.
func limitWait(counts sallyport.SendCounts, m *moment) time.Duration {
	wait := time.Duration(0)
	if !counts.HourFull.IsZero() {
		wait = until(counts.HourFull.Add(time.Hour), m.now)
	}
	if !counts.DayFull.IsZero() {
		wait = max(wait, until(counts.DayFull.Add(24*time.Hour), m.now))
	}
	return wait
}

// inWords says a span as people would.
func inWords(d time.Duration) string {
	switch {
	case d <= time.Second:
		return "1 second"
	case d <= 90*time.Second:
		return fmt.Sprintf("%d seconds", int((d+time.Second-1)/time.Second))
	case d <= 90*time.Minute:
		return fmt.Sprintf("%d minutes", int((d+time.Minute-1)/time.Minute))
	}
	return fmt.Sprintf("%d hours", int((d+time.Hour-1)/time.Hour))
}

// sendNow hands the code to the gateway in its own goroutine and waits a moment for the result.
func (s *Service) sendNow(ctx context.Context, out outgoing) {
	done := make(chan struct{})
	s.sending.Add(1)
	go func() {
		defer s.sending.Done()
		defer close(done)
		s.deliver(context.WithoutCancel(ctx), out)
	}()
	patience := time.NewTimer(s.patience)
	defer patience.Stop()
	select {
	case <-done:
	case <-patience.C:
	case <-ctx.Done():
	}
}

// deliver sends and stores what became of it. A send that surely failed costs nothing.
func (s *Service) deliver(ctx context.Context, out outgoing) {
	sendCtx, cancel := context.WithTimeout(ctx, s.sendTime)
	defer cancel()
	result := s.messages.SendCode(sendCtx, out.message)
	state, detail := outcome(result)
	err := s.counted(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.SetCodeState(ctx, out.code.ID, state, detail); err != nil {
			return err
		}
		what := audit.SignInCodeSent
		if state == sallyport.Failed {
			what = audit.SignInCodeFailed
			if err := tx.ForgiveSend(ctx, out.code.ID); err != nil {
				return err
			}
		}
		return tx.InsertEvent(ctx, audit.New(what, himself(out.t, out.client)).On(out.t).Because(string(out.code.Channel)).Outcome(string(state)).Event())
	})
	if err != nil || result != nil {
		s.log.WarnContext(ctx, "code not surely sent", "technician", out.t.ID, "channel", out.code.Channel, "state", state, "send", result, "error", err)
	}
}

// outcome maps what the gateway said to what the page says.
func outcome(err error) (sallyport.CodeState, string) {
	var failed *sallyport.SendError
	switch {
	case err == nil:
		return sallyport.Sent, ""
	case errors.As(err, &failed) && failed.Outcome == sallyport.NotSent:
		return sallyport.Failed, failed.Hint
	case errors.As(err, &failed):
		return sallyport.Unclear, failed.Hint
	case sallyport.KindOf(err) == sallyport.Unavailable:
		return sallyport.Failed, "Messages cannot be sent right now. Your administrator can see why."
	}
	return sallyport.Unclear, "It is not certain that the code went out. If it does not arrive, send a new one."
}
