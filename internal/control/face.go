package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/ledger"
	"sallyport/internal/web"
)

// Accounts are the use cases that the host may ask for. *account.Service is one.
type Accounts interface {
	Rescue(ctx context.Context, actor sallyport.Actor, userName string) (link string, expires time.Time, err error)
	List(ctx context.Context, actor sallyport.Actor, f sallyport.Filter) (account.Page, error)
	Add(ctx context.Context, actor sallyport.Actor, form account.Form) (account.Added, error)
	PreviewImport(ctx context.Context, actor sallyport.Actor, r io.Reader) (account.Batch, error)
	Import(ctx context.Context, actor sallyport.Actor, r io.Reader) (account.Batch, error)
	ResetFactor(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID, reason string) (account.FactorReset, error)
	SignOut(ctx context.Context, actor sallyport.Actor, id sallyport.TechnicianID) (account.SignedOut, error)
	Policy(ctx context.Context, actor sallyport.Actor) (sallyport.Settings, error)
	SetPolicy(ctx context.Context, actor sallyport.Actor, name, value string) (sallyport.Settings, error)
	Logo(ctx context.Context) (*account.Logo, error)
	SetLogo(ctx context.Context, actor sallyport.Actor, picture []byte) (*account.Logo, error)
	RemoveLogo(ctx context.Context, actor sallyport.Actor) error
}

// Ledger is the keeper of the audit log. *ledger.Service is one.
type Ledger interface {
	Verify(ctx context.Context, actor sallyport.Actor, kept []byte) (ledger.Report, error)
	Prove(ctx context.Context, actor sallyport.Actor, id int64) ([]byte, error)
	Head(ctx context.Context, actor sallyport.Actor) (string, error)
	Erase(ctx context.Context, actor sallyport.Actor, who, reason string) (ledger.Erased, error)
	Verifier() string
}

// Options are what the face is made of. All are needed.
type Options struct {
	Accounts Accounts
	Ledger   Ledger
	Keys     Keys
	Backup   func(ctx context.Context, actor sallyport.Actor, path string) error // writes a consistent copy of the database to a new file
	Folder   string                                                              // where a copy waits while it is handed over
	Owner    int                                                                 // uid that owns the data folder
	Log      *slog.Logger
}

// Face is the http.Handler of all operations. A request without a peer in its context is refused.
type Face struct {
	o   Options
	mux *http.ServeMux
}

// New makes the face.
func New(o Options) *Face {
	f := &Face{o: o, mux: http.NewServeMux()}
	f.handle("rescue", operation(f.rescue))
	f.handle("technician/list", operation(f.list))
	f.handle("technician/add", operation(f.add))
	f.handle("technician/import", operation(f.importCSV))
	f.handle("technician/reset-factor", operation(f.resetFactor))
	f.handle("technician/sign-out", operation(f.signOut))
	f.handle("policy/list", operation(f.policyList))
	f.handle("policy/set", operation(f.policySet))
	f.handle("policy/logo", operation(f.logo))
	f.handle("policy/logo/set", operation(f.setLogo))
	f.handle("policy/logo/remove", operation(f.removeLogo))
	f.handle("audit/verify", operation(f.auditVerify))
	f.handle("audit/prove", operation(f.auditProve))
	f.handle("audit/head", operation(f.auditHead))
	f.handle("audit/key", operation(f.auditKey))
	f.handle("audit/erase", operation(f.auditErase))
	f.handle("key/list", operation(f.keyList))
	f.handle("key/rotate", operation(f.keyRotate))
	f.handle("key/drop", operation(f.keyDrop))
	f.handle("backup", f.backup)
	return f
}

func (f *Face) handle(name string, h handler) {
	f.mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) {
		actor, err := f.actor(r.Context())
		if err == nil {
			err = h(w, r, actor)
		}
		log := f.o.Log.With("operation", name, "actor", actor.Name, "request_id", actor.Client.RequestID)
		if err == nil {
			log.Info("command")
			return
		}
		log.Info("command", "error", err.Error())
		refuse(w, err)
	})
}

// ServeHTTP answers one operation.
func (f *Face) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.mux.ServeHTTP(w, r) }

// actor is the person behind the request, as the kernel knows him.
func (f *Face) actor(ctx context.Context) (sallyport.Actor, error) {
	p, ok := peerOf(ctx)
	if !ok || p.UID != f.o.Owner && p.UID != 0 {
		return sallyport.Actor{Name: p.Name()}, sallyport.E(sallyport.Forbidden, "not_owner", "Only the owner of the data folder and root may do this.")
	}
	return p.Actor(), nil
}

type handler func(w http.ResponseWriter, r *http.Request, actor sallyport.Actor) error

// maxRequest bounds a request: a team's CSV file.
const maxRequest = 8 << 20

// otherVersion is what a command is told whose server knows no such operation, or not all that is asked of it.
const otherVersion = "The server that runs is of another version than this program: it does not know what was asked for, and nothing was done. " +
	"Restart it with this program, then try again."

// operation makes a handler of a function from one JSON object to another.
func operation[In, Out any](do func(ctx context.Context, actor sallyport.Actor, in In) (Out, error)) handler {
	return func(w http.ResponseWriter, r *http.Request, actor sallyport.Actor) error {
		var in In
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			return web.BadRequest("The request could not be read.").Because(err)
		}
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			return web.BadRequest(otherVersion).Because(err)
		}
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return web.BadRequest("The request is more than one object.").Because(err)
		}
		out, err := do(r.Context(), actor, in)
		if err != nil {
			return err
		}
		return web.JSON(w, http.StatusOK, out)
	}
}

// failure is an error on its way to the command.
type failure struct {
	Kind    sallyport.Kind    `json:"kind"`
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Fields  []sallyport.Field `json:"fields,omitempty"`
	After   time.Duration     `json:"after,omitempty"`
	Cause   string            `json:"cause,omitempty"` // shown on the host only, to whom the log belongs anyway
}

func refuse(w http.ResponseWriter, err error) {
	out := failure{Kind: sallyport.Internal, Code: "internal", Message: "Something went wrong.", Cause: err.Error()}
	var e *sallyport.Error
	if errors.As(err, &e) {
		out = failure{Kind: e.Kind, Code: e.Code, Message: e.Message, Fields: e.Fields, After: e.RetryAfter}
		if cause := e.Unwrap(); cause != nil && (e.Kind == sallyport.Internal || e.Kind == sallyport.Unavailable) {
			out.Cause = cause.Error()
		}
	}
	_ = web.JSON(w, web.Status(err), out) // strings and numbers: it cannot fail
}
