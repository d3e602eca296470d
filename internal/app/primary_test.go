package app_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/internal/app"
	"sallyport/internal/testkit/postgres"
)

// The standby was promoted, and its primary goes on. The node that reaches both goes over to the newer one, and serves the
// older one never again, after a start neither, unless an operator says so.
func TestReplacedPrimaryIsRefused(t *testing.T) {
	older := postgres.Start(t)
	if err := older.Exec("postgres", `CREATE DATABASE own`); err != nil {
		t.Fatal(err)
	}
	newer := older.Standby(t)
	newest, err := url.Parse(newer.TCP("own", newer.Port))
	if err != nil {
		t.Fatal(err)
	}
	alone := older.TCP("own", older.Port)
	both := nodeConfig(t, strings.Replace(alone, "/own", ","+newest.Host+"/own", 1), nil)
	super, read := staffOn(t, both.Data, both.Database)
	a, stop := running(t, both, quiet())
	until(t, "let in", func() bool { return checkAt(a, super) == 204 && checkAt(a, read) == 204 })
	until(t, "its first mark, which the standby has", func() bool {
		text, err := os.ReadFile(filepath.Join(both.Data, "seen"))
		return err == nil && strings.Contains(string(text), `"mark":1`)
	})
	if err := errors.Join(older.Exec("postgres", `ALTER SYSTEM SET synchronous_standby_names = ''`, `SELECT pg_reload_conf()`),
		newer.Exec("postgres", `ALTER SYSTEM SET synchronous_standby_names = ''`, `SELECT pg_reload_conf()`), newer.Promote(),
		newer.Exec("own", `DELETE FROM session WHERE technician IN (SELECT id FROM technician WHERE user_name_key LIKE 'rio%')`)); err != nil {
		t.Fatal(err)
	}
	until(t, "what ended on the newer one is refused", func() bool { return checkAt(a, read) == 401 && checkAt(a, super) == 204 })
	if err := newer.Exec("own", `CREATE TABLE moved AS SELECT now_us() AS at`); err != nil {
		t.Fatal(err)
	}
	until(t, "it announces itself there", func() bool {
		return newer.Exec("own", `SELECT 1 / count(*) FROM node, moved WHERE seen_at > at`) == nil
	})
	const words = "timeline 1 after timeline 2"
	newer.Down()
	until(t, "it says why it is not ready", func() bool {
		code, body := get(t, a.OperationsURL()+"/readyz")
		return code == 503 && strings.Contains(body, words)
	})
	if code := checkAt(a, super); code == 204 {
		t.Errorf("let in by the older one: %d", code)
	}
	_ = stop() // it cannot say goodbye
	back := both
	back.Database = alone
	if a, err := app.New(t.Context(), back, quiet()); err == nil || !strings.Contains(err.Error(), words) {
		if err == nil {
			_ = a.Close()
		}
		t.Fatalf("started on the older one: %v", err)
	}
	if err := newer.Up(); err != nil {
		t.Fatal(err)
	}
	again, stop := running(t, both, quiet())
	until(t, "the newer one is found behind the older one", func() bool { return checkAt(again, super) == 204 && checkAt(again, read) == 401 })
	if err := stop(); err != nil {
		t.Error(err)
	}
	if done, err := app.AcceptRestore(t.Context(), back, quiet()); err != nil || done.Sessions != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	taken, _ := running(t, back, quiet())
	if code, _ := get(t, taken.OperationsURL()+"/readyz"); code != 200 || checkAt(taken, super) != 401 {
		t.Errorf("the older one, as an operator wished: %d", code)
	}
}
