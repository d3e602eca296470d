package audit

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"

	"sallyport"
)

// Hash is a hash of the tree.
type Hash = tlog.Hash

// leafForm names the form of a leaf, so that a later form can never be taken for this one.
const leafForm = "sallyport-audit-leaf-1"

// saltSize is that of HMAC-SHA-256's own strength.
const saltSize = 32

// Place makes the leaf of an event: fresh salts, and the marks that they give.
func Place(e sallyport.Event, place int64) sallyport.Leaf {
	l := sallyport.Leaf{Event: e, Place: place}
	l.Actor.Salt, l.Target.Salt = newSalt(), newSalt()
	l.Actor.Mark, l.Target.Mark = mark(l.Actor.Salt, actorPart(e)), mark(l.Target.Salt, targetPart(e))
	return l
}

func newSalt() []byte {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	return salt
}

// actorPart is what an event says of the person who did it.
func actorPart(e sallyport.Event) []byte {
	return list("actor", e.ActorName, e.Address, e.Browser, e.RequestID)
}

// targetPart is what it says of the person whom it happened to.
func targetPart(e sallyport.Event) []byte {
	return list("target", e.TargetName, pairs(e.Before), pairs(e.After), e.Reason)
}

// pairs is m in a form that is the same for no map and an empty one.
func pairs(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// list is a JSON array without white space, the keys of its objects in order, with no letter escaped that need not be.
func list(items ...any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(items); err != nil {
		panic("audit: " + err.Error()) // strings, numbers and maps of strings always encode
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func mark(salt, part []byte) []byte {
	h := hmac.New(sha256.New, salt)
	h.Write(part)
	return h.Sum(nil)
}

// LeafHash is the hash of a leaf: of the number, time, type, outcome and ids of the event, and of its two marks.
func LeafHash(l sallyport.Leaf) Hash {
	return tlog.RecordHash(list(leafForm, l.ID, l.At.UnixMicro(), l.Type, l.Outcome, string(l.ActorKind), string(l.Event.Actor),
		string(l.Event.Target), l.Actor.Mark, l.Target.Mark))
}

// What CheckLeaf finds wrong.
var (
	ErrActorPart  = errors.New("what it says of its actor was changed")
	ErrTargetPart = errors.New("what it says of its target, or of what changed, was changed")
	errNotText    = errors.New("it holds what is no text")
)

// CheckLeaf holds the personal halves of an event against their marks. A half that was erased must be empty.
func CheckLeaf(l sallyport.Leaf) error {
	for _, s := range []string{l.Type, l.Outcome, l.ActorName, l.TargetName, l.Address, l.Browser, l.RequestID, l.Reason} {
		if !utf8.ValidString(s) {
			return errNotText // would encode like a replacement character
		}
	}
	if !kept(l.Actor, actorPart(l.Event), actorPart(sallyport.Event{})) {
		return ErrActorPart
	}
	if !kept(l.Target, targetPart(l.Event), targetPart(sallyport.Event{})) {
		return ErrTargetPart
	}
	return nil
}

func kept(p sallyport.Part, part, empty []byte) bool {
	if len(p.Salt) == 0 {
		return len(p.Mark) == sha256.Size && bytes.Equal(part, empty)
	}
	return hmac.Equal(p.Mark, mark(p.Salt, part))
}

// EraseActor takes away what the event says of its actor.
func EraseActor(l *sallyport.Leaf) {
	l.ActorName, l.Address, l.Browser, l.RequestID, l.Actor.Salt = "", "", "", "", nil
}

// EraseTarget takes away what the event says of its target.
func EraseTarget(l *sallyport.Leaf) {
	l.TargetName, l.Before, l.After, l.Reason, l.Target.Salt = "", nil, nil, "", nil
}
