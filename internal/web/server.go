package web

import (
	"log/slog"
	"net/http"
	"time"
)

// NewServer puts a handler behind the time and size limits of every listener: 5 s for the header, 10 s for a body (set
// per request), 60 s for an answer (the audit log's export extends it), 32 KiB of header.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       90 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
