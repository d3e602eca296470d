package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"sallyport/internal/app"
	"sallyport/internal/config"
)

// Options say where the demo lives.
type Options struct {
	Folder    string    // data folder, new or an earlier demo's, which starts over; empty: a temporary one, removed at the end
	Listen    string    // for people; empty: 127.0.0.1:8080, or any free port where that is taken
	Workbench string    // for the workbench; empty: 127.0.0.1:8090, or any free port where that is taken
	Out       io.Writer // the terminal
	Log       *slog.Logger

	HashCommand []string // as in app.Options
}

// Run makes the organisation, serves it and the workbench until ctx ends, and takes away what it made in a temporary
// folder.
func Run(ctx context.Context, o Options) (err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	path, remove, err := prepareFolder(o.Folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	b, err := newBench(o.Workbench)
	if err != nil {
		return err
	}
	defer b.close()
	cfg, err := configuration(path, o.Listen)
	if err != nil {
		return err
	}
	t, err := seed(ctx, cfg, b)
	if err != nil {
		return fmt.Errorf("demo organisation: %w", err)
	}
	t.kept = o.Folder != ""
	a, err := app.New(ctx, cfg, app.Options{Log: o.Log, HashCommand: o.HashCommand})
	if err != nil {
		return err
	}
	return serve(ctx, a, b, t, o.Out)
}

// configuration is what "serve" would read from a file; neither a file nor the environment has a say in the demo.
func configuration(folder, listen string) (config.Config, error) {
	listen, err := freeAddress(listen, "127.0.0.1:8080")
	if err != nil {
		return config.Config{}, err
	}
	if !onLoopback(listen) {
		return config.Config{}, fmt.Errorf("the demo listens on loopback only, not on %s", listen)
	}
	l, err := config.Load(config.Sources{File: os.DevNull, Lookup: func(string) (string, bool) { return "", false }, Flags: map[string]string{
		"data": folder, "listen": listen, "operations": "off", "allowed_networks": "127.0.0.1",
		"requests_per_second": "0", // the three browsers ask without a pause
	}})
	if err != nil {
		return config.Config{}, err
	}
	return l.Config, nil
}

// serve runs the server, the workbench and the three browsers until ctx ends or one of them cannot go on.
func serve(ctx context.Context, a *app.App, b *bench, t *team, out io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var parts sync.WaitGroup
	parts.Go(func() {
		if err := a.Run(ctx); err != nil {
			cancel(err)
		}
		cancel(context.Canceled)
	})
	record, err := openRecord(ctx, t.folder)
	if err != nil {
		cancel(err)
		parts.Wait()
		return err
	}
	defer record.close()
	if err := b.open(a.URL(), t, record); err != nil {
		cancel(err)
		parts.Wait()
		return err
	}
	parts.Go(func() {
		if err := b.serve(ctx); err != nil {
			cancel(err)
		}
	})
	parts.Go(func() { b.browsers.run(ctx) })
	say(out, a.URL(), b.url(), t)
	parts.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// freeAddress is asked, or usual where nothing was asked, or any free port where usual is taken. Port 0 becomes a free
// one: links need it before the server has it.
func freeAddress(asked, usual string) (string, error) {
	if asked != "" && !strings.HasSuffix(asked, ":0") {
		return asked, nil
	}
	if asked != "" {
		usual = asked
	}
	l, err := net.Listen("tcp", usual)
	if err != nil {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return "", err
		}
	}
	return l.Addr().String(), l.Close()
}

func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// newServer is an http.Server with limits; the demo's own ports need no more.
func newServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
}
