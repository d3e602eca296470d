package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"sallyport/internal/config"
	"sallyport/internal/control"
	"sallyport/internal/web"
)

// stopTime is how long requests under way may take to end when the server stops. Messages on their way have the limit of a
// send beside that.
const stopTime = 10 * time.Second

// App is a server whose ports are open: requests wait until Run answers them.
type App struct {
	core       *core
	site       *web.Site
	closeFaces func()
	cert       *certificate // nil without TLS
	public     net.Listener
	crowd      *web.Connections // public, as what counts its connections
	operations net.Listener     // nil when switched off
	socket     net.Listener
	servers    []*http.Server
	ops        *operations
	stopWithin time.Duration
	hup        chan os.Signal // SIGHUP, from the beginning: it ends nothing that is only just starting
}

// New takes the data folder, opens everything in it and opens the ports. Either it answers with all of that, or it has
// let go of all of it.
func New(ctx context.Context, cfg config.Config, o Options) (*App, error) {
	quietStart()
	a := &App{closeFaces: func() {}, stopWithin: cmp.Or(o.stopWithin, stopTime), hup: make(chan os.Signal, 1)}
	signal.Notify(a.hup, syscall.SIGHUP)
	if err := a.open(ctx, cfg, o); err != nil {
		return nil, errors.Join(err, a.release())
	}
	return a, nil
}

func (a *App) open(ctx context.Context, cfg config.Config, o Options) error {
	var err error
	read := readPages()
	if cfg.TLS() {
		if a.cert, err = newCertificate(cfg); err != nil {
			return err
		}
	}
	if err := a.listen(cfg); err != nil {
		return err
	}
	f, err := openData(cfg, true)
	if err != nil {
		return err
	}
	if a.core, err = openCore(ctx, cfg, f, cfg.Public(a.public.Addr().String()), o); err != nil {
		return errors.Join(err, f.close())
	}
	if err = a.core.session.LoadDummy(ctx); err != nil {
		return err
	}
	if err = a.core.circle.Open(ctx); err != nil {
		return fmt.Errorf("say to the other nodes that this one runs: %w", err)
	}
	a.ops = newOperations(a.core)
	a.ops.watchConnections(a.crowd)
	pages, err := read()
	if err != nil {
		return err
	}
	if a.site, a.closeFaces, err = newSite(a.core, a.ops, pages); err != nil {
		return err
	}
	if a.socket, err = control.Listen(f.path); err != nil {
		return fmt.Errorf("socket for commands: %w", err)
	}
	a.newServers()
	return nil
}

// listen opens the ports before the folder, so that root may open a low port and then become the folder's owner.
func (a *App) listen(cfg config.Config) (err error) {
	public, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w (set listen to another address and port)", err)
	}
	a.crowd = web.Bound(public, bounds(cfg))
	a.public = a.crowd
	if cfg.Operations != "off" {
		if a.operations, err = net.Listen("tcp", cfg.Operations); err != nil {
			return fmt.Errorf("operations: %w (set operations to another port, or to off)", err)
		}
	}
	return nil
}

// newServers makes one http.Server for each listener, in the order of serve.
func (a *App) newServers() {
	log := a.core.log
	public := web.NewServer(a.site, log)
	if a.cert != nil {
		public.TLSConfig = a.cert.config()
	}
	commands := web.NewServer(a.core.face(), log)
	commands.ConnContext = control.ConnContext
	commands.WriteTimeout = 0 // a backup takes as long as it takes
	a.servers = []*http.Server{public, commands}
	if a.operations != nil {
		a.servers = append(a.servers, web.NewServer(a.ops.handler(), log))
	}
}

// Handler answers what browsers ask, without the ports; for tests.
func (a *App) Handler() http.Handler { return a.site }

// Site is the route table of the assembled server.
func (a *App) Site() *web.Site { return a.site }

// URL is the public address, without a slash at its end.
func (a *App) URL() string { return a.core.public }

// Node is how this server is named to the others on its database; empty on SQLite.
func (a *App) Node() string { return a.core.circle.ID() }

// OperationsURL is where health and metrics are, empty when switched off.
func (a *App) OperationsURL() string {
	if a.operations == nil {
		return ""
	}
	return "http://" + a.operations.Addr().String()
}

// FirstLink is the one-use address where the first Super Admin is made; made is false once that has been done.
func (a *App) FirstLink(ctx context.Context) (link string, made bool, err error) {
	return a.core.account.FirstLink(ctx)
}

// Run serves until ctx ends, then stops gracefully: no new requests, those under way to their end, then the workers,
// then the database. It returns nil after such a stop, and an error where a request was broken off at the limit.
func (a *App) Run(ctx context.Context) error {
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	w := a.core.startWorkers(work)
	failed := a.serve()
	a.core.log.Info("serving", "public", a.core.public, "listen", a.public.Addr().String(), "key", a.core.keys.ID(), "node", a.core.circle.ID())
	var err error
	for done := false; !done; {
		select {
		case <-ctx.Done():
			done = true
		case err = <-failed:
			done = true
		case <-a.hup:
			a.reload()
		}
	}
	a.core.log.Info("stopping")
	err = errors.Join(err, a.stop())
	stopWork()
	w.Wait()
	if err := a.core.markTime(context.WithoutCancel(ctx)); err != nil { // which a kill would not do either
		a.core.log.Error("stopped, but the database does not know when", "error", err)
	}
	return errors.Join(err, a.release())
}

// serve starts the servers. The channel gives the error of the first that ends by itself.
func (a *App) serve() <-chan error {
	failed := make(chan error, len(a.servers))
	listeners := []net.Listener{a.readable(), a.socket, a.operations}
	for i, s := range a.servers {
		go func() {
			var err error
			if s.TLSConfig != nil {
				err = s.ServeTLS(listeners[i], "", "")
			} else {
				err = s.Serve(listeners[i])
			}
			if !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		}()
	}
	return failed
}

// readable is the public listener. Session checks are answered on its connections where those carry HTTP: where they carry
// TLS, a request that could be read there came without, and is none for us.
func (a *App) readable() net.Listener {
	if a.cert != nil {
		return web.Calm(a.public)
	}
	return a.site.Listen(a.public)
}

func (a *App) reload() {
	if a.cert == nil {
		return
	}
	if err := a.cert.reload(); err != nil {
		a.core.log.Error("the certificate in use stays", "error", err)
		return
	}
	a.core.log.Info("certificate read again")
}

func (a *App) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), a.stopWithin)
	defer cancel()
	var errs []error
	for _, s := range a.servers {
		if err := s.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop: %w", err), s.Close())
		}
	}
	a.closeFaces()
	return errors.Join(errs...)
}

// release gives back whatever is held. A listener that a server has closed already is no error.
func (a *App) release() error {
	signal.Stop(a.hup)
	var errs []error
	for _, l := range []net.Listener{a.public, a.operations, a.socket} {
		if l == nil {
			continue
		}
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if a.core != nil {
		errs = append(errs, a.core.close())
	}
	return errors.Join(errs...)
}

// Close lets go of everything of an App that was never run.
func (a *App) Close() error {
	a.closeFaces()
	return a.release()
}

// NewLog makes the log that a configuration asks for, on standard error.
func NewLog(cfg config.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if cfg.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(os.Stderr, o))
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, o))
}
