package storetest

import (
	"errors"
	"fmt"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

func leafOf(id, place int64) sallyport.Leaf {
	part := func(s string) sallyport.Part { return sallyport.Part{Salt: []byte(s), Mark: []byte("mark " + s)} }
	return sallyport.Leaf{Event: sallyport.Event{ID: id}, Place: place, Actor: part(fmt.Sprint("a", place)), Target: part(fmt.Sprint("t", place))}
}

var _ = register("event gets one place, once", func(b *bench) {
	b.write(func(tx *store.Tx) error {
		for i := range 5 {
			b.ok(tx.InsertEvent(b.ctx, sallyport.Event{Type: "x.y", Actor: "mira", ActorName: "Mira", After: map[string]string{"n": fmt.Sprint(i)}}))
		}
		list, err := tx.Unplaced(b.ctx, 3)
		if len(list) != 3 || list[0].ID >= list[1].ID || list[0].After["n"] != "0" {
			b.Errorf("unplaced: %+v", list)
		}
		return err
	})
	taken := sallyport.E(sallyport.Conflict, "taken", "taken")
	place := func(event, at int64) error {
		return b.db.Write(b.ctx, func(tx *store.Tx) error { return tx.PlaceEvent(b.ctx, leafOf(event, at), taken) })
	}
	first, again, second, gone := place(2, 0), place(2, 1), place(1, 1), place(99, 2)
	if first != nil || !errors.Is(again, taken) || second != nil || !errors.Is(gone, taken) {
		b.Errorf("placed %v, once more %v, another %v, one that is not there %v", first, again, second, gone)
	}
	b.write(func(tx *store.Tx) error {
		leaves, err := tx.Leaves(b.ctx, 0, 10)
		b.ok(err)
		if len(leaves) != 2 || leaves[0].ID != 2 || leaves[1].Place != 1 || string(leaves[0].Actor.Salt) != "a0" || string(leaves[1].Target.Mark) != "mark t1" || leaves[0].ActorName != "Mira" {
			b.Errorf("%+v", leaves)
		}
		leaves, err = tx.Leaves(b.ctx, 1, 10)
		b.ok(err)
		rest, err := tx.Unplaced(b.ctx, 10)
		b.ok(err)
		numbers, err := tx.UnplacedNumbers(b.ctx, 3, 10)
		if len(numbers) != 2 || numbers[0] != 4 || numbers[1] != 5 {
			b.Errorf("unplaced after 3: %v", numbers)
		}
		b.ok(err)
		l, found, err := tx.Leaf(b.ctx, 3)
		_, none, _ := tx.Leaf(b.ctx, 99)
		if len(leaves) != 1 || len(rest) != 3 || !found || l.Place != -1 || none {
			b.Errorf("%d leaves from 1, %d unplaced, event 3 %v %+v, event 99 %v", len(leaves), len(rest), found, l, none)
		}
		return err
	})
})

var _ = register("tree grows from the size it has", func(b *bench) {
	b.once(func(tx *store.Tx) (bool, error) {
		return tx.GrowTree(b.ctx, 0, sallyport.Tree{Size: 2, Root: []byte("root")})
	})
	b.write(func(tx *store.Tx) error {
		for i := range int64(3) {
			b.ok(tx.PutTreeHash(b.ctx, i, []byte{byte(i)}))
		}
		h, err := tx.TreeHash(b.ctx, 1)
		b.ok(err)
		_, missing := tx.TreeHash(b.ctx, 7)
		all, err := tx.TreeHashes(b.ctx, 1, 10)
		b.ok(err)
		tree, err := tx.Tree(b.ctx)
		if len(h) != 1 || h[0] != 1 || missing == nil || len(all) != 2 || all[0].Number != 1 || tree.Size != 2 || string(tree.Root) != "root" {
			b.Errorf("%v, %v, %+v, %+v", h, missing, all, tree)
		}
		return err
	})
})

var _ = register("heads are kept by size, and thinned to one a day", func(b *bench) {
	b.write(func(tx *store.Tx) error {
		for i := range int64(8) {
			b.ok(tx.PutHead(b.ctx, sallyport.Head{Size: i + 1, At: b.Now().Add(time.Duration(i) * 12 * time.Hour), Note: fmt.Sprint("note ", i)}))
		}
		b.ok(tx.PutHead(b.ctx, sallyport.Head{Size: 8, At: b.Now(), Note: "another"}))
		last, found, err := tx.LastHead(b.ctx)
		if !found || last.Size != 8 || last.Note != "note 7" {
			b.Errorf("last: %+v, %v", last, found)
		}
		return err
	})
	b.Add(4 * 24 * time.Hour)
	b.write(func(tx *store.Tx) error {
		b.ok(tx.ThinHeads(b.ctx, 24*time.Hour))
		list, err := tx.Heads(b.ctx, 1, 10)
		b.ok(err)
		if len(list) >= 7 || len(list) < 4 || list[len(list)-1].Size != 8 {
			b.Errorf("%d heads after 1: %+v", len(list), list)
		}
		return err
	})
})

var _ = register("events below a bound are pruned, from where the caller saw it", func(b *bench) {
	b.write(func(tx *store.Tx) error {
		for i := range int64(4) {
			b.ok(tx.InsertEvent(b.ctx, sallyport.Event{Type: "x.y"}))
			b.ok(tx.PlaceEvent(b.ctx, leafOf(i+1, i), errors.New("no such event")))
		}
		b.ok(tx.InsertEvent(b.ctx, sallyport.Event{Type: "x.unplaced"}))
		_, err := tx.GrowTree(b.ctx, 0, sallyport.Tree{Size: 4, Root: []byte("r")})
		b.ok(err)
		beyond, err := tx.PruneEvents(b.ctx, 0, 5)
		b.ok(err)
		elsewhere, err := tx.PruneEvents(b.ctx, 1, 2)
		b.ok(err)
		ok, err := tx.PruneEvents(b.ctx, 0, 3)
		b.ok(err)
		left, err := tx.Events(b.ctx, sallyport.EventFilter{})
		if beyond || elsewhere || !ok || len(left) != 2 {
			b.Errorf("beyond the tree %v, from elsewhere %v, right %v, %d left", beyond, elsewhere, ok, len(left))
		}
		return err
	})
})

var _ = register("event is rewritten without what was erased", func(b *bench) {
	b.write(func(tx *store.Tx) error {
		b.ok(tx.InsertEvent(b.ctx, sallyport.Event{Type: "x.y", Actor: "a", ActorName: "Anna", Target: "t", TargetName: "Tom", Address: "192.0.2.1", Reason: "because", After: map[string]string{"k": "v"}}))
		b.ok(tx.InsertEvent(b.ctx, sallyport.Event{Type: "x.y", After: map[string]string{"to": "Tom"}}))
		b.ok(tx.InsertEvent(b.ctx, sallyport.Event{Type: "x.y"}))
		for i := range int64(3) {
			b.ok(tx.PlaceEvent(b.ctx, leafOf(i+1, i), errors.New("no such event")))
		}
		of, err := tx.LeavesOf(b.ctx, "t", 0, 10)
		b.ok(err)
		nobody, next, err := tx.LeavesOfNobody(b.ctx, 0)
		b.ok(err)
		if len(of) != 1 || of[0].ID != 1 || len(nobody) != 1 || nobody[0].ID != 2 || next != 0 {
			b.Errorf("of Tom %+v, of nobody %+v, then %d", of, nobody, next)
		}
		l := of[0]
		l.TargetName, l.Reason, l.After, l.Target.Salt = "", "", nil, nil
		b.ok(tx.RewriteEvent(b.ctx, l))
		got, _, err := tx.Leaf(b.ctx, 1)
		b.ok(err)
		if got.TargetName != "" || got.After != nil || len(got.Target.Salt) != 0 || string(got.Target.Mark) != "mark t0" || got.ActorName != "Anna" || got.Event.Target != "t" {
			b.Errorf("%+v", got)
		}
		hits, err := tx.Events(b.ctx, sallyport.EventFilter{Search: "because"})
		if len(hits) != 0 {
			b.Error("what was erased is still found")
		}
		return err
	})
})

var _ = register("sink is held by one process, and moved by its holder", func(b *bench) {
	hold := func(who string) (ok bool) {
		b.write(func(tx *store.Tx) (err error) {
			ok, err = tx.HoldSink(b.ctx, "s", who, time.Minute)
			return err
		})
		return ok
	}
	move := func(who string, next int64) (ok bool) {
		b.write(func(tx *store.Tx) (err error) {
			ok, err = tx.MoveSink(b.ctx, sallyport.SinkState{Name: "s", Next: next, HeadSize: next}, who)
			return err
		})
		return ok
	}
	first, again := hold("one"), hold("one")
	if !first || !again || hold("two") || !move("one", 5) || move("two", 9) {
		b.Error("held and moved by the wrong one")
	}
	b.Add(time.Minute)
	if !hold("two") || move("one", 9) || hold("one") {
		b.Error("not taken over")
	}
	b.write(func(tx *store.Tx) error { return tx.LetGoSink(b.ctx, "s", "two") })
	if !hold("one") {
		b.Error("not let go")
	}
	b.read(func(tx *store.Tx) error {
		s, err := tx.SinkState(b.ctx, "s")
		none, _ := tx.SinkState(b.ctx, "other")
		if s.Next != 5 || s.HeadSize != 5 || s.SentAt.IsZero() || none.Next != 0 {
			b.Errorf("%+v, %+v", s, none)
		}
		return err
	})
})
