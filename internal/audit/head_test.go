package audit

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"sallyport"
)

// logKey is the signer of a log for tests, and one head that it signed.
func logKey(t *testing.T) (*Signer, string) {
	t.Helper()
	s, err := NewSigner("sallyport", ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	h, err := s.SignHead(3, Hash{1, 2, 3}, time.Date(2026, 3, 2, 10, 0, 0, 0, time.FixedZone("CET", 3600)))
	if err != nil {
		t.Fatal(err)
	}
	return s, h.Note
}

// A head is written in one way only, whoever signs it: no two texts say the same.
func TestHeadHasOneForm(t *testing.T) {
	s, signed := logKey(t)
	h, err := OpenHead(signed, " "+s.Verifier()+"\n") // as it was copied
	if err != nil || h.Size != 3 || h.Root != (Hash{1, 2, 3}) || !h.At.Equal(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)) {
		t.Fatalf("%+v %v", h, err)
	}
	text := h.text()
	for name, c := range map[string][2]string{
		"a sign":                {"\n3\n", "\n+3\n"},
		"a zero":                {"\n3\n", "\n03\n"},
		"less than nothing":     {"\n3\n", "\n-3\n"},
		"bits that are no root": {"A=\n", "B=\n"},
		"one more line":         {"000000Z\n", "000000Z\nmore\n"},
		"another log's name":    {"sallyport\n", "saliyport\n"},
	} {
		other := strings.Replace(text, c[0], c[1], 1)
		msg, err := note.Sign(&note.Note{Text: other}, s)
		if err != nil || other == text {
			t.Fatal(name, err)
		}
		if h, err := OpenHead(string(msg), s.Verifier()); err == nil {
			t.Errorf("%s: %+v", name, h)
		}
	}
}

// Whose signature a note carries is read from whatever stands in the database, and is nobody's where it is none.
func TestSignedBy(t *testing.T) {
	s, signed := logKey(t)
	if got := SignedBy(signed); got != s.KeyHash() {
		t.Errorf("%08x", got)
	}
	for _, msg := range []string{"", "x", "x\n\n— ", "x\n\n— sallyport", "x\n\n— sallyport \n", "x\n\n— sallyport AAAA\n", "x\n\n— sallyport ****AAAAAAAA\n"} {
		if got := SignedBy(msg); got != 0 {
			t.Errorf("%q is signed by %08x", msg, got)
		}
	}
}

// Of a syslog server's file the audit log's lines count and others do not; a head among them that the key has not signed
// is an error, be all else right.
func TestKeptLines(t *testing.T) {
	s, signed := logKey(t)
	head := func(note string) string {
		text, err := json.Marshal(map[string]any{"kind": "head", "note": note})
		if err != nil {
			t.Fatal(err)
		}
		return string(text) + "\n"
	}
	const begin = "<110>1 2026-03-02T09:00:00.000000Z door sallyport 1 audit.head - "
	k, err := ReadKept([]byte("a line\n<13>1 - - - - {not JSON\n"+begin+head(signed)+begin+head(strings.TrimSpace(signed))), s.Verifier())
	if err != nil || len(k.Heads) != 2 || k.Heads[0].Size != 3 {
		t.Errorf("%+v %v", k, err)
	}
	if k, err := ReadKept([]byte(head(signed)+head(strings.Replace(signed, "\n3\n", "\n4\n", 1))), s.Verifier()); err == nil {
		t.Errorf("a forged head is passed over: %+v", k)
	}
}

// A head that was mailed is one still; two in one file are none.
func TestKeptHead(t *testing.T) {
	s, signed := logKey(t)
	for _, text := range []string{signed, strings.ReplaceAll(signed, "\n", "\r\n"), "\n" + strings.TrimSpace(signed), signed + "\n"} {
		if k, err := ReadKept([]byte(text), s.Verifier()); err != nil || len(k.Heads) != 1 || k.Heads[0].Size != 3 {
			t.Errorf("%q: %+v %v", text, k, err)
		}
	}
	if _, err := ReadKept([]byte(signed+signed), s.Verifier()); err == nil || !strings.Contains(err.Error(), "and nothing else") {
		t.Errorf("two heads: %v", err)
	}
}

// proofOf is the proof of an event as the only one of a log, and the log's key.
func proofOf(t *testing.T, l sallyport.Leaf) (file []byte, verifier string) {
	t.Helper()
	s, _ := logKey(t)
	h, err := s.SignHead(1, LeafHash(l), whole().At)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Prove(l, h, nil)
	if err == nil {
		file, err = p.Write()
	}
	if err != nil {
		t.Fatal(err)
	}
	return file, s.Verifier()
}

// A proof says which half of its event was erased, and is a file of at most a megabyte with nothing behind it.
func TestProofFile(t *testing.T) {
	l := Place(whole(), 0)
	file, key := proofOf(t, l)
	if got, err := ReadProof(file, key); err != nil || got.Event.ID != 7 || got.ActorErased || got.TargetErased {
		t.Errorf("%+v %v", got, err)
	}
	for behind, says := range map[string]string{"{}": "no proof", " ": "no proof", strings.Repeat(" ", 1<<20): "too long"} {
		if _, err := ReadProof(append(bytes.Clone(file), behind...), key); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%d bytes behind it: %v", len(behind), err)
		}
	}
	actor, target := l, l
	EraseActor(&actor)
	EraseTarget(&target)
	for _, l := range []sallyport.Leaf{actor, target} {
		file, key := proofOf(t, l)
		if got, err := ReadProof(file, key); err != nil || got.ActorErased != (got.Event.ActorName == "") || got.TargetErased == got.ActorErased {
			t.Errorf("%+v %v", got, err)
		}
	}
}

// An event that was changed does not fit its own proof, nor does one that the head of the tree does not hold.
func TestProofOfWhatWasChanged(t *testing.T) {
	for name, change := range map[string]func(*sallyport.Leaf){
		"its actor's half":     func(l *sallyport.Leaf) { l.Browser = "x" },
		"its target's half":    func(l *sallyport.Leaf) { l.After = nil },
		"its half, and marked": func(l *sallyport.Leaf) { l.Reason = "x"; l.Target.Mark = mark(l.Target.Salt, targetPart(l.Event)) },
		"its number":           func(l *sallyport.Leaf) { l.ID++ },
		"its place":            func(l *sallyport.Leaf) { l.Place = 1 },
		"its place, below all": func(l *sallyport.Leaf) { l.Place = -1 },
	} {
		l := Place(whole(), 0)
		file, key := proofOf(t, l)
		p, err := parseProof(file)
		if err != nil {
			t.Fatal(err)
		}
		change(&l)
		p.Event, p.Place, p.Actor, p.Whose = lineOf(l.Event), l.Place, partLine(l.Actor), partLine(l.Target)
		if file, err = p.Write(); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadProof(file, key); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A stored hash has the length of a hash.
func TestToHash(t *testing.T) {
	for n, ok := range map[int]bool{0: false, 31: false, 32: true, 33: false} {
		if _, err := ToHash(make([]byte, n)); (err == nil) != ok {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// A sink's record carries what its receiver sorts by: time, type and outcome of the event, and of a head that it is one.
func TestSinkRecords(t *testing.T) {
	e := whole()
	e.Outcome = "wrong"
	r := EventRecord(Place(e, 3))
	if !r.At.Equal(e.At) || r.Type != e.Type || r.Outcome != "wrong" || !strings.Contains(string(r.JSON), `"outcome":"wrong"`) || !strings.Contains(string(r.JSON), `{"kind":"event","place":3,`) {
		t.Errorf("%+v %s", r, r.JSON)
	}
	if r := HeadRecord(sallyport.Head{Size: 4, At: e.At, Note: "n"}); !r.At.Equal(e.At) || r.Type != "audit.head" || r.Outcome != "ok" || !strings.Contains(string(r.JSON), `"size":4`) {
		t.Errorf("%+v", r)
	}
}
