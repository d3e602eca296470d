package app_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/control"
	"sallyport/internal/testkit/postgres"
)

// D11.2: of two nodes one whose clock is minutes off lets nobody in and says by how much it is off; the other serves.
func TestD11_2(t *testing.T) {
	var off atomic.Int64
	o := quiet()
	o.Now = func() time.Time { return time.Now().Add(time.Duration(off.Load())) }
	n := twoNodesWith(t, postgres.Database(t), o)
	for by, words := range map[time.Duration]string{5 * time.Minute: "5m0s ahead of", -5 * time.Minute: "5m0s behind"} {
		until(t, "both serve", func() bool { return checkAt(n.one, n.super) == 204 && checkAt(n.two, n.super) == 204 })
		off.Store(int64(by))
		until(t, "it refuses", func() bool { return checkAt(n.two, n.super) != 204 })
		if code, body := get(t, n.two.OperationsURL()+"/readyz"); code != 503 || !strings.Contains(body, words) {
			t.Errorf("readiness: %d %q", code, body)
		}
		if code, _ := get(t, n.one.OperationsURL()+"/readyz"); code != 200 || checkAt(n.one, n.super) != 204 {
			t.Errorf("the node whose clock is right: %d", code)
		}
		off.Store(0)
	}
}

// The metrics of the node that saved hold how long it took until the other node refused, too.
func TestTimeToRefusalOfTwoNodes(t *testing.T) {
	n := twoNodes(t, postgres.Database(t))
	counted := func(name string) string {
		_, text := get(t, n.one.OperationsURL()+"/metrics")
		for line := range strings.Lines(text) {
			if value, found := strings.CutPrefix(line, name+" "); found {
				return strings.TrimSpace(value)
			}
		}
		return "none"
	}
	until(t, "a save after which both nodes were asked", func() bool {
		before := counted("sallyport_refusal_unseen_total")
		command(t, n.cfg[0], "technician/sign-out", control.User{User: "rio@northwind.example"}, nil)
		return counted("sallyport_refusal_nodes") == "2" && counted("sallyport_refusal_unseen_total") == before
	})
	if counted("sallyport_refusal_seconds_count") == "0" {
		t.Error("nothing was measured")
	}
}
