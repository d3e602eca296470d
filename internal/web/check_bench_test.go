package web

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"sallyport"
)

// BenchmarkSessionCheck is one refused check over a kept connection, ours and a bare handler's; bench/ measures the
// server's share alone, from outside.
func BenchmarkSessionCheck(b *testing.B) {
	site, err := New(Options{Public: "http://localhost:1", Log: slog.New(slog.DiscardHandler), Check: func(context.Context, sallyport.Token) (bool, error) { return false, nil }})
	if err != nil {
		b.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /session", func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("sallyport-1"); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	for name, s := range map[string]*http.Server{"ours": NewServer(site, slog.New(slog.DiscardHandler)), "bare": {Handler: mux}} {
		b.Run(name, func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			go func() { _ = s.Serve(l) }()
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			answers := bufio.NewReader(c)
			for b.Loop() {
				if _, err := io.WriteString(c, "GET /session HTTP/1.1\r\nHost: localhost:1\r\nUser-Agent: bench\r\n\r\n"); err != nil {
					b.Fatal(err)
				}
				for { // up to the empty line
					line, err := answers.ReadSlice('\n')
					if err != nil {
						b.Fatal(err)
					}
					if len(line) == 2 {
						break
					}
				}
			}
			c.Close()
			_ = l.Close()
		})
	}
}
