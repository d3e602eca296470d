package session

import (
	"context"
	"time"

	"sallyport"
)

// Tx is what the use cases need of one transaction; internal/store documents each method. A function given to Write may
// run more than once: it begins by setting anew what it leaves outside of its transaction.
type Tx interface {
	Now(ctx context.Context) (time.Time, error)
	Together(ctx context.Context, fns ...func() error) error
	technicians
	guesses
	factors
	signIns
	codes
	sessions
	links
	records
}

type technicians interface {
	InsertTechnician(ctx context.Context, t sallyport.Technician) error
	Technician(ctx context.Context, id sallyport.TechnicianID) (sallyport.Technician, error)
	Hold(ctx context.Context, id sallyport.TechnicianID) error
	TechnicianByKey(ctx context.Context, key string) (sallyport.Technician, error)
	TechnicianWithFactor(ctx context.Context, key string) (sallyport.Technician, *sallyport.Factor, error)
	TechniciansByEmail(ctx context.Context, email string) ([]sallyport.Technician, error)
	TechniciansByRole(ctx context.Context, role sallyport.RoleID) ([]sallyport.Technician, error)
	UpdateTechnician(ctx context.Context, t sallyport.Technician) error
	Raise(ctx context.Context, id sallyport.TechnicianID, reason sallyport.EndReason) (sallyport.Raised, error)
	Passwords(ctx context.Context, after sallyport.TechnicianID, n int) ([]sallyport.Technician, error)
	SetPassword(ctx context.Context, id sallyport.TechnicianID, gen sallyport.Generation, sealed []byte) error
	Activate(ctx context.Context, id sallyport.TechnicianID, gen sallyport.Generation) error
	PutDevice(ctx context.Context, hash sallyport.Hash, technician sallyport.TechnicianID) error
	Device(ctx context.Context, hash sallyport.Hash) (sallyport.TechnicianID, bool, error)
}

type guesses interface {
	Guess(ctx context.Context, key string) (sallyport.Guess, error)
	CountGuesses(ctx context.Context, keys []string, lifted ...string) (map[string]int, error)
	SetGuessWait(ctx context.Context, key string, until time.Time) error
	TakeGuesses(ctx context.Context, key string, n int, until time.Time) error
	EndGuesses(ctx context.Context, key string) (int, error)
	ForgiveGuesses(ctx context.Context, n int, t sallyport.Technician, none error, narrow sallyport.Counted, wider ...sallyport.Counted) error
	Fill(ctx context.Context, key string, cost, room time.Duration) (bool, error)
	EmptyAt(ctx context.Context, keys ...string) (map[string]time.Time, error)
}

type factors interface {
	Factor(ctx context.Context, id sallyport.TechnicianID) (*sallyport.Factor, error)
	PutFactor(ctx context.Context, f sallyport.Factor) error
	DeleteFactor(ctx context.Context, id sallyport.TechnicianID) error
	ResetWrong(ctx context.Context, id sallyport.TechnicianID) error
	BurnStep(ctx context.Context, id sallyport.TechnicianID, step int64) (bool, error)
	UseStep(ctx context.Context, id sallyport.TechnicianID, step int64, none error) error
	NoteUse(ctx context.Context, id sallyport.TechnicianID) error
	SetOffset(ctx context.Context, id sallyport.TechnicianID, offset int) error
	SetRecoveryCodes(ctx context.Context, id sallyport.TechnicianID, hashes [][]byte) error
	UseRecoveryCode(ctx context.Context, id sallyport.TechnicianID, hash []byte) (bool, error)
	RecoveryLeft(ctx context.Context, id sallyport.TechnicianID) (int, error)
	EnrolmentCode(ctx context.Context, id sallyport.TechnicianID) (*sallyport.EnrolmentCode, error)
	UseEnrolmentCode(ctx context.Context, id sallyport.TechnicianID, gen sallyport.Generation, hash []byte) (bool, error)
	CountAnswer(ctx context.Context, t sallyport.Technician, cap int, recovery bool) (int, error)
	SetWait(ctx context.Context, id sallyport.TechnicianID, until time.Time) error
	DisableFactor(ctx context.Context, id sallyport.TechnicianID) error
	ClearAnswers(ctx context.Context, id sallyport.TechnicianID, recovery bool) error
	ClearAnswersOf(ctx context.Context, t sallyport.Technician, run int, at time.Time, set sallyport.Settings, none error) error
}

type signIns interface {
	InsertSignIn(ctx context.Context, s sallyport.SignIn) error
	SignIn(ctx context.Context, hash sallyport.Hash) (sallyport.SignIn, sallyport.Technician, error)
	Asked(ctx context.Context, hash sallyport.Hash) (sallyport.Asked, error)
	UpdateSignIn(ctx context.Context, s sallyport.SignIn) error
	RotateSignIn(ctx context.Context, from, to sallyport.Hash) error
	DeleteSignIn(ctx context.Context, hash sallyport.Hash) (bool, error)
	EndSignIn(ctx context.Context, hash sallyport.Hash, none error) error
}

type codes interface {
	InsertCode(ctx context.Context, c sallyport.Code) error
	NewestCode(ctx context.Context, signIn sallyport.Hash) (*sallyport.Code, error)
	CountAttempt(ctx context.Context, id sallyport.CodeID) (sallyport.Code, bool, error)
	ConsumeCode(ctx context.Context, id sallyport.CodeID) (bool, error)
	SetCodeState(ctx context.Context, id sallyport.CodeID, state sallyport.CodeState, detail string) error
	InsertSend(ctx context.Context, code sallyport.CodeID, technician sallyport.TechnicianID, address string) error
	ForgiveSend(ctx context.Context, code sallyport.CodeID) error
	SucceedSends(ctx context.Context, signIn sallyport.Hash) error
	SendCounts(ctx context.Context, technician sallyport.TechnicianID, address string, hour, day int) (sallyport.SendCounts, error)
}

type sessions interface {
	CreateSession(ctx context.Context, s sallyport.Session, limit int) ([]sallyport.Session, error)
	InsertSession(ctx context.Context, s sallyport.Session) error
	RotateSession(ctx context.Context, from sallyport.Hash, to sallyport.Session) error
	Session(ctx context.Context, hash sallyport.Hash, idle time.Duration) (sallyport.Session, sallyport.Technician, error)
	EndSession(ctx context.Context, hash sallyport.Hash, reason sallyport.EndReason) (bool, error)
	EndSessions(ctx context.Context, technician sallyport.TechnicianID, except sallyport.Hash, reason sallyport.EndReason) ([]sallyport.Session, error)
	Sessions(ctx context.Context, f sallyport.SessionFilter) ([]sallyport.SessionRow, int, error)
	TouchSessions(ctx context.Context, used map[sallyport.Hash]time.Time) error
	LoadSessions(ctx context.Context, after sallyport.Hash, n int) ([]sallyport.Session, error)
	EndedReason(ctx context.Context, hash sallyport.Hash) (sallyport.EndReason, bool, error)
}

type links interface {
	Link(ctx context.Context, hash sallyport.Hash) (sallyport.Link, error)
	InsertLink(ctx context.Context, l sallyport.Link) error
	ConsumeLink(ctx context.Context, hash sallyport.Hash) (sallyport.Link, bool, error)
	InsertReset(ctx context.Context, r sallyport.PasswordReset) error
	NoteReset(ctx context.Context, technician sallyport.TechnicianID) error
	CountResets(ctx context.Context, technician sallyport.TechnicianID, since time.Time) (int, error)
	InsertHelp(ctx context.Context, h sallyport.HelpRequest) error
	CountHelp(ctx context.Context, technician sallyport.TechnicianID, since time.Time) (n int, oldest time.Time, err error)
	IsEmpty(ctx context.Context) (bool, error)
}

type records interface {
	Settings(ctx context.Context) (sallyport.Settings, error)
	Facts(ctx context.Context) (sallyport.Facts, error)
	InsertOutbox(ctx context.Context, m sallyport.OutboxMessage) error
	InsertEvent(ctx context.Context, e sallyport.Event) error
	InsertNotice(ctx context.Context, n sallyport.Notice) error
	Meta(ctx context.Context, key string) ([]byte, error)
	PutMeta(ctx context.Context, key string, value []byte) error
}
