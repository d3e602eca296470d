package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The whole of a file is the webhook's secret, but for white space round it: one of which only a part would be taken is
// refused, for its receiver takes the whole.
func TestReadSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	for text, want := range map[string]string{
		" 0123456789abcdef\n": "0123456789abcdef", "0123456789abcde\n": "", "": "",
		strings.Repeat("x", 4096): strings.Repeat("x", 4096), strings.Repeat("x", 4097): "", "0123456789abcdef" + strings.Repeat("\n", 4096): "",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readSecret(path); string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%d bytes: %d, %v", len(text), len(got), err)
		}
	}
	if _, err := readSecret(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no file, and no error")
	}
}
