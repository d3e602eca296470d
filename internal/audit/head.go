package audit

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"sallyport"
)

// Head is what a signed head says.
type Head struct {
	Origin string // the name of the log, which is its key's
	Size   int64
	Root   Hash
	At     time.Time
}

var errHead = errors.New("this is no signed head of a Sallyport audit log")

// text is the note's text: the form of a checkpoint (origin, size, root), and the time as one more line.
func (h Head) text() string {
	return fmt.Sprintf("%s\n%d\n%s\nat %s\n", h.Origin, h.Size, h.Root, h.At.UTC().Format(timeForm))
}

func parseHead(text string) (Head, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 5 || lines[4] != "" {
		return Head{}, errHead
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return Head{}, errHead
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Head{}, errHead
	}
	at, err := time.Parse("at "+timeForm, lines[3])
	if err != nil {
		return Head{}, errHead
	}
	h := Head{Origin: lines[0], Size: size, Root: root, At: at}
	if h.text() != text {
		return Head{}, errHead // only one way to write a head
	}
	return h, nil
}

// Signer signs heads with the log's key.
type Signer struct {
	name     string
	key      ed25519.PrivateKey
	verifier string
	number   uint32
}

// NewSigner makes a signer whose name is that of the log.
func NewSigner(name string, key ed25519.PrivateKey) (*Signer, error) {
	verifier, err := note.NewEd25519VerifierKey(name, key.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	v, err := note.NewVerifier(verifier)
	if err != nil {
		return nil, err
	}
	return &Signer{name: name, key: key, verifier: verifier, number: v.KeyHash()}, nil
}

// Name implements note.Signer.
func (s *Signer) Name() string { return s.name }

// KeyHash implements note.Signer.
func (s *Signer) KeyHash() uint32 { return s.number }

// Sign implements note.Signer.
func (s *Signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// Verifier is the public key in the form that others check with.
func (s *Signer) Verifier() string { return s.verifier }

// SignHead signs the head of a tree.
func (s *Signer) SignHead(size int64, root Hash, at time.Time) (sallyport.Head, error) {
	at = at.UTC().Truncate(time.Microsecond)
	h := Head{Origin: s.name, Size: size, Root: root, At: at}
	msg, err := note.Sign(&note.Note{Text: h.text()}, s)
	return sallyport.Head{Size: size, At: at, Note: string(msg)}, err
}

// ErrVerifier is in the error where it is the verifier key that cannot be read.
var ErrVerifier = errors.New("the verifier key cannot be read")

// OpenHead reads a head that the key of verifier has signed.
func OpenHead(msg, verifier string) (Head, error) {
	v, err := note.NewVerifier(strings.TrimSpace(verifier))
	if err != nil {
		return Head{}, fmt.Errorf("%w (%w): give the whole line that “sallyport audit key” printed", ErrVerifier, err)
	}
	n, err := note.Open([]byte(msg), note.VerifierList(v))
	if err != nil {
		return Head{}, fmt.Errorf("the head is not signed by this key: %w", err)
	}
	h, err := parseHead(n.Text)
	if err == nil && h.Origin != v.Name() {
		err = errHead
	}
	return h, err
}

// SignedBy reports which key signed the first line of signatures of a note, 0 when there is none. It checks nothing.
func SignedBy(msg string) uint32 {
	_, line, ok := strings.Cut(msg, "\n\n— ")
	if !ok {
		return 0
	}
	line, _, _ = strings.Cut(line, "\n")
	_, sig, ok := strings.Cut(line, " ")
	raw, err := base64.StdEncoding.DecodeString(sig)
	if !ok || err != nil || len(raw) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(raw)
}
