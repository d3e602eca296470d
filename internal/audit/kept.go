package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Kept is what somebody else kept of the log: signed heads, and what a sink was handed of the events, by their places.
type Kept struct {
	Heads  []Head
	Leaves map[int64]Hash      // as each was handed over first
	Times  map[int64]time.Time // when it happened, by the same line
	Twice  map[int64]bool      // places for which another event was handed over later
}

// ReadKept reads a signed head as a file, or the JSON lines of a sink. A head that the key has not signed is an error.
// Lines that are neither head nor event of an audit log are passed over, so that a log file of a syslog server, whose
// lines begin with a header, can be read as it is.
func ReadKept(text []byte, verifier string) (Kept, error) {
	k := Kept{Leaves: map[int64]Hash{}, Times: map[int64]time.Time{}, Twice: map[int64]bool{}}
	if h, err := OpenHead(printed(string(text)), verifier); err == nil {
		k.Heads = []Head{h}
		return k, nil
	}
	for l := range bytes.Lines(text) {
		if err := k.read(l, verifier); err != nil {
			return k, err
		}
	}
	if len(k.Heads) == 0 && len(k.Leaves) == 0 {
		return k, errors.New("there is no head of this audit log in the file: it must hold one as it was printed and nothing else, or the lines of a sink")
	}
	return k, nil
}

// printed is a head without what mails and editors do to it: other line ends, and white space around it.
func printed(note string) string {
	return strings.TrimSpace(strings.ReplaceAll(note, "\r\n", "\n")) + "\n"
}

func (k *Kept) read(l []byte, verifier string) error {
	start := bytes.IndexByte(l, '{')
	if start < 0 {
		return nil
	}
	var v struct {
		Kind, Note, At string
		Place          int64
		Leaf           Hash
	}
	if err := json.Unmarshal(l[start:], &v); err != nil {
		return nil //nolint:nilerr // some other line, or one that was cut
	}
	switch v.Kind {
	case "event":
		if v.Place < 0 {
			return nil
		}
		k.event(v.Place, v.Leaf, v.At)
	case "head":
		h, err := OpenHead(printed(v.Note), verifier)
		if err != nil {
			return err
		}
		k.Heads = append(k.Heads, h)
	}
	return nil
}

// event keeps what came first: a sink may be handed the same event again, and never another one for its place.
func (k *Kept) event(place int64, leaf Hash, at string) {
	if first, known := k.Leaves[place]; known {
		if leaf != first {
			k.Twice[place] = true
		}
		return
	}
	k.Leaves[place] = leaf
	if t, err := ParseTime(at); err == nil {
		k.Times[place] = t
	}
}
