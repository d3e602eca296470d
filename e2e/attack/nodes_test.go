package attack

import (
	"fmt"
	"io"
	"maps"
	"math/bits"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sallyport/internal/testkit/postgres"
)

// on lets the house stand on the PostgreSQL database at that address.
func (h *house) on(address string) {
	h.t.Helper()
	h.database, h.databaseAhead = address, postgres.Ahead(h.t, address)
}

// second starts one more node on the same database, with the first one's key in a folder of its own.
func (h *house) second(flags map[string]string) {
	h.t.Helper()
	key, err := os.ReadFile(filepath.Join(h.data, "key"))
	h.check(err)
	flags = maps.Clone(flags)
	flags["data"], flags["listen"] = filepath.Join(h.t.TempDir(), "data"), h.free()
	h.check(os.MkdirAll(flags["data"], 0o700))
	h.check(os.WriteFile(filepath.Join(flags["data"], "key"), key, 0o600))
	h.node(flags)
}

// base is where the next request goes: to one node or another, in an order that no test's own rhythm falls in with.
func (h *house) base() string {
	return h.bases[bits.OnesCount64(h.turn.Add(1))%len(h.bases)]
}

// measured is a metric, added up over the nodes.
func (h *house) measured(name string) string {
	h.t.Helper()
	sum := 0.0
	for _, text := range h.operations("/metrics") {
		for line := range strings.Lines(text) {
			if n, found := strings.CutPrefix(line, name+" "); found {
				var one float64
				_, err := fmt.Sscan(n, &one)
				h.check(err)
				sum += one
			}
		}
	}
	return fmt.Sprint(sum)
}

// operations is what each node answers its operator.
func (h *house) operations(path string) (bodies []string) {
	h.t.Helper()
	for _, node := range h.nodes {
		answer, err := http.Get(node.OperationsURL() + path)
		h.check(err)
		text, err := io.ReadAll(answer.Body)
		h.check(err)
		h.check(answer.Body.Close())
		bodies = append(bodies, fmt.Sprintln(answer.StatusCode)+string(text))
	}
	return bodies
}

// forward sets all clocks ahead, and waits until that was noticed: what was unfinished is over then.
func (h *house) forward(d time.Duration) {
	h.t.Helper()
	seen := strings.Count(h.log.String(), "the clock was set")
	ahead := h.ahead.Add(int64(d))
	if h.databaseAhead != nil {
		h.databaseAhead(time.Duration(ahead))
	}
	h.eventually("the clock's leap is noticed by every node", func() bool {
		if strings.Count(h.log.String(), "the clock was set") < seen+len(h.nodes) {
			return false
		}
		for _, said := range h.operations("/readyz") {
			if !strings.HasPrefix(said, "200") {
				return false
			}
		}
		return true
	})
}
