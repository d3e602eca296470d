package factor

import (
	"bytes"
	"crypto/rand"
	"testing"
)

// An arena computes what the library does, hash after hash, and nothing of them stays in it.
func TestArena(t *testing.T) {
	a := NewArena()
	for _, w := range []Work{
		{Memory: memory, Passes: passes, Threads: threads, Size: hashSize},
		{Memory: memory, Passes: 1, Threads: threads, Size: 16},
		{Memory: memory, Passes: 3, Threads: threads, Size: 100},
		{Memory: memory, Passes: passes, Threads: threads, Size: hashSize, Password: random(1), Salt: random(8)},
		{Memory: memory, Passes: passes, Threads: threads, Size: hashSize, Password: random(300), Salt: random(saltSize)},
		{Memory: memory, Passes: passes, Threads: threads, Size: hashSize, Password: random(typedBytes), Salt: random(64)},
	} {
		if got, want := a.Digest(w), w.Digest(); !bytes.Equal(got, want) {
			t.Errorf("%d passes, %d bytes of a password of %d: %x, the library says %x", w.Passes, w.Size, len(w.Password), got, want)
		}
		pauses := 0
		a.Clear(func() { pauses++ })
		if pauses != 76 {
			t.Errorf("cleared with %d pauses, not one for each 256 of 19456 KiB", pauses)
		}
		for i := range a.blocks {
			if a.blocks[i] != (block{}) {
				t.Fatalf("block %d is not clear", i)
			}
		}
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
		if got, want := a.Digest(w), w.Digest(); !bytes.Equal(got, want) {
			t.Errorf("%d KiB, %d threads: %x, the library says %x", w.Memory, w.Threads, got, want)
		}
	}
	for i := range a.blocks {
		if a.blocks[i] != (block{}) {
			t.Fatalf("block %d is not clear", i)
		}
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
