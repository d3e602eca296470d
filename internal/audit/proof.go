package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"sallyport"
)

// proofForm names the form of a proof's file.
const proofForm = "sallyport-audit-proof-1"

// MaxProof is how long a proof's file may be, in bytes.
const MaxProof = 1 << 20

// Proof is the file that proves one event: the event itself, the way from its leaf to the root, and the signed head.
type Proof struct {
	Form  string   `json:"form"`
	Event line     `json:"event"`
	Place int64    `json:"place"`
	Actor partLine `json:"actor_part"`
	Whose partLine `json:"target_part"`
	Path  []Hash   `json:"path"`
	Head  string   `json:"head"`
}

type partLine struct {
	Salt []byte `json:"salt,omitempty"` // none where the part was erased
	Mark []byte `json:"mark"`
}

// Prove makes the proof of a leaf against a signed head of a tree that holds it.
func Prove(l sallyport.Leaf, h sallyport.Head, read ReadHash) (Proof, error) {
	path, err := tlog.ProveRecord(h.Size, l.Place, read)
	if err != nil {
		return Proof{}, fmt.Errorf("prove an event: %w", err)
	}
	return Proof{Form: proofForm, Event: lineOf(l.Event), Place: l.Place, Actor: partLine(l.Actor), Whose: partLine(l.Target), Path: path, Head: h.Note}, nil
}

// Write is the proof as a file, with its fields on lines of their own for who reads it.
func (p Proof) Write() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(p)
	return b.Bytes(), err
}

// Proved is what a proof shows.
type Proved struct {
	Event        sallyport.Event
	Place        int64
	Head         Head
	ActorErased  bool
	TargetErased bool
}

// ReadProof reads a proof's file and checks all of it against a verifier key, without any database. A file that is not
// byte for byte what Write makes of it is refused: of a name that stands in it twice, other readers may take the other.
func ReadProof(file []byte, verifier string) (Proved, error) {
	p, err := parseProof(file)
	if err != nil {
		return Proved{}, err
	}
	head, err := OpenHead(p.Head, verifier)
	if err != nil {
		return Proved{}, err
	}
	l, err := p.leaf()
	if err != nil {
		return Proved{}, err
	}
	if err := CheckLeaf(l); err != nil {
		return Proved{}, fmt.Errorf("the event does not fit its proof: %w", err)
	}
	if p.Place < 0 || p.Place >= head.Size {
		return Proved{}, errors.New("the place is not in the tree that was signed")
	}
	if err := tlog.CheckRecord(p.Path, head.Size, head.Root, p.Place, LeafHash(l)); err != nil {
		return Proved{}, errors.New("the event does not fit its proof: the way to the signed root does not hold")
	}
	return Proved{Event: l.Event, Place: p.Place, Head: head, ActorErased: len(l.Actor.Salt) == 0, TargetErased: len(l.Target.Salt) == 0}, nil
}

func parseProof(file []byte) (Proof, error) {
	var p Proof
	if len(file) > MaxProof {
		return p, errors.New("this is no proof of an event: it is too long")
	}
	if err := json.Unmarshal(file, &p); err != nil {
		return p, fmt.Errorf("this is no proof of an event: %w", err)
	}
	if p.Form != proofForm {
		return p, errors.New("this is no proof of an event that this version knows")
	}
	if text, err := p.Write(); err != nil || !bytes.Equal(text, file) {
		return p, errors.New("this is no proof as Sallyport writes it: something in the file was changed or added, be it a space")
	}
	return p, nil
}

func (p Proof) leaf() (sallyport.Leaf, error) {
	e := p.Event
	at, err := ParseTime(e.At)
	if err != nil {
		return sallyport.Leaf{}, fmt.Errorf("this is no proof of an event: %w", err)
	}
	return sallyport.Leaf{Place: p.Place, Actor: sallyport.Part(p.Actor), Target: sallyport.Part(p.Whose), Event: sallyport.Event{
		ID: e.ID, At: at.UTC(), Type: e.Type, Outcome: e.Outcome, ActorKind: sallyport.ActorKind(e.ActorKind), Actor: sallyport.TechnicianID(e.Actor),
		ActorName: e.ActorName, Target: sallyport.TechnicianID(e.Target), TargetName: e.TargetName, Before: e.Before, After: e.After,
		Address: e.Address, Browser: e.Browser, RequestID: e.RequestID, Reason: e.Reason}}, nil
}

func lineOf(e sallyport.Event) line {
	return line{e.ID, e.At.UTC().Format(timeForm), e.Type, e.Outcome, string(e.ActorKind), string(e.Actor), e.ActorName,
		string(e.Target), e.TargetName, e.Before, e.After, e.Address, e.Browser, e.RequestID, e.Reason}
}

// sinkLine is an event on its way to a sink.
type sinkLine struct {
	Kind  string `json:"kind"`
	Place int64  `json:"place"`
	Leaf  Hash   `json:"leaf"`
	line
}

type sinkHead struct {
	Kind string `json:"kind"`
	Size int64  `json:"size"`
	At   string `json:"at"`
	Note string `json:"note"`
}

// SinkHeadType is the type of a head among a sink's records.
const SinkHeadType = "audit.head"

// EventRecord is a leaf as sinks get it: the event as it is exported, with its place and the hash of its leaf.
func EventRecord(l sallyport.Leaf) sallyport.SinkRecord {
	return record(l.At, l.Type, l.Outcome, sinkLine{"event", l.Place, LeafHash(l), lineOf(l.Event)})
}

// HeadRecord is a signed head as sinks get it.
func HeadRecord(h sallyport.Head) sallyport.SinkRecord {
	return record(h.At, SinkHeadType, "ok", sinkHead{"head", h.Size, h.At.UTC().Format(timeForm), h.Note})
}

func record(at time.Time, what, outcome string, v any) sallyport.SinkRecord {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("audit: " + err.Error()) // strings and maps of strings always encode
	}
	return sallyport.SinkRecord{At: at, Type: what, Outcome: outcome, JSON: bytes.TrimSuffix(b.Bytes(), []byte("\n"))}
}
