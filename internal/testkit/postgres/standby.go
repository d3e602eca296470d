package postgres

import (
	"database/sql"
	"errors"
	"os"
	"strconv"
	"testing"
	"time"
)

// Standby makes and runs a synchronous standby of s: from now on a COMMIT waits until it has it.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	other, err := s.Adopt()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Stop)
	if err := errors.Join(
		s.Run("pg_basebackup", "-d", s.URL("postgres"), "-D", other.Data(), "-R", "-X", "stream", "-c", "fast", "--no-sync"),
		os.Chmod(other.Data(), 0o700),
		other.Configure("port = "+strconv.Itoa(other.Port), "unix_socket_directories = '"+other.Folder+"'"),
		other.Up(),
		s.Exec("postgres", `ALTER SYSTEM SET synchronous_standby_names = '*'`, `SELECT pg_reload_conf()`),
	); err != nil {
		t.Fatal(err)
	}
	if err := s.followed(); err != nil {
		t.Fatal(err)
	}
	return other
}

// followed waits until a synchronous standby follows.
func (s *Server) followed() error {
	db, err := sql.Open("pgx", s.URL("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(patience); ; {
		n := 0
		if err := db.QueryRow(`SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'`).Scan(&n); err != nil || n > 0 {
			return err
		}
		select {
		case <-tick.C:
		case <-limit:
			return errors.New("the standby does not follow")
		}
	}
}

// Promote makes a standby the server that is written to.
func (s *Server) Promote() error { return s.Run("pg_ctl", "-D", s.Data(), "-w", "promote") }
