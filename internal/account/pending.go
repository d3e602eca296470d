package account

import (
	"context"
	"io"
	"time"

	"sallyport"
)

var errPending = sallyport.ErrUnavailable

// List returns one page of the technicians list. It needs technicians.read.
func (s *Service) List(ctx context.Context, actor sallyport.Actor, f sallyport.Filter) (Page, error) {
	return Page{}, errPending
}

// Technician returns what one technician's page shows. It needs technicians.read.
func (s *Service) Technician(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (Detail, error) {
	return Detail{}, errPending
}

// Add makes an invited technician. Wrong fields come back as sallyport.Invalid with Fields.
func (s *Service) Add(ctx context.Context, actor sallyport.Actor, form Form) (Added, error) {
	return Added{}, errPending
}

// NewForm is the form that Add begins with, and the choices beside it.
func (s *Service) NewForm(ctx context.Context, actor sallyport.Actor) (Form, []Choice, []sallyport.Role, error) {
	return Form{}, nil, nil, errPending
}

// ResendInvitation makes a fresh invitation in the place of an older one.
func (s *Service) ResendInvitation(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (Invited, error) {
	return Invited{}, errPending
}

// Preview says what Save would do with form, which began from version.
func (s *Service) Preview(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, form Form, version int64) (Preview, error) {
	return Preview{}, errPending
}

// Save changes a technician in one transaction.
func (s *Service) Save(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, form Form, version int64) (Saved, error) {
	return Saved{}, errPending
}

// ResetFactor takes away a lost second factor.
func (s *Service) ResetFactor(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, reason string) (FactorReset, error) {
	return FactorReset{}, errPending
}

// OpenSetup opens the set-up of a second factor again that was not begun in time. It signs nobody out.
func (s *Service) OpenSetup(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (until time.Time, err error) {
	return time.Time{}, errPending
}

// SignOut ends all sessions, sign-ins and links of a technician.
func (s *Service) SignOut(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (SignedOut, error) {
	return SignedOut{}, errPending
}

// SignOutMany does SignOut for each, each in a transaction of its own.
func (s *Service) SignOutMany(ctx context.Context, actor sallyport.Actor, ids []sallyport.TechnicianID) ([]SignedOut, error) {
	return nil, errPending
}

// Sessions returns everybody's sessions. It needs sessions.read.
func (s *Service) Sessions(ctx context.Context, actor sallyport.Actor, f sallyport.SessionFilter) (SessionPage, error) {
	return SessionPage{}, errPending
}

// EndSession ends one session. It needs sessions.end.
func (s *Service) EndSession(ctx context.Context, actor sallyport.Actor, hash sallyport.Hash) error {
	return errPending
}

// Deactivate shuts a technician out until Activate.
func (s *Service) Deactivate(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, reason string) (SignedOut, error) {
	return SignedOut{}, errPending
}

// Activate lets a deactivated technician in again: with his password, or by a fresh invitation where he has none.
func (s *Service) Activate(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (Invited, error) {
	return Invited{}, errPending
}

// Delete removes a technician with everything of his but the audit log.
func (s *Service) Delete(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, reason string) (SignedOut, error) {
	return SignedOut{}, errPending
}

// PreviewTeam says what SaveTeam would do.
func (s *Service) PreviewTeam(ctx context.Context, actor sallyport.Actor, ids []sallyport.TechnicianID, method sallyport.Method) (Team, error) {
	return Team{}, errPending
}

// SaveTeam sets the method of each technician, each in a transaction of its own.
func (s *Service) SaveTeam(ctx context.Context, actor sallyport.Actor, ids []sallyport.TechnicianID, method sallyport.Method) (Team, error) {
	return Team{}, errPending
}

// PreviewImport reads a CSV file and says what Import would do.
func (s *Service) PreviewImport(ctx context.Context, actor sallyport.Actor, r io.Reader) (Batch, error) {
	return Batch{}, errPending
}

// Import adds every technician of a CSV file, or none.
func (s *Service) Import(ctx context.Context, actor sallyport.Actor, r io.Reader) (Batch, error) {
	return Batch{}, errPending
}

// WaitingResets lists the password resets that wait for an approval.
func (s *Service) WaitingResets(ctx context.Context, actor sallyport.Actor) ([]WaitingReset, error) {
	return nil, errPending
}

// ApproveReset sends the link of a waiting password reset to the technician's email address.
func (s *Service) ApproveReset(ctx context.Context, actor sallyport.Actor, id string) error {
	return errPending
}

// DenyReset removes a waiting password reset.
func (s *Service) DenyReset(ctx context.Context, actor sallyport.Actor, id string) error {
	return errPending
}

// OpenHelp lists the open requests for help, the oldest first.
func (s *Service) OpenHelp(ctx context.Context, actor sallyport.Actor) ([]HelpItem, error) {
	return nil, errPending
}

// FinishHelp marks a request for help as done.
func (s *Service) FinishHelp(ctx context.Context, actor sallyport.Actor, id string) error {
	return errPending
}

// Policy returns the settings. It needs no permission beyond being signed in.
func (s *Service) Policy(ctx context.Context, actor sallyport.Actor) (sallyport.Settings, error) {
	return sallyport.Settings{}, errPending
}

// SetPolicy changes one setting. It needs policy.manage.
func (s *Service) SetPolicy(ctx context.Context, actor sallyport.Actor, name, value string) (sallyport.Settings, error) {
	return sallyport.Settings{}, errPending
}

// Events returns audit events, the newest first. It needs audit.read.
func (s *Service) Events(ctx context.Context, actor sallyport.Actor, f sallyport.EventFilter) ([]sallyport.Event, error) {
	return nil, errPending
}

// ExportEvents prepares an export of the audit log in one of the formats. It needs audit.export.
func (s *Service) ExportEvents(ctx context.Context, actor sallyport.Actor, f sallyport.EventFilter, format string) (Export, error) {
	return Export{}, errPending
}

// Rescue makes a one-use link that lets a technician in again. Only the host may.
func (s *Service) Rescue(ctx context.Context, actor sallyport.Actor, userName string) (link string, expires time.Time, err error) {
	return "", time.Time{}, errPending
}

// Notices returns what the actor has not acknowledged yet; empty for everybody but Super Admins.
func (s *Service) Notices(ctx context.Context, actor sallyport.Actor) ([]sallyport.Notice, error) {
	return nil, errPending
}

// AckNotice acknowledges one notice.
func (s *Service) AckNotice(ctx context.Context, actor sallyport.Actor, id string) error {
	return errPending
}

// FirstLink makes the one-use link of the first Super Admin. made is false once set-up was finished.
func (s *Service) FirstLink(ctx context.Context) (link string, made bool, err error) {
	return "", false, errPending
}
