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
	"sync"
	"sync/atomic"
	"time"

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

// ErrSealed is what Open answers for anything that no key here sealed for that place. It never says which of the
// two it was.
var ErrSealed = sallyport.E(sallyport.Internal, "sealed", "Sallyport cannot read a stored secret.")

// Place is where a sealed value lives. A value opens at its own place only.
type Place struct {
	Table, Row, Column string
}

// String names the place in a log.
func (p Place) String() string { return p.Table + " " + p.Row + ", " + p.Column }

// Unopened is the cause that ErrSealed carries: which value did not open, and why. It tells nothing of the value itself.
type Unopened struct {
	At  Place
	Why error
}

func (u *Unopened) Error() string { return u.At.String() + ": " + u.Why.Error() }

// Unwrap gives the reason to errors.Is and errors.As.
func (u *Unopened) Unwrap() error { return u.Why }

// Ring holds the installation's keys and what is derived from them. One of them seals, all open. It is safe for use by
// many goroutines, and what it holds may change while it is used: see rotate.go.
type Ring struct {
	held     atomic.Pointer[held]
	changing sync.Mutex // one change of it, and of the file, at a time: each begins with what the one before has left
}

// held is what a ring holds at one moment. It is never changed, only replaced.
type held struct {
	keys    []key // as in the file, the oldest first
	sealing key   // one of them
	marks   marks
}

// key is one key with what is derived from it.
type key struct {
	secret []byte
	id     [idSize]byte
	seal   cipher.AEAD
	made   time.Time // zero: not written down
}

// marks is what keyed hashes and signatures are derived from. It comes from the installation's first key and stays when
// that one is dropped: recovery codes, counted guesses and the audit log's signatures outlive every key.
type marks struct {
	id   [idSize]byte
	root []byte
}

// Generate makes a ring with a fresh key that is written nowhere. Its values are lost with the process.
func Generate() *Ring { return newRing(newKey(fresh(), time.Time{})) }

func fresh() []byte {
	secret := make([]byte, keySize)
	rand.Read(secret)
	return secret
}

func newRing(only key) *Ring {
	r := &Ring{}
	r.held.Store(&held{keys: []key{only}, sealing: only, marks: only.marks()})
	return r
}

func newKey(secret []byte, made time.Time) key {
	k := key{secret: secret, made: made}
	copy(k.id[:], derive(secret, "id", idSize))
	aead, err := chacha20poly1305.NewX(derive(secret, "seal", chacha20poly1305.KeySize))
	if err != nil {
		panic("keyring: " + err.Error()) // only for a wrong key size
	}
	k.seal = aead
	return k
}

func (k key) name() string { return hex.EncodeToString(k.id[:]) }

func (k key) check() []byte { return derive(k.secret, "check", sha256.Size) }

func (k key) marks() marks { return marks{k.id, derive(k.secret, "marks", keySize)} }

// derive makes a key for one purpose (HKDF-Expand, RFC 5869 section 2.3): the secret is uniform already.
func derive(secret []byte, purpose string, size int) []byte {
	out, err := hkdf.Expand(sha256.New, secret, "sallyport "+purpose, size)
	if err != nil {
		panic("keyring: " + err.Error()) // only for sizes above 8,160 bytes
	}
	return out
}

// ID names the key that seals in eight hexadecimal digits. It may be shown and logged.
func (r *Ring) ID() string { return r.held.Load().sealing.name() }

// Name names the installation by its first key, whichever seals now.
func (r *Ring) Name() string {
	id := r.held.Load().marks.id
	return hex.EncodeToString(id[:])
}

// Check is the key check value of the key that seals: stored with an empty database and compared at every start, so that
// a wrong key is noticed before anything is written with it. It reveals nothing of the key.
func (r *Ring) Check() []byte { return r.held.Load().sealing.check() }

// Matches reports whether check is the check value of the key that seals, in constant time.
func (r *Ring) Matches(check []byte) bool { return hmac.Equal(check, r.Check()) }

// Seal encrypts plain for one place. The result differs each time.
func (r *Ring) Seal(plain []byte, at Place) []byte {
	k := r.held.Load().sealing
	out := make([]byte, headSize, Overhead+len(plain))
	out[0] = version
	copy(out[1:], k.id[:])
	nonce := out[1+idSize : headSize]
	rand.Read(nonce)
	return k.seal.Seal(out, nonce, plain, k.bound(at))
}

// Open decrypts what Seal made for the same place, with whichever key of the ring, or answers ErrSealed with an Unopened
// as its cause.
func (r *Ring) Open(sealed []byte, at Place) ([]byte, error) {
	plain, err := r.open(sealed, at)
	if err != nil {
		return nil, ErrSealed.Because(&Unopened{at, err})
	}
	return plain, nil
}

func (r *Ring) open(sealed []byte, at Place) ([]byte, error) {
	if len(sealed) < Overhead {
		return nil, errShort
	}
	if sealed[0] != version {
		return nil, errVersion
	}
	k, ok := r.held.Load().find([idSize]byte(sealed[1 : 1+idSize]))
	if !ok {
		return nil, errOtherKey
	}
	return k.seal.Open(nil, sealed[1+idSize:headSize], sealed[headSize:], k.bound(at))
}

func (h *held) find(id [idSize]byte) (key, bool) {
	for _, k := range h.keys {
		if k.id == id {
			return k, true
		}
	}
	return key{}, false
}

// bound is the associated data: the whole head but the nonce, and the place.
func (k key) bound(at Place) []byte {
	return frame([]byte{version}, k.id[:], []byte(at.Table), []byte(at.Row), []byte(at.Column))
}

// MAC is HMAC-SHA-256 over parts with a key of its own for each purpose: what is stored in the place of a code. It does
// not depend on which key seals. ("ab", "c") and ("a", "bc") differ.
func (r *Ring) MAC(purpose string, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, derive(r.held.Load().marks.root, "mac "+purpose, sha256.Size))
	h.Write(frame(parts...))
	return h.Sum(nil)
}

// SigningKey is an Ed25519 key (RFC 8032) for one purpose. Its public half may be shown; who knows it learns nothing of
// the installation's keys. It does not depend on which key seals.
func (r *Ring) SigningKey(purpose string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(derive(r.held.Load().marks.root, "sign "+purpose, ed25519.SeedSize))
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
