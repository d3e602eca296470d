package puzzle

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
)

// Parts is how many small puzzles make one: sixteen take about as long each time, one of the same work may take five
// times as long as another.
const Parts = 16

// The difficulties of one part, in leading zero bits. The easiest whole puzzle takes some 130,000 hashes and the hardest
// some 520,000: a phone's browser does about half a million a second.
const (
	Easiest = 13
	Hardest = 15
)

// answerLength is the length of an answer's text: eight hexadecimal digits for each part.
const answerLength = 8 * Parts

// Solved reports whether answer solves the puzzle of challenge: for each part i the SHA-256 of (SHA-256 of the
// challenge, i, answer i), both numbers in four bytes, the greatest first, begins with so many zero bits. Checking
// takes 17 hashes at most.
func Solved(challenge, answer string, difficulty int) bool {
	if len(answer) != answerLength {
		return false
	}
	raw, err := hex.DecodeString(answer)
	if err != nil {
		return false
	}
	block := first(challenge)
	for part := range uint32(Parts) {
		binary.BigEndian.PutUint32(block[32:], part)
		copy(block[36:], raw[4*part:4*part+4])
		if zeros(block) < difficulty {
			return false
		}
	}
	return true
}

// Solve finds the answer, as the browser does: for tests, and for whoever signs in from a program.
func Solve(challenge string, difficulty int) string {
	block := first(challenge)
	answer := make([]byte, 0, 4*Parts)
	for part := range uint32(Parts) {
		binary.BigEndian.PutUint32(block[32:], part)
		for n := uint32(0); ; n++ {
			binary.BigEndian.PutUint32(block[36:], n)
			if zeros(block) >= difficulty {
				break
			}
		}
		answer = append(answer, block[36:]...)
	}
	return hex.EncodeToString(answer)
}

// first is the block that is hashed, without its two numbers.
func first(challenge string) []byte {
	seed := sha256.Sum256([]byte(challenge))
	return append(seed[:], make([]byte, 8)...)
}

func zeros(block []byte) int {
	sum := sha256.Sum256(block)
	return bits.LeadingZeros64(binary.BigEndian.Uint64(sum[:])) // 64 at most, more than any difficulty
}
