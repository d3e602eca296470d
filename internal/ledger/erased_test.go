package ledger_test

import (
	"errors"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/ledger"
	"sallyport/internal/store"
)

// An account is named in whatever spelling signed it in, as other commands take it.
func TestErasureTakesTheNameAsItIsTyped(t *testing.T) {
	const name = "zo\u00eb@northwind.example"
	for _, typed := range []string{name, "ZO\u00cb@northwind.example", "zoe\u0308@northwind.example", " \uff5ao\u00eb@northwind.example "} {
		w := newWorld(t)
		w.write(audit.New(audit.TechnicianDeleted, as(mara)).On(sallyport.Technician{ID: "zoe", UserName: name}).Event())
		if done, err := w.log.Erase(w.ctx, host, typed, ""); err != nil || done.Accounts != 1 {
			t.Errorf("%q: %+v %v", typed, done, err)
		}
		if _, err := w.log.Erase(w.ctx, host, "zoe@northwind.example", ""); sallyport.CodeOf(err) != "nobody_erased" {
			t.Errorf("another name: %v", err)
		}
	}
}

// A user name that is a word like others takes out nothing but where it is one.
func TestErasureOfANameLikeAWord(t *testing.T) {
	w := newWorld(t)
	w.write(
		audit.New(audit.AuditExported, as(mara)).Changed(nil, map[string]string{"format": "csv", "filter": "search=dana"}).Event(),
		audit.New(audit.DeliveryFailed, as(mara)).Changed(nil, map[string]string{"message": "test", "to": "csv"}).Event(),
		audit.New(audit.EmailSettingsDraft, as(mara)).Changed(nil, map[string]string{"user": "csv@example.org", "kind": "csv"}).Event(),
		audit.New(audit.TechnicianDeleted, as(mara)).On(sallyport.Technician{ID: "c", UserName: "csv"}).Changed(map[string]string{"email": "csv@example.org"}, nil).Event(),
	)
	_, err := w.log.Erase(w.ctx, host, "csv", "")
	w.ok(err)
	if events := w.erasures(); len(events) != 1 || events[0].After["also"] != "1 2" || !strings.Contains(w.everything(), "search=dana") {
		t.Errorf("%+v", events)
	}
}

// However often an erasure is cut short, asked for again by the same name it finds what is left, also what tells of the
// person by nothing but a mailbox that he had once.
func TestErasureIsFinishedAfterItWasCutShort(t *testing.T) {
	w := newWorld(t)
	failed := audit.New(audit.DeliveryFailed, sallyport.Actor{Kind: sallyport.ActorSystem}).Changed(nil, map[string]string{"to": "dana.once@example.org"}).Event()
	w.write(audit.New(audit.TechnicianEdited, as(mara)).On(dana).Changed(map[string]string{"email": "dana.once@example.org"}, nil).Event(),
		audit.New(audit.TechnicianDeleted, as(mara)).On(dana).Event())
	w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error {
		for range 500 {
			if err := tx.InsertEvent(w.ctx, audit.New(audit.SessionEnded, as(dana)).On(dana).Event()); err != nil {
				return err
			}
		}
		return tx.InsertEvent(w.ctx, failed)
	}))
	w.place()
	for range 2 { // 503 events, 200 of which go at once
		f := &failing{store.For[ledger.Tx](w.db), 1}
		s, err := ledger.New(ledger.Options{Store: f, Key: w.keys.SigningKey("audit head"), Origin: "sallyport-audit-" + w.keys.ID()})
		w.ok(err)
		if _, err := s.Erase(w.ctx, host, dana.UserName, ""); !errors.Is(err, errBroken) {
			t.Fatal(err)
		}
		w.place()
	}
	if _, err := w.log.Erase(w.ctx, host, dana.UserName, ""); err != nil {
		t.Error(err)
	}
	if text := w.everything(); strings.Contains(text, "dana.once") || strings.Contains(text, dana.UserName) {
		t.Error("something is left")
	}
	w.whole("")
}
