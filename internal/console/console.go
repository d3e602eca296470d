package console

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/delivery"
	"sallyport/internal/ledger"
	"sallyport/internal/policy"
	"sallyport/internal/view"
)

// Accounts are the use cases about technicians that pages call. *account.Service is one.
type Accounts interface {
	List(ctx context.Context, actor sallyport.Actor, f sallyport.Filter) (account.Page, error)
	Everybody(ctx context.Context, actor sallyport.Actor, f sallyport.Filter, most int) ([]sallyport.TechnicianID, error)
	Technician(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (account.Detail, error)
	NewForm(ctx context.Context, actor sallyport.Actor) (account.Form, []policy.Choice, []sallyport.Role, error)
	PreviewAdd(ctx context.Context, actor sallyport.Actor, form account.Form) (refusals []sallyport.Field, needsProof bool, err error)
	Add(ctx context.Context, actor sallyport.Actor, form account.Form) (account.Added, error)
	Preview(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, form account.Form, version int64) (account.Preview, error)
	Save(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, form account.Form, version int64) (account.Saved, error)
	acts
	teams
	records
}

type acts interface {
	ResendInvitation(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (account.Invited, error)
	ResetFactor(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, reason string) (account.FactorReset, error)
	OpenSetup(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (account.FactorReset, error)
	SignOut(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (account.SignedOut, error)
	Deactivate(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, reason string) (account.SignedOut, error)
	Activate(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (account.Invited, error)
	Delete(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, reason string) (account.SignedOut, error)
}

type teams interface {
	PreviewTeam(ctx context.Context, actor sallyport.Actor, ids []sallyport.TechnicianID, method sallyport.Method) (account.Team, error)
	SaveTeam(ctx context.Context, actor sallyport.Actor, ids []sallyport.TechnicianID, method sallyport.Method) (account.Team, error)
	PreviewImport(ctx context.Context, actor sallyport.Actor, r io.Reader) (account.Batch, error)
	Import(ctx context.Context, actor sallyport.Actor, r io.Reader) (account.Batch, error)
}

type records interface {
	WaitingResets(ctx context.Context, actor sallyport.Actor) ([]account.WaitingReset, error)
	ApproveReset(ctx context.Context, actor sallyport.Actor, id string) error
	DenyReset(ctx context.Context, actor sallyport.Actor, id string) error
	OpenHelp(ctx context.Context, actor sallyport.Actor) ([]account.HelpItem, error)
	FinishHelp(ctx context.Context, actor sallyport.Actor, id string) error
	Sessions(ctx context.Context, actor sallyport.Actor, f sallyport.SessionFilter) (account.SessionPage, error)
	EndSession(ctx context.Context, actor sallyport.Actor, hash sallyport.Hash) error
	Policy(ctx context.Context, actor sallyport.Actor) (sallyport.Settings, error)
	Logo(ctx context.Context) (*account.Logo, error)
	House(ctx context.Context) (name string, logo *account.Logo, err error)
	Figures(ctx context.Context, actor sallyport.Actor) (account.Figures, error)
	Events(ctx context.Context, actor sallyport.Actor, f sallyport.EventFilter) ([]sallyport.Event, error)
	ExportEvents(ctx context.Context, actor sallyport.Actor, f sallyport.EventFilter, format string) (account.Export, error)
	Notices(ctx context.Context, actor sallyport.Actor) ([]sallyport.Notice, error)
	AckNotice(ctx context.Context, actor sallyport.Actor, id string) error
}

// Gateways are the use cases of Email Settings and SMS Settings. *delivery.Service is one.
type Gateways interface {
	Settings(ctx context.Context, actor sallyport.Actor, channel sallyport.Channel) (delivery.View, error)
	Needing(ctx context.Context, actor sallyport.Actor, channel sallyport.Channel) (delivery.Need, error)
	SaveDraft(ctx context.Context, actor sallyport.Actor, form delivery.Form) (delivery.Saved, error)
	DiscardDraft(ctx context.Context, actor sallyport.Actor, seen delivery.Seen) error
	Test(ctx context.Context, actor sallyport.Actor, seen delivery.Seen, to string) error
	ConfirmTest(ctx context.Context, actor sallyport.Actor, channel sallyport.Channel, code string) error
	Remove(ctx context.Context, actor sallyport.Actor, seen delivery.Seen) error
}

// Ledger is the keeper of the audit log. *ledger.Service is one.
type Ledger interface {
	Status(ctx context.Context, actor sallyport.Actor) (ledger.Status, error)
	Prove(ctx context.Context, actor sallyport.Actor, id int64) ([]byte, error)
}

// Renderer draws pages. *view.Renderer is one.
type Renderer interface {
	Render(w http.ResponseWriter, status int, p view.Page) error
}

// Options are what the pages are made of. All are needed but Keeper and Now.
type Options struct {
	Accounts Accounts
	Gateways Gateways
	Ledger   Ledger
	Pages    Renderer
	StepUp   string           // the page that asks for a fresh proof; it takes the way back as "return"
	Keeper   Keeper           // where pages keep things for other nodes; nil: this process is the only one
	Now      func() time.Time // the clock of what is kept in memory, and of "5 min ago"; nil: time.Now
}

// Console holds the Admin pages.
type Console struct {
	accounts Accounts
	gateways Gateways
	ledger   Ledger
	pages    Renderer
	stepUp   string
	keeper   Keeper
	now      func() time.Time

	answers  *shelf[view.Answer]
	parked   *shelf[parkedForm]
	rollouts *shelf[*rollout]

	work sync.WaitGroup
	stop context.CancelFunc
	live context.Context
}

// New makes the pages. Close ends the work that they have begun.
func New(o Options) *Console {
	c := &Console{accounts: o.Accounts, gateways: o.Gateways, ledger: o.Ledger, pages: o.Pages, stepUp: o.StepUp, keeper: o.Keeper, now: o.Now}
	if c.now == nil {
		c.now = time.Now
	}
	c.answers = newShelf[view.Answer]("answer", c, 1000, 10*time.Minute)
	c.parked = newShelf[parkedForm]("form", c, 50, 30*time.Minute) // one may hold a file of 1 MiB
	c.rollouts = newShelf[*rollout]("rollout", c, 200, 24*time.Hour)
	c.live, c.stop = context.WithCancel(context.Background())
	return c
}

// Close lets the technician whose turn it is in a roll-out be finished, leaves out the rest, and returns.
func (c *Console) Close() {
	c.stop()
	c.work.Wait()
}
