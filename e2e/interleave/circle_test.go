package interleave

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoCircle: whoever ends a session while its technician moves his app to another phone in it waits for him, or he for
// them; under no schedule do both wait for each other until PostgreSQL gives one of them up (docs/adr/0027).
func TestNoCircle(t *testing.T) {
	t.Parallel()
	w := held.on(t)
	try(t, w, []search{{rules: bySnapshot}}, phone, end)
	if found := w.circles(); found != "" {
		t.Errorf("a circle: %s", found)
	}
}

// circles are what the database said of those that it broke.
func (w *world) circles() string {
	w.t.Helper()
	var folder string
	w.check(w.raw.QueryRow(`SHOW data_directory`).Scan(&folder))
	log, err := os.ReadFile(filepath.Join(filepath.Dir(folder), "log"))
	w.check(err)
	_, found, _ := strings.Cut(string(log), "deadlock detected")
	return found[:min(len(found), 2000)]
}
