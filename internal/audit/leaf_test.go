package audit

import (
	"errors"
	"testing"
	"time"

	"sallyport"
)

// whole is an event that says something in every field.
func whole() sallyport.Event {
	return sallyport.Event{ID: 7, At: time.Date(2026, 3, 2, 9, 0, 0, 1000, time.UTC), Type: "technician.edited", Outcome: "ok", ActorKind: sallyport.ActorTechnician,
		Actor: "mara", ActorName: "Mara", Target: "dana", TargetName: "Dana", Before: map[string]string{"a": "1"}, After: map[string]string{"a": "2"},
		Address: "192.0.2.1", Browser: "Firefox", RequestID: "r1", Reason: "moved"}
}

// Both salts of every event are fresh and as strong as the hash: from one that is known no other half can be guessed.
func TestSaltsAreFresh(t *testing.T) {
	a, b := Place(whole(), 0), Place(whole(), 1)
	seen := map[string]bool{}
	for _, p := range []sallyport.Part{a.Actor, a.Target, b.Actor, b.Target} {
		if len(p.Salt) != 32 || seen[string(p.Salt)] || seen[string(p.Mark)] {
			t.Errorf("a salt of %d bytes, or one that another half has", len(p.Salt))
		}
		seen[string(p.Salt)], seen[string(p.Mark)] = true, true
	}
}

// Whatever is changed of an event, its leaf or one of its marks no longer fits.
func TestEveryFieldIsInTheLeaf(t *testing.T) {
	for name, change := range map[string]func(*sallyport.Leaf){
		"number":        func(l *sallyport.Leaf) { l.ID++ },
		"time":          func(l *sallyport.Leaf) { l.At = l.At.Add(time.Microsecond) },
		"type":          func(l *sallyport.Leaf) { l.Type = "technician.added" },
		"outcome":       func(l *sallyport.Leaf) { l.Outcome = "wrong" },
		"kind of actor": func(l *sallyport.Leaf) { l.ActorKind = sallyport.ActorHost },
		"id of actor":   func(l *sallyport.Leaf) { l.Event.Actor = "eve" },
		"id of target":  func(l *sallyport.Leaf) { l.Event.Target = "eve" },
		"ids swapped":   func(l *sallyport.Leaf) { l.Event.Actor, l.Event.Target = l.Event.Target, l.Event.Actor },
		"mark of actor": func(l *sallyport.Leaf) {
			l.ActorName, l.Actor.Mark = "Eve", mark(l.Actor.Salt, list("actor", "Eve", l.Address, l.Browser, l.RequestID))
		},
		"mark of target":                       func(l *sallyport.Leaf) { l.Target = Place(whole(), 0).Target },
		"name of actor":                        func(l *sallyport.Leaf) { l.ActorName = "Eve" },
		"address":                              func(l *sallyport.Leaf) { l.Address = "192.0.2.2" },
		"browser":                              func(l *sallyport.Leaf) { l.Browser = "" },
		"request":                              func(l *sallyport.Leaf) { l.RequestID = "r2" },
		"name of target":                       func(l *sallyport.Leaf) { l.TargetName = "Eve" },
		"before":                               func(l *sallyport.Leaf) { l.Before = nil },
		"after":                                func(l *sallyport.Leaf) { l.After = map[string]string{"a": "3"} },
		"which is which":                       func(l *sallyport.Leaf) { l.Before, l.After = l.After, l.Before },
		"reason":                               func(l *sallyport.Leaf) { l.Reason = "" },
		"halves swapped":                       func(l *sallyport.Leaf) { l.Actor, l.Target = l.Target, l.Actor },
		"actor's half emptied, its salt kept":  func(l *sallyport.Leaf) { s := l.Actor.Salt; EraseActor(l); l.Actor.Salt = s },
		"target's half emptied, its salt kept": func(l *sallyport.Leaf) { s := l.Target.Salt; EraseTarget(l); l.Target.Salt = s },
	} {
		l := Place(whole(), 0)
		before := LeafHash(l)
		if change(&l); LeafHash(l) == before && CheckLeaf(l) == nil {
			t.Errorf("%s: nothing is noticed", name)
		}
	}
}

// Half of a letter is read as a replacement character: an event that held one cannot be told to hold the other.
func TestWhatIsNoTextIsNoticed(t *testing.T) {
	const sign, bad = "\ufffd", "\xff"
	for name, field := range map[string]func(*sallyport.Event) *string{
		"type": func(e *sallyport.Event) *string { return &e.Type }, "outcome": func(e *sallyport.Event) *string { return &e.Outcome },
		"name of actor": func(e *sallyport.Event) *string { return &e.ActorName }, "name of target": func(e *sallyport.Event) *string { return &e.TargetName },
		"address": func(e *sallyport.Event) *string { return &e.Address }, "browser": func(e *sallyport.Event) *string { return &e.Browser },
		"request": func(e *sallyport.Event) *string { return &e.RequestID }, "reason": func(e *sallyport.Event) *string { return &e.Reason },
	} {
		e := whole()
		*field(&e) = sign
		l := Place(e, 0)
		if err := CheckLeaf(l); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		*field(&l.Event) = bad
		if err := CheckLeaf(l); !errors.Is(err, errNotText) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A half that was erased has no salt and says nothing, and its mark is as long as a mark is.
func TestErasedHalves(t *testing.T) {
	for name, half := range map[string]struct {
		erase, speak func(*sallyport.Leaf)
		part         func(*sallyport.Leaf) *sallyport.Part
	}{
		"actor":  {EraseActor, func(l *sallyport.Leaf) { l.Browser = "x" }, func(l *sallyport.Leaf) *sallyport.Part { return &l.Actor }},
		"target": {EraseTarget, func(l *sallyport.Leaf) { l.Reason = "x" }, func(l *sallyport.Leaf) *sallyport.Part { return &l.Target }},
	} {
		l := Place(whole(), 0)
		before := LeafHash(l)
		half.erase(&l)
		if err := CheckLeaf(l); err != nil || LeafHash(l) != before || len(half.part(&l).Salt) != 0 {
			t.Errorf("%s: %v, a salt of %d bytes", name, err, len(half.part(&l).Salt))
		}
		short := l
		half.part(&short).Mark = half.part(&l).Mark[:31]
		if half.speak(&l); CheckLeaf(l) == nil || CheckLeaf(short) == nil {
			t.Errorf("%s: an erased half speaks, or a short mark is taken", name)
		}
	}
}
