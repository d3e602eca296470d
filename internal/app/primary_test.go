package app_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/internal/app"
	"sallyport/internal/config"
	"sallyport/internal/testkit/postgres"
)

// pair is a primary and its standby, and a node whose address names both, the primary first.
type pair struct {
	older, newer *postgres.Server
	alone        string // the address of the primary alone
	both         config.Config
}

func newPair(t *testing.T) pair {
	t.Helper()
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
	return pair{older, newer, alone, nodeConfig(t, strings.Replace(alone, "/own", ","+newest.Host+"/own", 1), nil)}
}

// part promotes the standby while the primary goes on.
func (p pair) part(t *testing.T) {
	t.Helper()
	const alone = `ALTER SYSTEM SET synchronous_standby_names = ''`
	if err := errors.Join(p.older.Exec("postgres", alone, `SELECT pg_reload_conf()`), p.newer.Exec("postgres", alone, `SELECT pg_reload_conf()`),
		p.newer.Promote()); err != nil {
		t.Fatal(err)
	}
}

func hasSeen(t *testing.T, cfg config.Config, words string) func() bool {
	return func() bool {
		text, err := os.ReadFile(filepath.Join(cfg.Data, "seen"))
		return err == nil && strings.Contains(string(text), words)
	}
}

// refusedToStart fails where the node starts, or says something else.
func refusedToStart(t *testing.T, cfg config.Config, words string) {
	t.Helper()
	a, err := app.New(t.Context(), cfg, quiet())
	if err == nil {
		_ = a.Close()
	}
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Fatalf("started on the older one: %v", err)
	}
}

// The standby was promoted, and its primary goes on. The node that reaches both goes over to the newer one, and serves the
// older one never again, after a start neither, unless an operator says so.
func TestReplacedPrimaryIsRefused(t *testing.T) {
	p := newPair(t)
	newer, both := p.newer, p.both
	super, read := staffOn(t, both.Data, both.Database)
	a, stop := running(t, both, quiet())
	until(t, "let in", func() bool { return checkAt(a, super) == 204 && checkAt(a, read) == 204 })
	until(t, "its first mark, which the standby has", hasSeen(t, both, `"mark":1`))
	p.part(t)
	if err := newer.Exec("own", `DELETE FROM session WHERE technician IN (SELECT id FROM technician WHERE user_name_key LIKE 'rio%')`); err != nil {
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
	back.Database = p.alone
	refusedToStart(t, back, words)
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

// A node whose newest primary has counted on is started while the replaced one is back, as the first of its address. It goes
// over to the newer one, and does not so much as look for a key, or take a step of the schema, on the older: neither would do.
// An operator who accepts the database with both there accepts the newer one.
func TestRestartBesideReplacedPrimary(t *testing.T) {
	p := newPair(t)
	super, _ := staffOn(t, p.both.Data, p.both.Database)
	_, stop := running(t, p.both, quiet())
	until(t, "its first mark", hasSeen(t, p.both, `"mark":1,`))
	p.part(t)
	until(t, "it has met the newer one", hasSeen(t, p.both, `"timeline":2`))
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if !hasSeen(t, p.both, `"mark":2,`)() {
		t.Fatal("no mark at the stop")
	}
	if err := p.older.Exec("own", `UPDATE meta SET value = 'another' WHERE name = 'key-check'`,
		`DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`); err != nil {
		t.Fatal(err)
	}
	again, stop := running(t, p.both, quiet())
	if code := checkAt(again, super); code != 204 {
		t.Errorf("at the newer one: %d", code)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if done, err := app.AcceptRestore(t.Context(), p.both, quiet()); err != nil || done.Sessions != 2 {
		t.Errorf("%+v, %v", done, err)
	}
	epoch := `SELECT 1 / count(*) FROM meta WHERE name = 'restore-epoch'`
	if p.newer.Exec("own", epoch) != nil || p.older.Exec("own", epoch) == nil {
		t.Error("the older one was accepted")
	}
}

// An operator has accepted the replaced primary with one node, for its successor is lost: the others, which have met that
// one too, go on with what was accepted, and with nothing before.
func TestAcceptedPrimaryIsTakenByOthers(t *testing.T) {
	p := newPair(t)
	super, _ := staffOn(t, p.both.Data, p.both.Database)
	_, stop := running(t, p.both, quiet())
	until(t, "its first mark", hasSeen(t, p.both, `"mark":1,`))
	p.part(t)
	until(t, "it has met the newer one", hasSeen(t, p.both, `"timeline":2`))
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	p.newer.Down()
	key, err := os.ReadFile(p.both.Key)
	if err != nil {
		t.Fatal(err)
	}
	other := nodeConfig(t, p.both.Database, key)
	seen, err := os.ReadFile(filepath.Join(p.both.Data, "seen"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other.Data, "seen"), seen, 0o600); err != nil {
		t.Fatal(err)
	}
	refusedToStart(t, other, "timeline 1 after timeline 2")
	if done, err := app.AcceptRestore(t.Context(), p.both, quiet()); err != nil || done.Sessions != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	a, _ := running(t, other, quiet())
	if code, _ := get(t, a.OperationsURL()+"/readyz"); code != 200 || checkAt(a, super) != 401 {
		t.Errorf("at what was accepted: %d", code)
	}
}
