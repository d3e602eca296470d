package keyring

import (
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"golang.org/x/crypto/chacha20poly1305"

	"sallyport"
)

const (
	keySize = 32
	idSize  = 4
	version = 1 // of the sealed form: version, key id, nonce, XChaCha20-Poly1305 ciphertext with tag
)

// headSize is what stands before the ciphertext.
const headSize = 1 + idSize + chacha20poly1305.NonceSizeX

// Overhead is how many bytes longer than its content a sealed value is.
const Overhead = headSize + chacha20poly1305.Overhead

// ErrSealed is what Open answers for anything that this key did not seal for that place. It never says which of the
// two it was.
var ErrSealed = sallyport.E(sallyport.Internal, "sealed", "Sallyport cannot read a stored secret.")

// Place is where a sealed value lives. A value opens at its own place only.
type Place struct {
	Table, Row, Column string
}

// Ring holds the installation's key and what is derived from it. It is safe for use by many goroutines.
type Ring struct {
	key  []byte
	id   [idSize]byte
	seal cipher.AEAD
}

// Generate makes a ring with a fresh key that is written nowhere. Its values are lost with the process.
func Generate() *Ring {
	key := make([]byte, keySize)
	rand.Read(key)
	return newRing(key)
}

func newRing(key []byte) *Ring {
	r := &Ring{key: key}
	copy(r.id[:], r.derive("id", idSize))
	aead, err := chacha20poly1305.NewX(r.derive("seal", chacha20poly1305.KeySize))
	if err != nil {
		panic("keyring: " + err.Error()) // only for a wrong key size
	}
	r.seal = aead
	return r
}

// derive makes a key for one purpose (HKDF-Expand, RFC 5869 section 2.3): the installation's key is uniform already.
func (r *Ring) derive(purpose string, size int) []byte {
	out, err := hkdf.Expand(sha256.New, r.key, "sallyport "+purpose, size)
	if err != nil {
		panic("keyring: " + err.Error()) // only for sizes above 8,160 bytes
	}
	return out
}

// ID names the key in eight hexadecimal digits. It may be shown and logged.
func (r *Ring) ID() string { return hex.EncodeToString(r.id[:]) }

// Check is the key check value: stored with an empty database and compared at every start, so that a wrong key is
// noticed before anything is written with it. It reveals nothing of the key.
func (r *Ring) Check() []byte { return r.derive("check", sha256.Size) }

// Matches reports whether check is this key's check value, in constant time.
func (r *Ring) Matches(check []byte) bool { return hmac.Equal(check, r.Check()) }

// Seal encrypts plain for one place. The result differs each time.
func (r *Ring) Seal(plain []byte, at Place) []byte {
	out := make([]byte, headSize, Overhead+len(plain))
	out[0] = version
	copy(out[1:], r.id[:])
	nonce := out[1+idSize : headSize]
	rand.Read(nonce)
	return r.seal.Seal(out, nonce, plain, r.bound(at))
}

// Open decrypts what Seal made for the same place, or answers ErrSealed with a cause for the log.
func (r *Ring) Open(sealed []byte, at Place) ([]byte, error) {
	if len(sealed) < Overhead {
		return nil, ErrSealed.Because(errShort)
	}
	if sealed[0] != version {
		return nil, ErrSealed.Because(errVersion)
	}
	if [idSize]byte(sealed[1:1+idSize]) != r.id {
		return nil, ErrSealed.Because(errOtherKey)
	}
	plain, err := r.seal.Open(nil, sealed[1+idSize:headSize], sealed[headSize:], r.bound(at))
	if err != nil {
		return nil, ErrSealed.Because(err)
	}
	return plain, nil
}

// bound is the associated data: the whole head but the nonce, and the place.
func (r *Ring) bound(at Place) []byte {
	return frame([]byte{version}, r.id[:], []byte(at.Table), []byte(at.Row), []byte(at.Column))
}

// MAC is HMAC-SHA-256 over parts with a key of its own for each purpose: what is stored in the place of a code.
// ("ab", "c") and ("a", "bc") differ.
func (r *Ring) MAC(purpose string, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, r.derive("mac "+purpose, sha256.Size))
	h.Write(frame(parts...))
	return h.Sum(nil)
}

// SigningKey is an Ed25519 key (RFC 8032) for one purpose. Its public half may be shown; who knows it learns nothing of
// the installation's key.
func (r *Ring) SigningKey(purpose string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(r.derive("sign "+purpose, ed25519.SeedSize))
}

// String hides the key from logs and %v.
func (r *Ring) String() string { return "[key " + r.ID() + "]" }

// GoString hides the key from %#v.
func (r *Ring) GoString() string { return r.String() }

// frame joins parts so that no other list of parts gives the same bytes.
func frame(parts ...[]byte) []byte {
	out := binary.BigEndian.AppendUint64(nil, uint64(len(parts)))
	for _, p := range parts {
		out = binary.BigEndian.AppendUint64(out, uint64(len(p)))
		out = append(out, p...)
	}
	return out
}
