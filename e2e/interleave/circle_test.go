package interleave

import (
	"os"
	"path/filepath"
	"strings"
)

// straight fails the test at its end where two acts waited for each other under some schedule, until the database gave one of
// them up: acts take rows in one order (docs/adr/0027).
func (w *world) straight() {
	w.t.Cleanup(func() {
		var folder string
		w.check(w.raw.QueryRow(`SHOW data_directory`).Scan(&folder))
		log, err := os.ReadFile(filepath.Join(filepath.Dir(folder), "log"))
		w.check(err)
		if _, found, _ := strings.Cut(string(log), "deadlock detected"); found != "" {
			w.t.Errorf("a circle of acts that wait for each other:%.1500s", found)
		}
	})
}
