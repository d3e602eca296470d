package web

import (
	"log/slog"
	"net/http"
	"time"
)

const (
	headerTime = 5 * time.Second  // for a header to arrive
	writeTime  = 60 * time.Second // how long an answer may wait for its reader
	idleTime   = 90 * time.Second // how long a connection may wait for its next request

	streamsAtOnce = 100 // requests under way on one connection of HTTP/2
)

// NewServer puts a handler behind the time and size limits of every listener: 5 s for the header, 10 s for a body (set
// per request), writeTime for an answer (a Site counts it anew while it writes), 32 KiB of header.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    32 << 10,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: streamsAtOnce},
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),

		DisableGeneralOptionsHandler: true, // which answers "OPTIONS *" for any host
	}
}
