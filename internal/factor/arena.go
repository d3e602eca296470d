package factor

import (
	"encoding/binary"
	_ "unsafe" // to link functions of the library that it does not export: docs/adr/0061-hash-memory-is-kept.md
)

// Arena is memory of new hashes' size in which they are computed one after the other. The library takes new memory for each
// hash and makes it zero while somebody waits; an arena is made zero afterwards, and holds nothing of a password then.
type Arena struct {
	blocks []block
	seed   [seedSize + 8]byte
	first  [len(block{}) * 8]byte
	used   bool // and not cleared since
}

// block is the unit of Argon2's memory, 1024 bytes (RFC 9106 section 3.2).
type block [128]uint64

// NewArena takes the memory.
func NewArena() *Arena { return &Arena{blocks: make([]block, memory)} }

// Digest does w as Work.Digest does; where w asks for other memory than new hashes, outside of the arena. The password is
// wiped. Then a is to be cleared, while nobody waits: else the next Digest does it.
func (a *Arena) Digest(w Work) []byte {
	defer clear(w.Password)
	if w.Memory != memory || w.Threads != threads || w.Passes < 1 {
		return w.Digest()
	}
	a.Clear()
	a.used = true
	a.seed = initHash(w.Password, w.Salt, nil, nil, w.Passes, memory, threads, w.Size, argon2id)
	for i := range 2 { // the first two blocks of the only lane (RFC 9106 section 3.2, steps 3 and 4)
		binary.LittleEndian.PutUint32(a.seed[seedSize:], uint32(i))
		blake2bHash(a.first[:], a.seed[:])
		for j := range a.blocks[i] {
			a.blocks[i][j] = binary.LittleEndian.Uint64(a.first[j*8:])
		}
	}
	processBlocks(a.blocks, w.Passes, memory, threads, argon2id)
	return extractKey(a.blocks, memory, threads, w.Size)
}

// Clear makes the arena zero.
func (a *Arena) Clear() {
	if a.used {
		clear(a.blocks)
		a.seed, a.first, a.used = [len(a.seed)]byte{}, [len(a.first)]byte{}, false
	}
}

const (
	argon2id = 2  // the type's number (RFC 9106 section 3.2)
	seedSize = 64 // bytes of H0 (there)
)

// What follows is golang.org/x/crypto/argon2's own, as the version in go.mod has it. TestArena compares what comes of it with
// what the library itself computes.

//go:linkname initHash golang.org/x/crypto/argon2.initHash
func initHash(password, salt, key, data []byte, passes, memory, threads, size uint32, kind int) [seedSize + 8]byte

//go:linkname blake2bHash golang.org/x/crypto/argon2.blake2bHash
func blake2bHash(out, in []byte)

//go:linkname processBlocks golang.org/x/crypto/argon2.processBlocks
func processBlocks(blocks []block, passes, memory, threads uint32, kind int)

//go:linkname extractKey golang.org/x/crypto/argon2.extractKey
func extractKey(blocks []block, memory, threads, size uint32) []byte
