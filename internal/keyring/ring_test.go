package keyring

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var place = Place{"factor", "a", "secret"}

func TestSealOpens(t *testing.T) {
	r := Generate()
	for _, plain := range []string{"", "x", strings.Repeat("long", 1000)} {
		sealed := r.Seal([]byte(plain), place)
		if len(sealed) != len(plain)+Overhead {
			t.Errorf("sealed %d bytes into %d", len(plain), len(sealed))
		}
		got, err := r.Open(sealed, place)
		if err != nil || string(got) != plain {
			t.Errorf("opened %q, %v", got, err)
		}
	}
	if bytes.Equal(r.Seal([]byte("x"), place), r.Seal([]byte("x"), place)) {
		t.Error("two sealings of one text are equal")
	}
}

// TestD3_12 copies a sealed secret over another row, column and table: it opens at none of them.
func TestD3_12(t *testing.T) {
	r := Generate()
	sealed := r.Seal([]byte("secret of a"), place)
	for _, p := range []Place{{"factor", "b", "secret"}, {"factor", "a", "pending"}, {"signin", "a", "secret"},
		{"factora", "", "secret"}, {"factor", "asecret", ""}, {}} {
		_, err := r.Open(sealed, p)
		var which *Unopened
		if !errors.Is(err, ErrSealed) || !errors.As(err, &which) || which.At != p {
			t.Errorf("%v: %v", p, err)
		}
	}
	if _, err := Generate().Open(sealed, place); !errors.Is(err, ErrSealed) || !errors.Is(err, errOtherKey) {
		t.Errorf("another key: %v", err)
	}
}

func TestEveryFlippedBitIsNoticed(t *testing.T) {
	r := Generate()
	sealed := r.Seal([]byte("0123456789"), place)
	for i := range sealed {
		for bit := range 8 {
			b := bytes.Clone(sealed)
			b[i] ^= 1 << bit
			if _, err := r.Open(b, place); !errors.Is(err, ErrSealed) {
				t.Fatalf("byte %d bit %d: %v", i, bit, err)
			}
		}
	}
	for n := range sealed {
		if _, err := r.Open(sealed[:n], place); !errors.Is(err, ErrSealed) {
			t.Fatalf("cut to %d: %v", n, err)
		}
	}
}

func TestMACFramesItsParts(t *testing.T) {
	r := Generate()
	parts := func(s ...string) (out [][]byte) {
		for _, p := range s {
			out = append(out, []byte(p))
		}
		return out
	}
	seen := map[string]string{}
	for _, c := range []struct {
		purpose string
		parts   [][]byte
	}{{"code", nil}, {"code", parts("")}, {"code", parts("", "")}, {"code", parts("ab", "c")}, {"code", parts("a", "bc")},
		{"code", parts("abc")}, {"recovery", parts("abc")}, {"cod", parts("eabc")}} {
		m := string(r.MAC(c.purpose, c.parts...))
		name := fmt.Sprint(c)
		if other, ok := seen[m]; ok {
			t.Errorf("%s and %s give one MAC", name, other)
		}
		seen[m] = name
		if len(m) != 32 || m != string(r.MAC(c.purpose, c.parts...)) {
			t.Errorf("%s: not 32 stable bytes", name)
		}
	}
	if bytes.Equal(r.MAC("code", []byte("1")), Generate().MAC("code", []byte("1"))) {
		t.Error("the MAC does not depend on the key")
	}
}

// What one key makes is the same in every version: files, values, keyed hashes and signatures outlive the program. These
// were computed by another program, by RFC 5869, RFC 8032 and draft-irtf-cfrg-xchacha.
func TestKnownKey(t *testing.T) {
	h, reason := parse([]byte("sallyport-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh-uv2Xe"))
	if reason != "" {
		t.Fatal(reason)
	}
	r := &Ring{}
	r.held.Store(h)
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"check":   {r.Check(), "df2a6b4273277ed8e4416a4fd2bc75c3924c8ef949bf5a5f85d13b9e816238a5"},
		"MAC":     {r.MAC("code", []byte("ab"), []byte("c")), "265e002b0b7560d7f9d15c7e7c43126d607fec5b11c8480dd5ea85cd43fc34d1"},
		"signing": {r.SigningKey("audit head").Seed(), "94a526bd7b68132b3fa0625210f11a14cb5472e25c1aaea7103f90b783b55a49"},
	} {
		if hex.EncodeToString(c.got) != c.want {
			t.Errorf("%s: %x", name, c.got)
		}
	}
	sealed, err := hex.DecodeString("01ff340cdb000102030405060708090a0b0c0d0e0f101112131415161702f6fdfc1269b80a7039fcb51a4c88e0fadbf1210085be6eaf2f85")
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := r.Open(sealed, place); err != nil || string(plain) != "secret of a" || r.ID() != "ff340cdb" || r.Name() != r.ID() {
		t.Errorf("%q, %v, key %s", plain, err, r.ID())
	}
	const marks = "sallyport-marks-1:_zQM2zB2RLhgYFTzUYXBynT7y-skX8BigoSZQA5xVRXT9oRTJC31iw"
	other, reason := parse([]byte(marks + "\n" + oneLine())) // as when the first key was dropped
	if reason != "" || !bytes.Equal(other.marks.root, h.marks.root) || other.marks.id != h.marks.id {
		t.Errorf("what stays of the first key: %s", reason)
	}
}

func TestKeyIsNeverPrinted(t *testing.T) {
	r := Generate()
	secret, id := r.held.Load().sealing.secret, r.held.Load().sealing.id
	hidden := encoding.EncodeToString(secret)
	for _, f := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(f, r); strings.Contains(s, hidden) || strings.Contains(s, fmt.Sprint(secret)) || !strings.Contains(s, r.ID()) {
			t.Errorf("%s prints %s", f, s)
		}
	}
	if !r.Matches(r.Check()) || r.Matches(Generate().Check()) || r.Matches(nil) {
		t.Error("the check value does not tell keys apart")
	}
	if bytes.Contains(r.Check(), secret[:4]) || bytes.Equal(r.Check()[:idSize], id[:]) {
		t.Error("the check value shows something of the key")
	}
}

func TestSealProperties(t *testing.T) {
	r := Generate()
	text := rapid.String()
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		p := Place{text.Draw(t, "table"), text.Draw(t, "row"), text.Draw(t, "column")}
		q := Place{text.Draw(t, "table2"), text.Draw(t, "row2"), text.Draw(t, "column2")}
		sealed := r.Seal(plain, p)
		got, err := r.Open(sealed, p)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("own place: %v", err)
		}
		if _, err := r.Open(sealed, q); (err == nil) != (p == q) {
			t.Fatalf("sealed at %q opens at %q: %v", p, q, err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	r := Generate()
	f.Add(r.Seal([]byte("x"), place))
	f.Add([]byte{})
	f.Add(r.Head())
	f.Fuzz(func(t *testing.T, b []byte) {
		if plain, err := r.Open(b, Place{"no", "such", "place"}); err == nil {
			t.Fatalf("opened %x to %q", b, plain)
		}
	})
}
