package main

import (
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
