// Command point is the yardstick of session checks on PostgreSQL: a net/http server as it comes that answers GET /session
// with one point query for each request, over the driver's own pool as it comes.
//
// It owns nothing and knows nothing of Sallyport but the name of its cookie and the tables of its sessions.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"fmt"
	"net/http"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"
)

// query is what one check must ask to be strictly as fresh as ours: the session, its technician's generation and status,
// and the database's clock.
const query = `SELECT s.used_at FROM session s JOIN technician t ON t.id = s.technician
	WHERE s.hash = $1 AND s.generation = t.generation AND t.status = 'active' AND s.expires_at > now_us()`

func main() {
	port := flag.String("port", "", "port on loopback")
	database := flag.String("database", "", "address of the PostgreSQL database to ask")
	flag.Parse()
	if err := run(*port, *database); err != nil {
		fmt.Fprintln(os.Stderr, "point:", err)
		os.Exit(1)
	}
}

func run(port, database string) error {
	pool, err := pgxpool.New(context.Background(), database)
	if err != nil {
		return err
	}
	http.HandleFunc("GET /session", func(w http.ResponseWriter, r *http.Request) {
		if good(r, "sallyport-"+port, pool) {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
	})
	return http.ListenAndServe("127.0.0.1:"+port, nil)
}

func good(r *http.Request, name string, pool *pgxpool.Pool) bool {
	cookie, err := r.Cookie(name)
	if err != nil {
		return false
	}
	token, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return false
	}
	hash := sha256.Sum256(token)
	return pool.QueryRow(r.Context(), query, hash[:]).Scan(new(int64)) == nil
}
