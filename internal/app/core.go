package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/config"
	"sallyport/internal/control"
	"sallyport/internal/delivery"
	"sallyport/internal/factor"
	"sallyport/internal/keyring"
	"sallyport/internal/ledger"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// Options are what a configuration does not say.
type Options struct {
	Log         *slog.Logger     // nil: slog.Default()
	Now         func() time.Time // the database's clock; nil: time.Now
	AcceptClock bool             // start although the clock is behind the last stored time
	HashCommand []string         // runs Hash in a process of its own; empty: password hashes are computed here
	Derive      factor.Derive    // computes password hashes, whatever HashCommand says; nil: HashCommand says

	stopWithin time.Duration // how long requests under way may take to end; 0: the usual time
	restoring  bool          // what the node has seen of the database is about to be settled
	sealAtOnce int           // values that a rotation seals again in one transaction; 0: the usual number
	sealed     func() error  // is called after each such transaction; nil: nothing is
}

// core is the opened folder with every use case over it: what the server and the commands share.
type core struct {
	cfg      config.Config
	public   string
	log      *slog.Logger
	now      func() time.Time
	folder   *folder
	db       *store.DB
	fit      *fitness // nil where this process is the only one
	state    *state
	keys     *keyring.Ring
	keyFile  fs.FileInfo   // as it was when it was taken last; nil: not yet, or what is there now is not taken
	keyWrong string        // why it is not
	keysMu   sync.Mutex    // one rotation at a time
	circle   *store.Circle // nil where this process is the only one
	hasher   *factor.Hasher
	unhash   func() // ends what hashes
	account  *account.Service
	session  *session.Service
	delivery *delivery.Service
	refusals *refusals
	ledger   *ledger.Service
	named    atomic.Pointer[string] // the organisation's name as it was read last; nil: never yet
	unswept  int                    // sweeps that delete nothing from now on
	jump     int64                  // the event of the last jump of the clock that is over for this node

	sealAtOnce int
	sealed     func() error
}

// openCore takes the folder and opens what lies in it. public is where links lead.
func openCore(ctx context.Context, cfg config.Config, f *folder, public string, o Options) (*core, error) {
	c := &core{cfg: cfg, public: public, log: o.Log, now: o.Now, folder: f, refusals: newRefusals(),
		sealAtOnce: o.sealAtOnce, sealed: o.sealed}
	if c.sealAtOnce < 1 {
		c.sealAtOnce = sealAtOnce
	}
	if c.log == nil {
		c.log = slog.Default()
	}
	c.hasher, c.unhash = newHasher(o, c.log)
	if c.now == nil {
		c.now = time.Now
	}
	if err := c.openDatabase(ctx, o.restoring); err != nil {
		return nil, err
	}
	var err error
	for _, warning := range c.db.Warnings() {
		c.log.Warn(warning)
	}
	if c.keys, err = openKey(ctx, c.db, c.folder, cfg.Key); err == nil {
		err = c.checkClock(ctx, o.AcceptClock)
	}
	if err == nil {
		err = c.checkNode(ctx)
	}
	if err == nil && !o.restoring {
		err = c.agree(ctx)
	}
	if err == nil {
		err = c.newServices()
	}
	if err != nil {
		return nil, errors.Join(err, c.db.Close())
	}
	return c, nil
}

// openDatabase opens the database where this node has seen its newest primary, or a newer one. A primary that was replaced
// is not even looked into, unless an operator has accepted it with another node, or is about to with this one.
func (c *core) openDatabase(ctx context.Context, restoring bool) (err error) {
	if c.state, err = openState(c.folder.path); err != nil {
		return err
	}
	if err := c.lostFile(); err != nil {
		return err
	}
	o := store.Options{Folder: c.folder.path, Address: c.cfg.Database, Now: c.now, Seen: c.state.get().Primary, Unhurried: restoring}
	c.db, err = store.Open(ctx, o)
	if replaced(err) != nil && (restoring || c.accepted(ctx)) {
		o.Seen = store.Primary{}
		c.db, err = store.Open(ctx, o)
	}
	if old := replaced(err); old != nil {
		return old
	}
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	return nil
}

func (c *core) newServices() error {
	u, err := url.Parse(c.public)
	if err != nil {
		return err
	}
	c.delivery = newDelivery(c, u.Hostname())
	desk := account.Options{Store: transactions[account.Tx]{c.db, c.fit}, Keys: c.keys,
		Notices: accountNotices{c.delivery}, PublicURL: c.public, Shared: c.db.Shared(), Wake: c.delivery.Wake, Refused: c.refusals.observe,
		HouseKept: time.Second}
	o := session.Options{Store: transactions[session.Tx]{c.db, c.fit}, Keys: c.keys, Hasher: c.hasher,
		Messages: messages{c.delivery}, Host: u.Hostname(), Public: c.public, Now: c.now, Log: c.log}
	if c.db.Shared() {
		o.Lookup = lookup{c.db, c.fit}
		if c.circle, err = store.NewCircle(c.cfg.Database, c.announcement, c.refuses); err != nil {
			return err
		}
		desk.Nodes = c.circle.With(c.db)
	}
	c.account = account.New(desk)
	c.session = session.New(o)
	if memory := c.session.Memory(); memory != nil {
		c.db.OnCommit(memory.Committed, memory.Forget)
	}
	c.ledger, err = newLedger(c)
	return err
}

// face is what commands ask, in this process or through the socket.
func (c *core) face() *control.Face {
	return control.New(control.Options{Accounts: c.account, Ledger: c.ledger, Keys: locksmith{c}, Backup: c.backup, Folder: c.folder.path, Owner: c.folder.owner, Log: c.log})
}

func (c *core) close() error {
	c.session.Close()
	c.unhash()
	c.circle.Close()
	return errors.Join(c.db.Close(), c.folder.close())
}

// backup writes a copy of the database, with its event in the copy's origin.
func (c *core) backup(ctx context.Context, actor sallyport.Actor, path string) error {
	if err := c.db.Backup(ctx, path); err != nil {
		return err
	}
	return c.mark(ctx, func(tx *store.Tx) error { // the mark that the copy does not have tells it from the original
		return tx.InsertEvent(ctx, audit.New(audit.BackupMade, actor).Changed(nil, map[string]string{"with_key": "no"}).Event())
	})
}
