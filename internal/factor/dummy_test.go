package factor

import (
	"bytes"
	"testing"

	"sallyport"
)

// TestDummyLike: the same parameters and sizes as the original, and another digest each time.
func TestDummyLike(t *testing.T) {
	h := NewHasher(1)
	for _, phc := range []string{h.Dummy(), "$argon2id$v=19$m=64,t=3,p=2$c29tZXNhbHRzb21lc2FsdA$bm9ib2R5IGhhcyB0aGlzIG9uZQ"} {
		want, err := Parameters(phc)
		if err != nil {
			t.Fatal(err)
		}
		a, errA := DummyLike(phc)
		b, errB := DummyLike(phc)
		got, err := Parameters(a)
		if errA != nil || errB != nil || err != nil || got != want || a == b || a == phc {
			t.Errorf("%q: %q (%v), %q (%v), parameters %q, want %q", phc, a, errA, b, errB, got, want)
		}
		mine, _ := parsePHC(phc)
		made, _ := parsePHC(a)
		if bytes.Equal(mine.salt, made.salt) || bytes.Equal(mine.digest, made.digest) {
			t.Errorf("%q keeps salt or digest of %q", a, phc)
		}
		if ok, _, err := h.Verify(t.Context(), a, "", false); ok || err != nil {
			t.Errorf("%q: %v, %v", a, ok, err)
		}
	}
	one, _ := Parameters("$argon2id$v=19$m=64,t=3,p=2$c29tZXNhbHRzb21lc2FsdA$bm9ib2R5IGhhcyB0aGlzIG9uZQ")
	other, _ := Parameters("$argon2id$v=19$m=64,t=2,p=2$c29tZXNhbHRzb21lc2FsdA$bm9ib2R5IGhhcyB0aGlzIG9uZQ")
	salted, _ := Parameters("$argon2id$v=19$m=64,t=3,p=2$c29tZXNhbHRzb21lc2FsdHM$bm9ib2R5IGhhcyB0aGlzIG9uZQ")
	if one == other || one == salted {
		t.Error("two costs are one set of parameters")
	}
	if _, err := Parameters("plain"); sallyport.KindOf(err) != sallyport.Internal {
		t.Errorf("no hash: %v", err)
	}
	if _, err := DummyLike(""); sallyport.KindOf(err) != sallyport.Internal {
		t.Errorf("no hash: %v", err)
	}
}
