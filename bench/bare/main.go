// Command bare is the yardstick of the benchmarks: a net/http server as it comes that answers GET /session with 204 where
// the cookie's token is in a map, and 401 otherwise. With -file it opens a database first, as any server with one must.
//
// It owns nothing and knows nothing of Sallyport but the name of its cookie.
package main

import (
	"database/sql"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"

	_ "modernc.org/sqlite"
)

func main() {
	port := flag.String("port", "", "port on loopback")
	tokens := flag.String("tokens", "", "file of the tokens that are good")
	file := flag.String("file", "", "database to open")
	flag.Parse()
	if err := run(*port, *tokens, *file); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func run(port, tokens, file string) error {
	good := map[string]struct{}{}
	if tokens != "" {
		text, err := os.ReadFile(tokens)
		if err != nil {
			return err
		}
		for token := range strings.FieldsSeq(string(text)) {
			good[token] = struct{}{}
		}
	}
	if file != "" {
		if err := open(file); err != nil {
			return err
		}
	}
	http.HandleFunc("GET /session", func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie("sallyport-" + port)
		if err == nil {
			if _, ok := good[cookie.Value]; ok {
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		w.WriteHeader(http.StatusUnauthorized)
	})
	return http.ListenAndServe("127.0.0.1:"+port, nil)
}

// open opens the database as a server would, and looks into it once.
func open(file string) error {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return err
	}
	var n int
	return db.QueryRow("SELECT count(*) FROM meta").Scan(&n)
}
