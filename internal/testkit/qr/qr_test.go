package qr_test

import (
	"os"
	"path/filepath"
	"testing"

	draw "rsc.io/qr"

	"sallyport/internal/testkit/qr"
)

func TestReadPicture(t *testing.T) {
	const text = "otpauth://totp/Northwind:dana?secret=GEZDGNBV&issuer=Northwind"
	code, err := draw.Encode(text, draw.M)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "code.png")
	if err := os.WriteFile(path, code.PNG(), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := qr.ReadPicture(t, path); got != text {
		t.Errorf("read %q", got)
	}
}
