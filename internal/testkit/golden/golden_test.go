package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// taker is a test that is asked whether it would fail.
type taker struct {
	testing.TB
	said string
}

func (t *taker) Helper()                           {}
func (t *taker) Errorf(format string, args ...any) { t.said += fmt.Sprintf(format, args...) }

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "testdata", "page.golden")
	missing := &taker{TB: t}
	if File(missing, path, "one\ntwo\n"); !strings.Contains(missing.said, "-update") {
		t.Errorf("a missing file: %q", missing.said)
	}
	*update = true
	File(t, path, "one\ntwo\n")
	*update = false
	if text, err := os.ReadFile(path); err != nil || string(text) != "one\ntwo\n" {
		t.Fatalf("written: %q, %v", text, err)
	}
	same := &taker{TB: t}
	if File(same, path, "one\ntwo\n"); same.said != "" {
		t.Errorf("the same: %q", same.said)
	}
	other := &taker{TB: t}
	if File(other, path, "one\nthree\n"); !strings.Contains(other.said, "three") {
		t.Errorf("another: %q", other.said)
	}
}
