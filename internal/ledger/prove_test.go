package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/ledger"
	"sallyport/internal/store"
)

func TestProofs(t *testing.T) {
	w := newWorld(t)
	w.bulk(300)
	file, err := w.log.Prove(w.ctx, host, w.nth(17))
	w.ok(err)
	p, err := audit.ReadProof(file, w.log.Verifier())
	w.ok(err)
	if p.Event.ID != w.nth(17) || p.Place != 16 || p.Event.After["phone"] != "+216" || p.Event.ActorName != mara.UserName || p.Head.Size != 301 {
		t.Errorf("%+v", p)
	}
	for _, c := range [][2]string{{"+216", "+217"}, {mara.UserName, "eve@northwind.example"}, {`"place": 16`, `"place": 15`}, {`"outcome": "ok"`, `"outcome": "wrong"`},
		{`\n301\n`, `\n300\n`}, {fmt.Sprintf(`"id": %d`, w.nth(17)), `"id": 4711`}, {"sallyport-audit-proof-1", "sallyport-audit-proof-2"}, {`"form"`, `"more": 1, "form"`}} {
		changed := strings.ReplaceAll(string(file), c[0], c[1])
		if changed == string(file) {
			t.Errorf("%q is not in the file", c[0])
		}
		if _, err := audit.ReadProof([]byte(changed), w.log.Verifier()); err == nil {
			t.Errorf("a proof with %q was taken", c[1])
		}
	}
	for _, c := range [][2]string{{`"phone": "+216"`, `"phone": "+666", "phone": "+216"`}, {`    "after": {`, `    "after": {"phone": "+666"}, "AFTER": {`},
		{`"reason"`, `"Reason"`}, {`"moved"`, `"\u006doved"`}, {"{\n", "{ \n"}} {
		changed := strings.Replace(string(file), c[0], c[1], 1)
		if changed == string(file) {
			t.Errorf("%q is not in the file", c[0])
		}
		if _, err := audit.ReadProof([]byte(changed), w.log.Verifier()); err == nil {
			t.Errorf("a proof with %q was taken", c[1])
		}
	}
	if _, err := audit.ReadProof(file, newWorld(t).log.Verifier()); err == nil {
		t.Error("another log's key was taken")
	}
	if _, err := w.log.Prove(w.ctx, host, 471100); sallyport.CodeOf(err) != "no_such_event" {
		t.Errorf("%v", err)
	}
	var exports []sallyport.Event
	w.ok(w.db.Read(w.ctx, func(tx *store.Tx) (err error) {
		exports, err = tx.Events(w.ctx, sallyport.EventFilter{Type: string(audit.AuditExported)})
		return err
	}))
	if len(exports) != 1 || exports[0].After["filter"] != fmt.Sprintf("event=%d", w.nth(17)) || exports[0].After["format"] != "proof" {
		t.Errorf("%+v", exports)
	}
}

// An event that no head holds yet gets one with its proof, whether it has its place or not.
func TestProofOfTheNewestEvent(t *testing.T) {
	w := newWorld(t)
	w.bulk(3)
	w.head()
	for _, placed := range []bool{false, true} {
		w.bulk(1)
		var ids []int64
		w.ok(w.db.Read(w.ctx, func(tx *store.Tx) (err error) {
			ids, err = tx.UnplacedNumbers(w.ctx, 0, 10)
			return err
		}))
		if placed {
			w.place()
		}
		file, err := w.log.Prove(w.ctx, host, ids[0])
		w.ok(err)
		if p, err := audit.ReadProof(file, w.log.Verifier()); err != nil || p.Event.ID != ids[0] {
			t.Errorf("%+v %v", p, err)
		}
	}
}

// What does not fit its own proof is not handed out.
func TestNoProofOfAChangedEvent(t *testing.T) {
	w := filled(t)
	w.behind(wrong17)
	if _, err := w.log.Prove(w.ctx, host, 17); sallyport.CodeOf(err) != "audit_tree" {
		t.Errorf("%v", err)
	}
}

// blind is a store whose n-th look for a leaf or a head fails, and finds nothing as one that fails does.
type blind struct {
	store.Transactions[ledger.Tx]
	left int
}

func (b *blind) Read(ctx context.Context, do func(ledger.Tx) error) error {
	return b.Transactions.Read(ctx, func(tx ledger.Tx) error { return do(blindTx{tx, b}) })
}

func (b *blind) Write(ctx context.Context, do func(ledger.Tx) error) error {
	return b.Transactions.Write(ctx, func(tx ledger.Tx) error { return do(blindTx{tx, b}) })
}

type blindTx struct {
	ledger.Tx
	store *blind
}

func (t blindTx) Leaf(ctx context.Context, id int64) (sallyport.Leaf, bool, error) {
	if t.store.left--; t.store.left == 0 {
		return sallyport.Leaf{}, false, errBroken
	}
	return t.Tx.Leaf(ctx, id)
}

func (t blindTx) LastHead(ctx context.Context) (sallyport.Head, bool, error) {
	if t.store.left--; t.store.left == 0 {
		return sallyport.Head{}, false, errBroken
	}
	return t.Tx.LastHead(ctx)
}

// A database that could not look is not called a log without events, without this event or with a tree that does not fit.
func TestProofWithoutTheDatabase(t *testing.T) {
	w := worldWith(t, false)
	w.bulk(3)
	_, err := w.log.Prove(w.ctx, host, w.nth(1)) // a head holds it from now on, so that each proof takes the same looks
	w.ok(err)
	for name, ask := range map[string]func(*ledger.Service) error{
		"prove": func(s *ledger.Service) error { _, err := s.Prove(w.ctx, host, w.nth(1)); return err },
		"head":  func(s *ledger.Service) error { _, err := s.Head(w.ctx, host); return err },
	} {
		for look, done := 1, false; !done; look++ {
			b := &blind{store.For[ledger.Tx](w.db), look}
			s, err := ledger.New(ledger.Options{Store: b, Key: w.keys.SigningKey("audit head"), Origin: "sallyport-audit-" + w.keys.ID()})
			w.ok(err)
			err = ask(s)
			if done = b.left > 0; done {
				w.ok(err)
				continue
			}
			var words *sallyport.Error
			if !errors.Is(err, errBroken) || errors.As(err, &words) && sallyport.KindOf(err) != sallyport.Unavailable {
				t.Errorf("%s, look %d: %v", name, look, err)
			}
		}
	}
}
