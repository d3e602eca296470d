package app

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"sallyport/internal/keyring"
)

// A key file that was copied with other rights than it had is spoken of once, and taken when they are set right: that changes
// neither its time nor its size.
func TestKeyFileIsTakenWhenItsModeIsRight(t *testing.T) {
	c := testCore(t, time.Now)
	var said bytes.Buffer
	c.log = slog.New(slog.NewTextHandler(&said, nil))
	c.rereadKey()
	elsewhere, err := keyring.Load(c.cfg.Key)
	if err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir() + "/key"
	text, err := os.ReadFile(c.cfg.Key)
	if err == nil {
		err = os.WriteFile(copied, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := elsewhere.Add(copied)
	if err == nil {
		err = os.Chmod(copied, 0o644)
	}
	if err == nil {
		err = os.Rename(copied, c.cfg.Key)
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.rereadKey()
	}
	if c.keys.Holds(fresh) || strings.Count(said.String(), "has mode 0644") != 1 {
		t.Errorf("a file that others can read: taken %v, the log says %q", c.keys.Holds(fresh), &said)
	}
	if err := os.Chmod(c.cfg.Key, 0o600); err != nil {
		t.Fatal(err)
	}
	c.rereadKey()
	if !c.keys.Holds(fresh) {
		t.Error("the file is not taken when its mode is right")
	}
	said.Reset()
	if c.rereadKey(); said.Len() != 0 {
		t.Errorf("the log says %q", &said)
	}
}
