// Package totp gets the digits of an authenticator app from oathtool, a program that shares no line with ours.
//
// It owns the call of that program and nothing else. Begin with Digits.
package totp

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"sallyport/internal/testkit/need"
)

// Digits returns the 6 digits that an app with the Base32 key shows at the moment at (RFC 6238: SHA-1, 30 seconds).
// Spaces and lower case in key are allowed, as people type it.
func Digits(t testing.TB, key string, at time.Time) string {
	t.Helper()
	program := need.Program(t, "oathtool")
	key = strings.ToUpper(strings.Join(strings.Fields(key), ""))
	cmd := exec.CommandContext(t.Context(), program, "--totp", "--base32", "--now", at.UTC().Format("2006-01-02 15:04:05 UTC"), "-")
	cmd.Stdin = strings.NewReader(key + "\n") // by standard input, so that the key stands in no process list
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("oathtool: %v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}
