package web

import (
	"log/slog"
	"net/http"
	"time"
)

// writeTime is how long an answer may wait for its reader.
const writeTime = 60 * time.Second

// NewServer puts a handler behind the time and size limits of every listener: 5 s for the header, 10 s for a body (set
// per request), writeTime for an answer (a Site counts it anew while it writes), 32 KiB of header.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      writeTime,
		IdleTimeout:       90 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
