package factor

import (
	"bytes"
	"crypto/rand"
	"reflect"
	"slices"
	"testing"
)

// An arena computes what the library does, hash after hash, whether it was cleared in between or not, and nothing stays in it.
func TestArena(t *testing.T) {
	a := NewArena()
	for i, w := range []Work{
		{Memory: memory, Passes: passes, Threads: threads, Size: hashSize},
		{Memory: memory, Passes: 1, Threads: threads, Size: 16},
		{Memory: memory, Passes: 3, Threads: threads, Size: 100},
		{Memory: memory, Passes: passes, Threads: threads, Size: hashSize, Password: random(1), Salt: random(8)},
		{Memory: memory, Passes: passes, Threads: threads, Size: hashSize, Password: random(300), Salt: random(saltSize)},
		{Memory: memory, Passes: passes, Threads: threads, Size: hashSize, Password: random(typedBytes), Salt: random(64)},
	} {
		digestLikeLibrary(t, a, w)
		if i%2 == 1 {
			continue
		}
		a.Clear()
		isClear(t, a)
	}
}

// A hash that was stored with other parameters is computed outside of the arena, which stays clear.
func TestArenaOfAnotherSize(t *testing.T) {
	a := NewArena()
	for _, w := range []Work{
		{Memory: 64, Passes: 1, Threads: threads, Size: hashSize},
		{Memory: 2 * memory, Passes: 1, Threads: threads, Size: hashSize},
		{Memory: memory, Passes: 1, Threads: 4, Size: hashSize},
	} {
		w.Password, w.Salt = random(20), random(saltSize)
		digestLikeLibrary(t, a, w)
	}
	isClear(t, a)
}

// digestLikeLibrary compares a's answer to w with the library's own, and looks whether the password was wiped.
func digestLikeLibrary(t *testing.T, a *Arena, w Work) {
	t.Helper()
	want := w.Digest()
	if got := a.Digest(w); !bytes.Equal(got, want) {
		t.Errorf("%d KiB, %d passes, %d threads, %d bytes of a password of %d: %x, the library says %x", w.Memory, w.Passes, w.Threads, w.Size, len(w.Password), got, want)
	}
	if slices.ContainsFunc(w.Password, func(b byte) bool { return b != 0 }) {
		t.Errorf("a password of %d bytes is still there", len(w.Password))
	}
}

// isClear fails where something is left of a hash.
func isClear(t *testing.T, a *Arena) {
	t.Helper()
	if !reflect.DeepEqual(a, NewArena()) {
		t.Error("something is left of a hash")
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
