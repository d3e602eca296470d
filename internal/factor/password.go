package factor

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"sallyport"
)

// The parameters of every new hash (contract: Argon2id, 19 MiB, t=2, p=1; OWASP's first recommendation).
const (
	memory     = 19 * 1024 // KiB
	passes     = 2
	threads    = 1
	saltSize   = 16
	hashSize   = 32
	typedBytes = 16 << 10 // a longer password can be nobody's: 256 characters fit many times
)

// What a stored hash may ask for, so that a row never decides how much memory a sign-in takes.
const (
	memoryMost  = 256 * 1024 // KiB
	passesMost  = 16
	threadsMost = 8
)

var (
	rawBase64 = base64.RawStdEncoding.Strict()
	errPHC    = errors.New("stored password hash has not the form of Argon2id")
	errDigest = errors.New("the password hash that was computed has another length than asked for")
)

// Hasher computes and checks password hashes, as many at once as it has workers. Each takes 19 MiB while it runs, so
// that the memory in use is bound by 19 MiB times the workers; what a finished one leaves behind is the garbage
// collector's, which the library gives no way to reuse, and at most about as much again.
type Hasher struct {
	door    queue // sign-ins under way: more of them than the hash needs to stay busy would only fill memory and database
	queue   queue // of the hash itself
	workers int
	calls   atomic.Int64
	dummy   string
	derive  Derive
}

// Work is one computation of Argon2id (RFC 9106). Memory is in KiB, Size the length of the digest in bytes.
type Work struct {
	Password, Salt []byte
	Memory, Passes uint32
	Threads        uint8
	Size           uint32
}

// Digest does the work.
func (w Work) Digest() []byte {
	return argon2.IDKey(w.Password, w.Salt, w.Passes, w.Memory, w.Threads, w.Size)
}

// Derive has the work done somewhere: in this process, or where its memory is not this process's.
type Derive func(Work) ([]byte, error)

// NewHasher makes a hasher with so many workers that computes here; see NewHasherOver.
func NewHasher(workers int) *Hasher {
	return NewHasherOver(workers, func(w Work) ([]byte, error) { return w.Digest(), nil })
}

// NewHasherOver makes a hasher with so many workers; one per core is right, and less than one is taken as one. An error
// of derive is answered as ErrBusy.
func NewHasherOver(workers int, derive Derive) *Hasher {
	salt, digest := make([]byte, saltSize), make([]byte, hashSize)
	rand.Read(salt)
	rand.Read(digest) // of no password: nobody finds one that hashes to 256 random bits
	workers = max(workers, 1)
	return &Hasher{workers: workers, door: queue{free: doorPlaces(workers), most: 256 * workers}, queue: queue{free: workers}, derive: derive,
		dummy: current(salt, digest).String()}
}

// Patient lets everybody wait so long for a place, in place of 2 seconds: for tests that ask a loaded machine for exact
// counts. It is called before the first use, and returns h.
func (h *Hasher) Patient(wait time.Duration) *Hasher {
	h.door.wait, h.queue.wait = wait, wait
	return h
}

// Enter waits for a place among the sign-ins that may look at the database and ask for a hash, 2 seconds at most; who
// would not get one in that time is told at once. Known is as in Verify. Whoever got no error calls leave. The error is
// ErrBusy.
func (h *Hasher) Enter(ctx context.Context, known bool) (leave func(), err error) {
	return h.door.leave, h.door.enter(ctx, lane(known))
}

func lane(known bool) int {
	if known {
		return laneKnown
	}
	return laneUnknown
}

// Hash makes the PHC string of a password that CheckPassword accepted. It waits in the lane of the known, for who sets
// a password holds a link or a session. The error is ErrBusy.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.queue.enter(ctx, laneKnown); err != nil {
		return "", err
	}
	defer h.queue.leave()
	p := current(make([]byte, saltSize), make([]byte, hashSize))
	rand.Read(p.salt)
	var err error
	p.digest, err = h.compute(p, password)
	return p.String(), err
}

// Verify computes the hash of password and compares it with phc in constant time. Known says that the browser signed
// in before, which gives it the first lane of the queue. Renew says that phc was made with other parameters than new
// ones are, and that the caller should store a fresh one. The error is ErrBusy, or of kind Internal when phc is no hash.
func (h *Hasher) Verify(ctx context.Context, phc, password string, known bool) (ok, renew bool, err error) {
	p, err := parsePHC(phc)
	if err != nil {
		return false, false, sallyport.E(sallyport.Internal, "password_hash", "Sallyport cannot read a stored password.").Because(err)
	}
	if err := h.queue.enter(ctx, lane(known)); err != nil {
		return false, false, err
	}
	defer h.queue.leave()
	digest, err := h.compute(p, password)
	ok = err == nil && subtle.ConstantTimeCompare(digest, p.digest) == 1 && len(password) <= typedBytes
	return ok, ok && !p.isCurrent(), err
}

// Begin begins what Verify does, and goes on: it is for a caller with something to wait for meanwhile. verdict waits for the
// result, and is called once or not at all.
func (h *Hasher) Begin(ctx context.Context, phc, password string, known bool) (verdict func() (ok, renew bool, err error)) {
	done := make(chan struct{})
	var ok, renew bool
	var err error
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				ok, err = false, ErrBusy.Because(fmt.Errorf("panic: %v", p))
			}
		}()
		ok, renew, err = h.Verify(ctx, phc, password, known)
	}()
	return func() (bool, bool, error) {
		<-done
		return ok, renew, err
	}
}

// Alone reports whether no other sign-in is under way but that of the caller, who has Entered.
func (h *Hasher) Alone() bool { return h.door.has(doorPlaces(h.workers) - 1) }

// doorPlaces is how many sign-ins may be under way for so many workers: a few more than keep them busy.
func doorPlaces(workers int) int { return 2*workers + 2 }

// Dummy is a PHC string with the parameters of new ones that no password matches: what an unknown user name is checked
// against as long as no hash is stored. It stays the same for the hasher's life.
func (h *Hasher) Dummy() string { return h.dummy }

// Calls is how many hashes were computed so far.
func (h *Hasher) Calls() int64 { return h.calls.Load() }

// compute hashes what was typed in NFC, so that one password typed on two systems is one password.
func (h *Hasher) compute(p phc, password string) ([]byte, error) {
	h.calls.Add(1)
	if len(password) > typedBytes {
		password = password[:typedBytes] // the same work; Verify lets none of these through
	}
	digest, err := h.derive(Work{Password: PasswordBytes(password), Salt: p.salt, Memory: p.memory, Passes: p.passes,
		Threads: p.threads, Size: uint32(len(p.digest))})
	if err == nil && len(digest) != len(p.digest) {
		err = errDigest
	}
	if err != nil {
		return nil, ErrBusy.Because(err)
	}
	return digest, nil
}

// PasswordBytes are the bytes of a typed password that are hashed: in NFC, so that one password typed on two systems is
// one password.
func PasswordBytes(password string) []byte { return norm.NFC.Bytes([]byte(password)) }

// phc is a stored hash with its parameters, in the PHC string format.
type phc struct {
	memory, passes uint32
	threads        uint8
	salt, digest   []byte
}

func current(salt, digest []byte) phc { return phc{memory, passes, threads, salt, digest} }

func (p phc) isCurrent() bool {
	return p.memory == memory && p.passes == passes && p.threads == threads && len(p.salt) == saltSize && len(p.digest) == hashSize
}

func (p phc) String() string {
	return p.head() + rawBase64.EncodeToString(p.salt) + "$" + rawBase64.EncodeToString(p.digest)
}

func (p phc) head() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, p.memory, p.passes, p.threads)
}
