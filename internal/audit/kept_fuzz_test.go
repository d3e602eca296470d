package audit

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"
)

// Whatever somebody hands over as kept, only heads that the log's key has signed are taken from it.
func FuzzKept(f *testing.F) {
	signer, err := NewSigner("sallyport", ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize)))
	if err != nil {
		f.Fatal(err)
	}
	genuine := Head{Origin: "sallyport", Size: 3, Root: Hash{1, 2, 3}, At: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	head, err := signer.SignHead(genuine.Size, genuine.Root, genuine.At)
	if err != nil {
		f.Fatal(err)
	}
	signed := head.Note
	line := `{"kind":"head","note":"` + strings.ReplaceAll(signed, "\n", `\n`) + `"}` + "\n"
	for _, text := range []string{signed, line, "<110>1 2026 - - - " + line, `{"kind":"event","place":2,"leaf":"AAAA"}`, "", "{", strings.Replace(signed, "\n3\n", "\n4\n", 1), strings.Repeat(line, 3), `{"kind":"head","note":""}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := ReadKept(text, signer.Verifier())
		for _, h := range k.Heads {
			if h != genuine {
				t.Errorf("%q: taken for a head: %+v", text, h)
			}
		}
		if err == nil && len(k.Heads)+len(k.Leaves) == 0 {
			t.Errorf("%q: nothing in it, and no error", text)
		}
	})
}

// A cell of a table is no formula in any spreadsheet, and is read back as what it was.
func FuzzCell(f *testing.F) {
	for _, s := range []string{"Dana", "=1+1", " =1", "\t@x", "'quoted", "+49 1512", "-", "\uff1d1", "\ufeff=1", "", "\r\n=1", "\u3000+1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cell := Cell(s)
		if FromCell(cell) != s {
			t.Errorf("%q became %q", s, FromCell(cell))
		}
		if bare := strings.TrimLeft(cell, " \t\r\n\u00a0\ufeff\u3000"); bare != "" && strings.ContainsRune("=+-@\uff1d\uff0b\uff0d\uff20", []rune(bare)[0]) {
			t.Errorf("%q is a formula", cell)
		}
	})
}
