package ledger_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/ledger"
	"sallyport/internal/store"
	"sallyport/internal/testkit/database"
)

// life is what the log knows of Dana, who was hired, signed in, mistyped and left; and of Mara, who did things to her.
func life(w *world) {
	nobody := sallyport.Actor{Kind: sallyport.ActorNobody, Client: sallyport.Client{Address: "198.51.100.9", Browser: "Dana's phone"}}
	fields := map[string]string{"user_name": dana.UserName, "email": "dana.private@example.org", "phone": "+14255550100"}
	w.write(
		audit.New(audit.TechnicianAdded, as(mara)).On(dana).Changed(nil, fields).Event(),
		audit.New(audit.SignInPasswordWrong, nobody).On(dana).Changed(nil, map[string]string{"user_name": dana.UserName}).Event(),
		audit.New(audit.SignInFinished, as(dana)).On(dana).Event(),
		audit.New(audit.TechnicianEdited, as(dana)).On(mara).Changed(nil, map[string]string{"phone": "+4930000001"}).Because("Mara asked for it").Event(),
		audit.New(audit.DeliveryFailed, sallyport.Actor{Kind: sallyport.ActorSystem}).Changed(nil, map[string]string{"message": "x", "to": "Dana.Private@example.org"}).Event(),
		audit.New(audit.DeliveryFailed, sallyport.Actor{Kind: sallyport.ActorSystem}).Changed(nil, map[string]string{"message": "x", "to": "else@example.org"}).Event(),
		audit.New(audit.TechnicianDeleted, as(mara)).On(dana).Changed(fields, nil).Because("Dana left").Event(),
	)
}

// everything is the whole database as text, after a VACUUM into a new file.
func (w *world) everything() string {
	w.Helper()
	if database.OnPostgres() {
		var leaves []sallyport.Leaf
		w.ok(w.db.Read(w.ctx, func(tx *store.Tx) (err error) {
			leaves, err = tx.Leaves(w.ctx, 0, 10_000)
			return err
		}))
		return strings.ToLower(fmt.Sprintf("%+v", leaves))
	}
	raw, err := sql.Open("sqlite", w.snapshot())
	w.ok(err)
	defer raw.Close()
	rows, err := raw.Query(`SELECT actor_name || target_name || old_values || new_values || address || browser || reason || search FROM event`)
	w.ok(err)
	defer rows.Close()
	var b bytes.Buffer
	for rows.Next() {
		var text string
		w.ok(rows.Scan(&text))
		b.WriteString(strings.ToLower(text) + "\n")
	}
	w.ok(rows.Err())
	return b.String()
}

// Erasing a person takes what is personal out of every event, and leaves every proof that was made before, and the log, whole.
func TestErasureKeepsProofsValid(t *testing.T) {
	w := newWorld(t)
	life(w)
	w.bulk(5)
	kept := w.head()
	proof, err := w.log.Prove(w.ctx, host, w.nth(3))
	w.ok(err)
	done, err := w.log.Erase(w.ctx, host, "DANA@northwind.example", "request of 2026-03-01")
	w.ok(err)
	if done.Accounts != 1 || done.Events == 0 {
		t.Errorf("%+v", done)
	}
	text := w.everything()
	for _, personal := range []string{"dana@northwind", "dana.private", "+14255550100", "198.51.100.9", "dana's phone", "dana left"} {
		if strings.Contains(text, personal) {
			t.Errorf("%q is still there", personal)
		}
	}
	for _, other := range []string{"mara@northwind", "+4930000001", "else@example.org", "mara asked for it"} {
		if !strings.Contains(text, other) {
			t.Errorf("%q was erased with it", other)
		}
	}
	r := w.whole(kept)
	if r.Erased == 0 || r.Kept != 1 || len(r.Acts) != 1 || !strings.Contains(r.Acts[0], fmt.Sprintf("deleted by event %d, was erased", w.nth(7))) {
		t.Errorf("%+v", r)
	}
	if _, err := audit.ReadProof(proof, w.log.Verifier()); err != nil {
		t.Errorf("the proof made before: %v", err)
	}
	after, err := w.log.Prove(w.ctx, host, w.nth(3))
	w.ok(err)
	p, err := audit.ReadProof(after, w.log.Verifier())
	w.ok(err)
	if !p.ActorErased || !p.TargetErased || p.Event.ActorName != "" || p.Event.Type != "signin.finished" || p.Event.Target != dana.ID {
		t.Errorf("%+v", p)
	}
	var events []sallyport.Event
	w.ok(w.db.Read(w.ctx, func(tx *store.Tx) (err error) {
		events, err = tx.Events(w.ctx, sallyport.EventFilter{Type: string(audit.AuditErased)})
		return err
	}))
	if len(events) != 1 || events[0].Target != dana.ID || events[0].TargetName != "" || events[0].ActorName != host.Name || events[0].Reason == "" {
		t.Errorf("%+v", events)
	}
	if _, err := w.log.Erase(w.ctx, host, "", ""); sallyport.CodeOf(err) != "nobody_erased" {
		t.Errorf("without a name, all are erased again whose name is gone: %v", err)
	}
	// By the id it may be asked for again, and finds nothing more.
	again, err := w.log.Erase(w.ctx, host, string(dana.ID), "")
	w.ok(err)
	if r := w.whole(kept); again.Events != 0 || len(r.Acts) != 2 { // it is an event all the same
		t.Errorf("again: %+v, %v", again, r.Acts)
	}
	w.whole(kept)
}

// An erased half that no erasure explains is a change, also beside a person whose erasure was asked for.
func TestQuietErasureBesideARealOne(t *testing.T) {
	w := newWorld(t)
	life(w)
	_, err := w.log.Erase(w.ctx, host, dana.UserName, "")
	w.ok(err)
	sixth := w.nth(6)
	w.behind(fmt.Sprintf(`UPDATE event SET target_name = '', old_values = '', new_values = '', target_salt = x'' WHERE id = %d`, sixth))
	if r := w.verify(""); r.First == nil || r.First.Event != sixth || r.First.Kind != ledger.Changed {
		t.Errorf("%+v", r.First)
	}
}

// That a person was erased does not stand for the half of whoever on the host did something to that account.
func TestQuietErasureOfTheHost(t *testing.T) {
	w := newWorld(t)
	life(w)
	_, err := w.log.Erase(w.ctx, host, dana.UserName, "")
	w.ok(err)
	w.behind(`UPDATE event SET actor_name = '', address = '', browser = '', request = '', actor_salt = x'' WHERE type = 'audit.erased'`)
	if r := w.verify(""); r.First == nil || r.First.Kind != ledger.Changed || r.First.Place != 7 {
		t.Errorf("%+v", r.First)
	}
}

// erasures are the events of erasures, the newest first.
func (w *world) erasures() (events []sallyport.Event) {
	w.Helper()
	w.ok(w.db.Read(w.ctx, func(tx *store.Tx) (err error) {
		events, err = tx.Events(w.ctx, sallyport.EventFilter{Type: string(audit.AuditErased)})
		return err
	}))
	return events
}

// Of events about nobody's account the half goes that names the person, wherever it does so; whose doing they were stays,
// but for somebody unknown, who may have been the person.
func TestErasureOfEventsAboutNobody(t *testing.T) {
	w := newWorld(t)
	nobody := sallyport.Actor{Kind: sallyport.ActorNobody, Client: sallyport.Client{Address: "198.51.100.9"}}
	to := map[string]string{"to": dana.UserName}
	searched := func(words string) sallyport.Event {
		return audit.New(audit.AuditExported, as(mara)).Changed(nil, map[string]string{"format": "csv", "filter": words}).Event()
	}
	w.write(
		searched("search=Dana@northwind.example"), searched("search= dana@northwind.example  type=signin."), searched("search=not"+dana.UserName),
		audit.New(audit.EmailSettingsTested, as(mara)).Changed(nil, to).Event(),
		audit.New(audit.EmailSettingsRemoved, as(mara)).Changed(to, nil).Event(),
		audit.New(audit.PasswordResetAsked, nobody).Changed(nil, to).Event(),
		audit.New(audit.TechnicianDeleted, as(mara)).On(dana).Event(),
		audit.New(audit.TechnicianDeleted, as(mara)).On(sallyport.Technician{ID: "dana-2", UserName: dana.UserName}).Event(),
	)
	done, err := w.log.Erase(w.ctx, host, dana.UserName, "")
	w.ok(err)
	if done.Accounts != 2 || done.Events != 7 || w.tree().Size != 10 {
		t.Errorf("%+v", done)
	}
	text := w.everything()
	if strings.Count(text, dana.UserName) != strings.Count(text, "not"+dana.UserName) || strings.Contains(text, "198.51.100.9") || strings.Count(text, mara.UserName) < 4 {
		t.Error(text)
	}
	events := w.erasures()
	if len(events) != 2 || events[0].After["events"] != "1" || events[1].After["events"] != "6" || events[1].After["also"] != "0 1 3 4 5" {
		t.Errorf("%+v", events)
	}
	w.whole("")
}

// Whatever once reached a person or named him, before a change or after it, is looked for in events about nobody; what
// reaches others is not.
func TestErasureKnowsEveryContact(t *testing.T) {
	w := newWorld(t)
	failed := func(to string) sallyport.Event {
		return audit.New(audit.DeliveryFailed, sallyport.Actor{Kind: sallyport.ActorSystem}).Changed(nil, map[string]string{"to": to}).Event()
	}
	for _, key := range []string{"user_name", "email", "phone", "address", "to"} {
		w.write(audit.New(audit.TechnicianEdited, as(mara)).On(dana).Changed(map[string]string{key: "old " + key}, map[string]string{key: "new " + key}).Event(), failed("OLD "+key), failed("New "+key))
	}
	w.write(audit.New(audit.TechnicianEdited, as(dana)).On(mara).Changed(nil, map[string]string{"phone": "+4930000001"}).Event(), failed("+4930000001"),
		audit.New(audit.TechnicianDeleted, as(mara)).On(dana).Event())
	done, err := w.log.Erase(w.ctx, host, dana.UserName, "")
	w.ok(err)
	if text := w.everything(); done.Events != 17 || strings.Contains(text, "old ") || strings.Contains(text, "new ") || strings.Count(text, "+4930000001") != 2 {
		t.Errorf("%+v: %s", done, text)
	}
	w.whole("")
}

// A mailbox or a number is the person's under whatever name it stands; a word of his, like a user name without an @, is only
// where such words stand.
func TestErasureFindsContactsUnderOtherNames(t *testing.T) {
	w := newWorld(t)
	values := func(v string) sallyport.Event {
		return audit.New(audit.DeliveryFailed, sallyport.Actor{Kind: sallyport.ActorSystem}).Changed(nil, map[string]string{"message": v}).Event()
	}
	fields := map[string]string{"user_name": "csv", "email": "csv@example.org", "phone": "+14255550100"}
	w.write(values("+14255550100"), values("CSV@example.org"), values("csv"), audit.New(audit.TechnicianDeleted, as(mara)).On(dana).Changed(fields, nil).Event())
	done, err := w.log.Erase(w.ctx, host, string(dana.ID), "")
	w.ok(err)
	if text := w.everything(); done.Events != 3 || strings.Contains(text, "+14255550100") || strings.Contains(text, "@example.org") || !strings.Contains(text, "csv") {
		t.Errorf("%+v: %s", done, text)
	}
	w.whole("")
}

// unwritten is a store in which no event can be written anew.
type unwritten struct{ store.Transactions[ledger.Tx] }

func (u unwritten) Write(ctx context.Context, do func(ledger.Tx) error) error {
	return u.Transactions.Write(ctx, func(tx ledger.Tx) error { return do(unwrittenTx{tx}) })
}

type unwrittenTx struct{ ledger.Tx }

func (unwrittenTx) RewriteEvent(context.Context, sallyport.Leaf) error { return errBroken }

// What could not be taken out of the log is not called erased, by the answer or by the log.
func TestErasureThatCannotBeWritten(t *testing.T) {
	w := newWorld(t)
	life(w)
	s, err := ledger.New(ledger.Options{Store: unwritten{store.For[ledger.Tx](w.db)}, Key: w.keys.SigningKey("audit head"), Origin: "sallyport-audit-" + w.keys.ID()})
	w.ok(err)
	if _, err := s.Erase(w.ctx, host, dana.UserName, ""); !errors.Is(err, errBroken) || len(w.erasures()) > 0 {
		t.Errorf("%v, and the log says so in %d events", err, len(w.erasures()))
	}
}

// many is a log in which a person stands in more events than are read at once, and of whom the deletion lies further back
// than that.
func many(w *world) {
	w.Helper()
	w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error {
		for i := range 1230 {
			e := audit.New(audit.SignInFinished, as(dana)).On(dana).Event()
			switch {
			case i == 700:
				e = audit.New(audit.TechnicianDeleted, as(mara)).On(dana).Event()
			case i > 700 && i <= 1210:
				e = audit.New(audit.TechnicianDeleted, as(mara)).On(mara).Event()
			case i > 500 && i < 700:
				e = audit.New(audit.DeliveryFailed, sallyport.Actor{Kind: sallyport.ActorSystem}).Changed(nil, map[string]string{"to": dana.UserName}).Event()
			}
			if err := tx.InsertEvent(w.ctx, e); err != nil {
				return err
			}
		}
		return nil
	}))
}

// However much there is of a person, all of it goes, and events name each place that needs one.
func TestErasureOfMuch(t *testing.T) {
	w := newWorld(t)
	many(w)
	done, err := w.log.Erase(w.ctx, host, dana.UserName, "")
	w.ok(err)
	named := 0
	for _, e := range w.erasures() {
		named += len(strings.Fields(e.After["also"]))
	}
	if done.Accounts != 1 || done.Events != 720 || named != 199 || strings.Contains(w.everything(), dana.UserName) {
		t.Errorf("%+v, %d places named", done, named)
	}
	w.whole("")
}

// An erasure that was cut short leaves a whole log, with the event that stands for what is gone.
func TestErasureThatWasCutShort(t *testing.T) {
	w := newWorld(t)
	many(w)
	w.place()
	for left := range 3 {
		f := &failing{store.For[ledger.Tx](w.db), left}
		s, err := ledger.New(ledger.Options{Store: f, Key: w.keys.SigningKey("audit head"), Origin: "sallyport-audit-" + w.keys.ID()})
		w.ok(err)
		if _, err := s.Erase(w.ctx, host, dana.UserName, ""); !errors.Is(err, errBroken) {
			t.Fatal(err)
		}
		w.whole("")
	}
	_, err := w.log.Erase(w.ctx, host, dana.UserName, "")
	w.ok(err)
	if strings.Contains(w.everything(), dana.UserName) {
		t.Error("something is left")
	}
	w.whole("")
}

func TestErasureIsRefused(t *testing.T) {
	w := newWorld(t)
	life(w)
	w.ok(w.db.Write(w.ctx, func(tx *store.Tx) error {
		return tx.InsertTechnician(w.ctx, sallyport.Technician{ID: mara.ID, UserName: "m", UserNameKey: "m", Skeleton: "m", Role: sallyport.SuperAdmin, Status: sallyport.Active, Method: sallyport.MethodApp, Version: 1})
	}))
	for who, code := range map[string]string{string(mara.ID): "account_exists", "ines@northwind.example": "nobody_erased", "": "nobody_erased"} {
		if _, err := w.log.Erase(w.ctx, host, who, ""); sallyport.CodeOf(err) != code {
			t.Errorf("%q: %v", who, err)
		}
	}
	w.ok(w.db.Read(w.ctx, func(tx *store.Tx) error {
		events, err := tx.Events(w.ctx, sallyport.EventFilter{Type: string(audit.SaveRefused)})
		if len(events) != 1 || events[0].Target != mara.ID || events[0].Reason != "account_exists" || events[0].ActorName != host.Name {
			t.Errorf("%+v", events)
		}
		return err
	}))
}

// prunings are what the events of retention say was deleted, the newest first.
func (w *world) prunings() (steps []string) {
	w.Helper()
	w.ok(w.db.Read(w.ctx, func(tx *store.Tx) error {
		events, err := tx.Events(w.ctx, sallyport.EventFilter{Type: string(audit.AuditPruned)})
		for _, e := range events {
			steps = append(steps, e.After["events"]+" below "+e.After["below"])
		}
		return err
	}))
	return steps
}

// Retention deletes events, in steps, and leaves their leaves: the log stays whole, and proofs made before stay valid.
func TestRetentionKeepsProofsValid(t *testing.T) {
	w := newWorld(t)
	life(w)
	w.bulk(1500)
	kept := w.head()
	proof, err := w.log.Prove(w.ctx, host, w.nth(3))
	w.ok(err)
	w.pass(300 * 24 * time.Hour)
	w.bulk(20)
	w.ok(w.log.Prune(w.ctx))
	if tree := w.tree(); tree.Pruned != 0 {
		t.Errorf("%+v: too early", tree)
	}
	w.pass(102 * 24 * time.Hour)
	w.place()
	w.ok(w.log.Prune(w.ctx))
	if tree := w.tree(); tree.Pruned != 0 {
		t.Errorf("%+v: they are too old since a moment ago", tree)
	}
	w.pass(24 * time.Hour)
	for range 2 { // the second finds nothing more
		w.ok(w.log.Prune(w.ctx))
		if tree := w.tree(); tree.Pruned != 1508 {
			t.Errorf("%+v", tree)
		}
		if steps := w.prunings(); !slices.Equal(steps, []string{"508 below 1508", "1000 below 1000"}) {
			t.Errorf("deleted in %q: a transaction takes 1,000 at most, with its event", steps)
		}
	}
	r := w.whole(kept)
	if r.Pruned != 1508 || r.Kept != 1 {
		t.Errorf("%+v", r)
	}
	if _, err := audit.ReadProof(proof, w.log.Verifier()); err != nil {
		t.Error(err)
	}
	fresh, err := w.log.Prove(w.ctx, host, w.nth(1510))
	w.ok(err)
	if _, err := audit.ReadProof(fresh, w.log.Verifier()); err != nil {
		t.Error(err)
	}
	w.behind(`DELETE FROM event WHERE leaf = 1508`, `UPDATE audit_tree SET pruned = 1509`)
	if r := w.verify(kept); r.First == nil || r.First.Kind != ledger.Cut || r.First.Place != 1508 {
		t.Errorf("one more than was deleted: %+v", r.First)
	}
	w.behind(`DELETE FROM event WHERE leaf = 1511`)
	if r := w.verify(kept); r.First == nil || r.First.Kind != ledger.Cut || r.First.Place != 1511 {
		t.Errorf("%+v", r.First)
	}
	w.behind(`UPDATE audit_hash SET hash = zeroblob(32) WHERE place = ` + fmt.Sprint(audit.LeafNumber(2)))
	if r := w.verify(kept); r.First == nil || r.First.Kind != ledger.Changed || r.First.Place != 2 || r.First.Event != 0 || !strings.HasPrefix(r.First.Words, "The event at place 2") {
		t.Errorf("%+v", r.First)
	}
	w.behind(missing(1)) // the leaf of an event that retention took
	if r := w.verify(kept); r.First == nil || r.First.Kind != ledger.Broken || r.First.Place != 1 {
		t.Errorf("%+v", r.First)
	}
}

// What has no place yet when a person is erased is erased as well.
func TestErasureOfWhatHasNoPlaceYet(t *testing.T) {
	w := newWorld(t)
	life(w)
	done, err := w.log.Erase(w.ctx, host, dana.UserName, "")
	w.ok(err)
	if text := w.everything(); done.Events != 6 || strings.Contains(text, "dana@northwind") || strings.Contains(text, "dana.private") {
		t.Errorf("%+v: %s", done, text)
	}
}
