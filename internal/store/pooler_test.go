package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/postgres"
)

// D11.15: a pooler in transaction mode, and one that keeps settings from the database, are refused in words; one in
// session mode with the settings of the role serves, of which none bounds who is in no hurry, nor a step of the schema.
func TestD11_15Pooler(t *testing.T) {
	s := postgres.Start(t)
	if err := s.Exec("postgres", `CREATE DATABASE pooled`); err != nil {
		t.Fatal(err)
	}
	drops := "ignore_startup_parameters = statement_timeout, lock_timeout, idle_in_transaction_session_timeout, synchronous_commit"
	bound := "8s"
	open := func(mode string, lines ...string) error {
		db, err := store.Open(t.Context(), store.Options{Address: s.TCP("pooled", s.Pooler(t, mode, lines...)), Unhurried: bound == "0"})
		if err != nil {
			return err
		}
		written := db.Write(t.Context(), func(tx *store.Tx) error {
			plans, err := store.Setting(t.Context(), tx, "enable_seqscan")
			if err == nil && plans != "off" {
				err = fmt.Errorf("enable_seqscan is %s", plans)
			}
			if err != nil {
				return err
			}
			statement, err := store.Setting(t.Context(), tx, "statement_timeout")
			if err == nil && statement != bound {
				err = fmt.Errorf("statement_timeout is %s, want %s", statement, bound)
			}
			return err
		})
		_, _, looked := db.LookUpSessions(t.Context(), []sallyport.Hash{{}})
		return errors.Join(written, looked, db.Close())
	}
	for _, mode := range []string{"session", "transaction"} {
		if err := open(mode); err == nil || !strings.Contains(err.Error(), "unsupported startup parameter") {
			t.Errorf("%s as it is delivered: %v", mode, err)
		}
		if err := open(mode, drops); err == nil || !strings.Contains(err.Error(), "lock_timeout") {
			t.Errorf("%s that drops settings: %v", mode, err)
		}
	}
	if err := s.Exec("postgres", `ALTER DATABASE pooled SET lock_timeout = '3s'`, `ALTER DATABASE pooled SET statement_timeout = '8s'`); err != nil {
		t.Fatal(err)
	}
	if err := open("transaction", drops); err == nil || !strings.Contains(err.Error(), "transaction mode") {
		t.Errorf("transaction mode: %v", err)
	}
	err := s.Exec("pooled", `CREATE FUNCTION step() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
			IF current_setting('lock_timeout') <> '1s' THEN RAISE EXCEPTION 'a step waits for a table for %', current_setting('lock_timeout'); END IF;
		END $$`, `CREATE EVENT TRIGGER step ON ddl_command_start EXECUTE FUNCTION step()`)
	if err != nil {
		t.Fatal(err)
	}
	for _, bound = range []string{"8s", "0"} {
		if err := open("session", drops); err != nil {
			t.Errorf("session mode: %v", err)
		}
	}
}
