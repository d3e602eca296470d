package account

import (
	"context"
	"time"

	"sallyport"
)

// Store runs functions in transactions. Write commits what f did, or nothing of it when f returns an error, which
// comes back as it is. Read sees one snapshot.
type Store interface {
	Write(ctx context.Context, f func(Tx) error) error
	Read(ctx context.Context, f func(Tx) error) error
}

// Tx is what the use cases need of one transaction. Errors are *sallyport.Error where the caller can do something
// about them; everything that expires is judged by the clock that Now reads.
type Tx interface {
	technicianTx
	factorTx
	sessionTx
	linkTx
	recordTx
}

type technicianTx interface {
	Now(ctx context.Context) (time.Time, error)
	Together(ctx context.Context, fns ...func() error) error
	InsertTechnician(ctx context.Context, t sallyport.Technician) error
	InsertTechnicians(ctx context.Context, list []sallyport.Technician) error
	Technician(ctx context.Context, id sallyport.TechnicianID) (sallyport.Technician, error)
	Hold(ctx context.Context, id sallyport.TechnicianID) error
	HoldTeam(ctx context.Context) error
	ShortenSessions(ctx context.Context, age time.Duration) error
	TechnicianByKey(ctx context.Context, key string) (sallyport.Technician, error)
	TechnicianBySkeleton(ctx context.Context, skeleton string) (sallyport.Technician, error)
	TechniciansByKeys(ctx context.Context, keys []string) ([]sallyport.Technician, error)
	TechniciansBySkeletons(ctx context.Context, skeletons []string) ([]sallyport.Technician, error)
	TechniciansByRole(ctx context.Context, role sallyport.RoleID) ([]sallyport.Technician, error)
	UpdateTechnician(ctx context.Context, t sallyport.Technician) error
	Raise(ctx context.Context, id sallyport.TechnicianID, reason sallyport.EndReason) (sallyport.Raised, error)
	DeleteTechnician(ctx context.Context, id sallyport.TechnicianID) error
	Rows(ctx context.Context, f sallyport.Filter) ([]sallyport.Row, int, error)
	Matching(ctx context.Context, f sallyport.Filter, most int) ([]sallyport.TechnicianID, error)
	TeamCounts(ctx context.Context) (sallyport.TeamCounts, error)
	IsEmpty(ctx context.Context) (bool, error)
}

type factorTx interface {
	Factor(ctx context.Context, id sallyport.TechnicianID) (*sallyport.Factor, error)
	DeleteFactor(ctx context.Context, id sallyport.TechnicianID) error
	ResetWrong(ctx context.Context, id sallyport.TechnicianID) error
	RecoveryLeft(ctx context.Context, id sallyport.TechnicianID) (int, error)
	EnrolmentCode(ctx context.Context, id sallyport.TechnicianID) (*sallyport.EnrolmentCode, error)
	PutEnrolmentCode(ctx context.Context, c sallyport.EnrolmentCode) error
}

type sessionTx interface {
	Session(ctx context.Context, hash sallyport.Hash, idle time.Duration) (sallyport.Session, sallyport.Technician, error)
	SessionsOf(ctx context.Context, id sallyport.TechnicianID) ([]sallyport.Session, error)
	Sessions(ctx context.Context, f sallyport.SessionFilter) ([]sallyport.SessionRow, int, error)
	EndSession(ctx context.Context, hash sallyport.Hash, reason sallyport.EndReason) (bool, error)
}

type linkTx interface {
	InsertLink(ctx context.Context, l sallyport.Link) error
	InsertLinks(ctx context.Context, list []sallyport.Link) error
	DeleteLinks(ctx context.Context, id sallyport.TechnicianID, kind sallyport.LinkKind) (int, error)
	LiveLink(ctx context.Context, id sallyport.TechnicianID, kind sallyport.LinkKind) (*sallyport.Link, error)
	Reset(ctx context.Context, id string) (sallyport.PasswordReset, error)
	WaitingResets(ctx context.Context) ([]sallyport.PasswordReset, error)
	DeleteReset(ctx context.Context, id string) (bool, error)
	OpenHelp(ctx context.Context) ([]sallyport.HelpRequest, error)
	FinishHelp(ctx context.Context, id string, by sallyport.TechnicianID) (bool, error)
	InsertNotice(ctx context.Context, n sallyport.Notice) error
	OpenNotices(ctx context.Context, id sallyport.TechnicianID) ([]sallyport.Notice, error)
	AckNotice(ctx context.Context, id string, by sallyport.TechnicianID) (bool, error)
}

type recordTx interface {
	Settings(ctx context.Context) (sallyport.Settings, error)
	PutSettings(ctx context.Context, s sallyport.Settings) error
	Meta(ctx context.Context, key string) ([]byte, error)
	PutMeta(ctx context.Context, key string, value []byte) error
	Facts(ctx context.Context) (sallyport.Facts, error)
	InsertOutbox(ctx context.Context, m sallyport.OutboxMessage) error
	InsertOutboxAll(ctx context.Context, list []sallyport.OutboxMessage) error
	InsertEvent(ctx context.Context, e sallyport.Event) error
	InsertEvents(ctx context.Context, list []sallyport.Event) error
	SignIns(ctx context.Context, since time.Time) ([]sallyport.SignInCount, error)
	Events(ctx context.Context, f sallyport.EventFilter) ([]sallyport.Event, error)
}
