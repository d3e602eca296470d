package session

import (
	"context"
	"time"

	"sallyport"
	"sallyport/internal/factor"
	"sallyport/internal/identity"
	"sallyport/internal/login"
)

func (s *Service) page(ctx context.Context, hash sallyport.Hash) (Page, error) {
	var p Page
	err := s.store.Read(ctx, func(tx Tx) error {
		m, err := at(ctx, tx, hash)
		if err != nil {
			return err
		}
		p = Page{Step: m.step, Purpose: m.signIn.Purpose, UserName: m.technician.UserName, Name: m.technician.Name(),
			Organisation: m.settings.Organisation, Why: why(&m), Return: m.signIn.Return, Now: m.now, ExpiresAt: m.signIn.ExpiresAt, RecoveryLeft: *m.recoveryLeft}
		if m.sends() {
			return s.describeCode(ctx, tx, &m, &p)
		}
		p.FreshAt = freshAt(&m)
		return s.describeSecret(&m, &p)
	})
	return p, err
}

// why says why this step appears now.
func why(m *moment) string {
	switch {
	case m.step.Kind == login.Opener && m.signIn.Purpose == sallyport.PurposePhone:
		return "First a code from the app that you have now, then the new phone."
	case m.step.Kind == login.Opener:
		return "Your administrator changed how you sign in. Confirm once more the way you did until now, then set up the new one."
	case m.step.Kind == login.Enrol && m.signIn.Purpose == sallyport.PurposePhone:
		return "The app on the old phone stops working as soon as the new one is confirmed."
	case m.step.Kind == login.Enrol && m.signIn.Purpose == sallyport.PurposeSetup:
		return "This account needs an authenticator app. It takes a minute."
	case m.step.Kind == login.Enrol:
		return "Your administrator chose this for your account. It takes a minute."
	case m.step.Kind == login.EnrolmentCode:
		return "Your second factor was reset. Your administrator reads an enrolment code out to you."
	case m.signIn.Purpose == sallyport.PurposeStepUp:
		return "Your last proof was a while ago. This change asks for it again."
	}
	return ""
}

// describeCode fills in where the newest code went, and what can be done with it.
func (s *Service) describeCode(ctx context.Context, tx Tx, m *moment, p *Page) error {
	p.Masked = mask(m.step.Method, m.address())
	counts, err := tx.SendCounts(ctx, m.technician.ID, m.address(), m.settings.ResendHour, m.settings.ResendDay)
	if err != nil {
		return err
	}
	p.ResendAt = m.now.Add(limitWait(counts, m))
	newest, err := newestCode(ctx, tx, m)
	if err != nil || newest == nil {
		return err
	}
	p.Sent, p.State, p.Detail, p.ValidUntil = true, newest.State, newest.Detail, newest.ExpiresAt
	if newest.State == sallyport.Sending && !m.now.Before(newest.CreatedAt.Add(s.sendTime)) {
		p.State = sallyport.Unclear // the server ended before it could note what became of it
	}
	p.TriesLeft = max(0, sallyport.CodeTries-newest.Attempts)
	p.Live = usable(newest, m.now) == nil && newest.State != sallyport.Failed
	if opens := newest.CreatedAt.Add(m.settings.ResendAfter); newest.State != sallyport.Failed && opens.After(p.ResendAt) {
		p.ResendAt = opens
	}
	return nil
}

func mask(method sallyport.Method, address string) string {
	if method == sallyport.MethodText {
		return identity.MaskPhone(address)
	}
	return identity.MaskEmail(address)
}

// freshAt is when the app's next code comes, where the one that it shows now, or one after it, was used; otherwise zero.
func freshAt(m *moment) time.Time {
	if m.factor == nil || m.factor.Kind != sallyport.MethodApp || m.step.Kind != login.Factor && m.step.Kind != login.Opener {
		return time.Time{}
	}
	next := factor.StepTime(m.factor.LastStep + 1 - int64(m.factor.Offset))
	if !next.After(m.now) {
		return time.Time{}
	}
	return next
}

// describeSecret fills in the key that is being set up. A confirmed one is never shown again.
func (s *Service) describeSecret(m *moment, p *Page) error {
	if m.step.Kind != login.Enrol || m.step.Method != sallyport.MethodApp {
		return nil
	}
	pend, err := s.openPending(m)
	if err != nil {
		return err
	}
	account := m.technician.UserName
	if account == "" {
		account = pend.UserName
		p.UserName, p.Name = pend.UserName, pend.FirstName
	}
	p.Secret = factor.Group(pend.Secret)
	p.URI = factor.URI(m.settings.Organisation, account, pend.Secret)
	return nil
}
