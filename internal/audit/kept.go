package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// Kept is what somebody else kept of the log: signed heads, and the hashes of leaves by their places.
type Kept struct {
	Heads  []Head
	Leaves map[int64]Hash
}

// ReadKept reads a signed head as a file, or the JSON lines of a sink. A head that the key has not signed is an error.
// Lines that are neither head nor event of an audit log are passed over, so that a log file of a syslog server, whose
// lines begin with a header, can be read as it is.
func ReadKept(text []byte, verifier string) (Kept, error) {
	k := Kept{Leaves: map[int64]Hash{}}
	if h, err := OpenHead(string(text), verifier); err == nil {
		k.Heads = []Head{h}
		return k, nil
	}
	for l := range bytes.Lines(text) {
		if err := k.read(l, verifier); err != nil {
			return k, err
		}
	}
	if len(k.Heads) == 0 && len(k.Leaves) == 0 {
		return k, errors.New("there is no head of this audit log in the file")
	}
	return k, nil
}

func (k *Kept) read(l []byte, verifier string) error {
	start := bytes.IndexByte(l, '{')
	if start < 0 {
		return nil
	}
	var v struct {
		Kind, Note string
		Place      int64
		Leaf       Hash
	}
	if err := json.Unmarshal(l[start:], &v); err != nil {
		return nil //nolint:nilerr // some other line, or one that was cut
	}
	switch v.Kind {
	case "event":
		k.Leaves[v.Place] = v.Leaf
	case "head":
		h, err := OpenHead(strings.TrimSpace(v.Note)+"\n", verifier)
		if err != nil {
			return err
		}
		k.Heads = append(k.Heads, h)
	}
	return nil
}
