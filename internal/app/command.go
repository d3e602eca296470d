package app

import (
	"context"
	"errors"
	"os"

	"sallyport/internal/config"
	"sallyport/internal/control"
)

// Command reaches the use cases for a command: in this process when the folder is free, through the running server's
// socket when it is not, never through the database's file beside a server. close ends it.
func Command(ctx context.Context, cfg config.Config, o Options) (client *control.Client, closeIt func() error, err error) {
	me := os.Getuid()
	f, err := openUsed(cfg)
	if errors.Is(err, ErrHeld) {
		return control.Remote(cfg.Data), func() error { return nil }, nil
	}
	if err != nil {
		return nil, nil, err
	}
	c, err := openCore(ctx, cfg, f, cfg.Public(cfg.Listen), o)
	if err != nil {
		return nil, nil, errors.Join(err, f.close())
	}
	return control.Local(c.face(), control.Peer{UID: me}), c.close, nil
}
