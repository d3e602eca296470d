package sallyport

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"strings"
)

// Token is a random 256-bit secret in URL-safe base64 without padding (43 characters). It is given once to its owner,
// in a cookie or a link, and stored as its Hash only.
type Token string

// NewToken makes a token from the system's CSPRNG, which never fails on a supported system.
func NewToken() Token {
	var b [32]byte
	rand.Read(b[:])
	return Token(base64.RawURLEncoding.EncodeToString(b[:]))
}

// Hash returns what is stored of t, false when t does not have the form of a token.
func (t Token) Hash() (Hash, bool) {
	if len(t) != 43 {
		return Hash{}, false
	}
	var b [33]byte
	n, err := base64.RawURLEncoding.Strict().Decode(b[:], []byte(t))
	if err != nil || n != 32 {
		return Hash{}, false
	}
	return sha256.Sum256(b[:n]), true
}

// String hides the token from logs and %v.
func (t Token) String() string { return "[token]" }

// Reveal is the one way to get at the text, for the cookie or link that carries it.
func (t Token) Reveal() string { return string(t) }

var idEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewID makes a random identifier: 16 lower-case base32 letters and digits (80 bits).
func NewID() string {
	var b [10]byte
	rand.Read(b[:])
	return strings.ToLower(idEncoding.EncodeToString(b[:]))
}
