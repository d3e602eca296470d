package app_test

import (
	"fmt"
	"testing"

	"sallyport/internal/testkit/postgres"
)

// A node whose address names first a machine that takes connections and says nothing starts, lets in, and is ready.
func TestNodeBesideASilentHost(t *testing.T) {
	t.Parallel()
	s := postgres.Shared(t)
	silent, name := s.Front(t), s.Name(t)
	silent.Silence()
	cfg := nodeConfig(t, fmt.Sprintf("postgres://test@127.0.0.1:%d,127.0.0.1:%d/%s", silent.Port, s.Port, name), nil)
	super, _ := staffOn(t, cfg.Data, s.URL(name))
	a, _ := running(t, cfg, quiet())
	if code := checkAt(a, super); code != 204 {
		t.Errorf("a check is answered %d", code)
	}
	if code, body := get(t, a.OperationsURL()+"/readyz"); code != 200 {
		t.Errorf("readiness: %d %s", code, body)
	}
}

// A node that cannot look sessions up is not ready, whatever else it can do.
func TestReadyAsksForASession(t *testing.T) {
	t.Parallel()
	s := postgres.Shared(t)
	name := s.Name(t)
	cfg := nodeConfig(t, s.URL(name), nil)
	super, _ := staffOn(t, cfg.Data, cfg.Database)
	a, _ := running(t, cfg, quiet())
	for _, step := range []struct {
		statement    string
		check, ready int
	}{
		{`ALTER TABLE session RENAME TO elsewhere`, 503, 503},
		{`ALTER TABLE elsewhere RENAME TO session`, 204, 200},
	} {
		if err := s.Exec(name, step.statement); err != nil {
			t.Fatal(err)
		}
		if code := checkAt(a, super); code != step.check {
			t.Errorf("%s: a check is answered %d", step.statement, code)
		}
		if code, body := get(t, a.OperationsURL()+"/readyz"); code != step.ready {
			t.Errorf("%s: readiness: %d %s", step.statement, code, body)
		}
	}
}
