package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"sallyport/internal/testkit/need"
)

// Whoever reports something says which version it was: what make builds knows.
func TestMakeSaysWhichVersion(t *testing.T) {
	need.Program(t, "make")
	cmd := exec.Command("make", "--no-print-directory", "-n", "build", "VERSION=v1.2.3")
	cmd.Dir = "../.."
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "-X main.version=v1.2.3") {
		t.Errorf("%v: %s", err, out)
	}
}

// Where there is no /proc the program is found by its file.
func TestHashesWithoutProc(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{os.DevNull: os.DevNull, "/nonexistent/exe": self} {
		if got := hashesBy(given); len(got) != 2 || got[0] != want {
			t.Errorf("%s: %q", given, got)
		}
	}
}
