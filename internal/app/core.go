package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
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
}

// core is the opened folder with every use case over it: what the server and the commands share.
type core struct {
	cfg      config.Config
	public   string
	log      *slog.Logger
	now      func() time.Time
	folder   *folder
	db       *store.DB
	keys     *keyring.Ring
	hasher   *factor.Hasher
	account  *account.Service
	session  *session.Service
	delivery *delivery.Service
	ledger   *ledger.Service
}

// openCore takes the folder and opens what lies in it. public is where links lead.
func openCore(ctx context.Context, cfg config.Config, f *folder, public string, o Options) (*core, error) {
	c := &core{cfg: cfg, public: public, log: o.Log, now: o.Now, folder: f}
	if c.log == nil {
		c.log = slog.Default()
	}
	if c.now == nil {
		c.now = time.Now
	}
	var err error
	if c.db, err = store.Open(ctx, store.Options{Folder: f.path, Now: c.now}); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if c.keys, err = openKey(ctx, c.db, cfg.Key); err == nil {
		err = c.checkClock(ctx, o.AcceptClock)
	}
	if err == nil {
		err = c.newServices()
	}
	if err != nil {
		return nil, errors.Join(err, c.db.Close())
	}
	return c, nil
}

func (c *core) newServices() error {
	u, err := url.Parse(c.public)
	if err != nil {
		return err
	}
	c.delivery = newDelivery(c, u.Hostname())
	c.account = account.New(account.Options{Store: transactions[account.Tx]{c.db}, Keys: c.keys,
		Notices: accountNotices{c.delivery}, PublicURL: c.public, Wake: c.delivery.Wake})
	c.hasher = factor.NewHasher(processors())
	c.session = session.New(session.Options{Store: transactions[session.Tx]{c.db}, Keys: c.keys, Hasher: c.hasher,
		Messages: messages{c.delivery}, Host: u.Hostname(), Public: c.public, Now: c.now, Log: c.log})
	memory := c.session.Memory()
	c.db.OnCommit(memory.Committed, memory.Forget)
	c.ledger, err = newLedger(c)
	return err
}

// face is what commands ask, in this process or through the socket.
func (c *core) face() *control.Face {
	return control.New(control.Options{Accounts: c.account, Ledger: c.ledger, Backup: c.backup, Folder: c.folder.path, Owner: c.folder.owner, Log: c.log})
}

func (c *core) close() error {
	c.session.Close()
	return errors.Join(c.db.Close(), c.folder.close())
}

// backup writes a copy of the database, with its event in the copy's origin.
func (c *core) backup(ctx context.Context, actor sallyport.Actor, path string) error {
	if err := c.db.Backup(ctx, path); err != nil {
		return err
	}
	return c.db.Write(ctx, func(tx *store.Tx) error {
		return tx.InsertEvent(ctx, audit.New(audit.BackupMade, actor).Changed(nil, map[string]string{"with_key": "no"}).Event())
	})
}
