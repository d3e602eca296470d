// Package qr reads QR codes from pictures with zbarimg, a program that shares no line with the one that drew them.
//
// It owns the call of that program and nothing else. Begin with ReadPicture.
package qr

import (
	"os/exec"
	"strings"
	"testing"

	"sallyport/internal/testkit/need"
)

// ReadPicture returns the text of the one QR code in the PNG or JPEG file at path. The test fails when there is none,
// or more than one.
func ReadPicture(t testing.TB, path string) string {
	t.Helper()
	program := need.Program(t, "zbarimg")
	out, err := exec.CommandContext(t.Context(), program, "--quiet", "--raw", "-S*.disable", "-Sqrcode.enable", path).Output()
	if err != nil {
		t.Fatalf("zbarimg found no QR code in %s: %v", path, err)
	}
	text := strings.TrimRight(string(out), "\n")
	if text == "" || strings.Contains(text, "\n") {
		t.Fatalf("zbarimg read not exactly one QR code in %s: %q", path, text)
	}
	return text
}
