package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/internal/audit"
)

// An auditor's own checker, written from docs/audit.md, RFC 6962 and the form of signed notes, without a line of ours: it
// comes to the same end.
func TestProofByTheWordsOfTheDocs(t *testing.T) {
	w := newWorld(t)
	life(w)
	w.bulk(122)
	w.write(audit.New(audit.TechnicianEdited, as(mara)).On(dana).Because(`<b>"Jürgen" & Söhne</b>`).Event())
	for _, id := range []int64{1, 2, 4, 77, 130} {
		file, err := w.log.Prove(w.ctx, host, w.nth(id))
		w.ok(err)
		var p struct {
			Event       map[string]any
			Place       uint64
			Path        [][]byte
			Head        string
			Actor_part  struct{ Salt, Mark []byte }
			Target_part struct{ Salt, Mark []byte }
		}
		w.ok(json.Unmarshal(file, &p))
		text := func(name string) string { s, _ := p.Event[name].(string); return s }
		object := func(name string) any {
			if m, ok := p.Event[name]; ok {
				return m
			}
			return map[string]any{}
		}
		mac := func(salt []byte, items ...any) []byte {
			h := hmac.New(sha256.New, salt)
			h.Write(compact(t, items))
			return h.Sum(nil)
		}
		actor := mac(p.Actor_part.Salt, "actor", text("actor_name"), text("address"), text("browser"), text("request_id"))
		target := mac(p.Target_part.Salt, "target", text("target_name"), object("before"), object("after"), text("reason"))
		at, err := time.Parse(time.RFC3339Nano, text("at"))
		w.ok(err)
		leaf := compact(t, []any{"sallyport-audit-leaf-1", p.Event["id"], at.UnixMicro(), text("type"), text("outcome"), text("actor_kind"), text("actor"), text("target"),
			base64.StdEncoding.EncodeToString(actor), base64.StdEncoding.EncodeToString(target)})
		lines := strings.Split(p.Head, "\n")
		size, err := strconv.ParseUint(lines[1], 10, 64)
		w.ok(err)
		if root := base64.StdEncoding.EncodeToString(climb(t, leaf, p.Place, size, p.Path)); root != lines[2] {
			t.Errorf("event %d: root %s, signed %s", id, root, lines[2])
		}
		checkSignature(t, p.Head, w.log.Verifier())
	}
}

// compact is JSON without white space and with nothing escaped that need not be.
func compact(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

// climb is the verification of an audit path by RFC 9162 section 2.1.3.2.
func climb(t *testing.T, leaf []byte, place, size uint64, path [][]byte) []byte {
	t.Helper()
	if place >= size {
		t.Fatal("the place is outside of the tree")
	}
	hash := func(parts ...[]byte) []byte { h := sha256.Sum256(bytes.Join(parts, nil)); return h[:] }
	fn, sn, r := place, size-1, hash([]byte{0}, leaf)
	for _, p := range path {
		if sn == 0 {
			t.Fatal("the path is too long")
		}
		if fn&1 == 1 || fn == sn {
			r = hash([]byte{1}, p, r)
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			r = hash([]byte{1}, r, p)
		}
		fn, sn = fn>>1, sn>>1
	}
	if sn != 0 {
		t.Fatal("the path is too short")
	}
	return r
}

// checkSignature checks the one signature of a note: "name+number+1‖key" is the verifier, four bytes of number and 64 of
// signature stand in the line.
func checkSignature(t *testing.T, note, verifier string) {
	t.Helper()
	body, line, found := strings.Cut(note, "\n\n— ")
	parts := strings.SplitN(verifier, "+", 3)
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || !found || key[0] != 1 {
		t.Fatalf("verifier %q, note %q, %v", verifier, note, err)
	}
	fields := strings.Fields(line)
	signature, err := base64.StdEncoding.DecodeString(fields[1])
	if err != nil || fields[0] != parts[0] || len(signature) != 4+ed25519.SignatureSize || !ed25519.Verify(key[1:], []byte(body+"\n"), signature[4:]) {
		t.Errorf("the signature does not hold: %v", err)
	}
}
