package storetest

import (
	"fmt"
	"reflect"

	"sallyport"
	"sallyport/internal/store"
)

// arrivals are n invited technicians who are not stored yet.
func (b *bench) arrivals(n int) (list []sallyport.Technician) {
	for i := range n {
		name := fmt.Sprintf("new%03d", i)
		list = append(list, sallyport.Technician{ID: sallyport.TechnicianID(name), FirstName: "First " + name, UserName: name,
			UserNameKey: name, Skeleton: name, Email: name + "@Example.com", Role: sallyport.ReadOnlyTechnician, Status: sallyport.Invited,
			Method: sallyport.MethodApp, Generation: 1, Version: 1, CreatedAt: b.Now(), SetupUntil: b.Now()})
	}
	return list
}

// many is a number that takes statements of each length.
const many = 250 + 25 + 2

var _ = register("many technicians are stored as one is, with what belongs to them", func(b *bench) {
	list := b.arrivals(many)
	var events []sallyport.Event
	var links []sallyport.Link
	var letters []sallyport.OutboxMessage
	for i, t := range list {
		events = append(events, sallyport.Event{Type: "technician.imported", Target: t.ID, TargetName: t.UserName, After: map[string]string{"email": t.Email}})
		links = append(links, sallyport.Link{Hash: hash(string(t.ID)), Kind: sallyport.LinkInvitation, Technician: t.ID, Generation: 1,
			CreatedAt: b.Now(), ExpiresAt: b.Now().Add(1e9), CreatedBy: "mira"})
		letters = append(letters, sallyport.OutboxMessage{ID: fmt.Sprintf("m%03d", i), Channel: sallyport.ChannelEmail, To: t.Email,
			Sealed: []byte{byte(i)}, NextAt: b.Now(), CreatedAt: b.Now(), ExpiresAt: b.Now().Add(1e9), Event: "invitation"})
	}
	events[1].At = b.Now().Add(-1e9) // a time of its own stays
	b.write(func(tx *store.Tx) error {
		b.ok(tx.HoldTeam(b.ctx))
		b.ok(tx.InsertTechnicians(b.ctx, list))
		b.ok(tx.InsertEvents(b.ctx, events))
		b.ok(tx.InsertLinks(b.ctx, links))
		return tx.InsertOutboxAll(b.ctx, letters)
	})
	b.read(func(tx *store.Tx) error {
		empty, err := tx.IsEmpty(b.ctx)
		b.ok(err)
		written, err := tx.Events(b.ctx, sallyport.EventFilter{Limit: many + 1})
		b.ok(err)
		waiting, err := tx.DueOutbox(b.ctx, many+1)
		b.ok(err)
		if empty || len(written) != many || len(waiting) != many {
			b.Fatalf("empty %v, %d events, %d messages", empty, len(written), len(waiting))
		}
		for i, want := range list {
			got, err := tx.Technician(b.ctx, want.ID)
			b.ok(err)
			got.Password = got.Password[:0:0]
			want.Password = got.Password // nil or empty, as the engine reads it
			link, err := tx.Link(b.ctx, links[i].Hash)
			b.ok(err)
			event := written[many-1-i] // the newest first
			want := []any{want, links[i], letters[i], want.ID, want.Email, i == 1}
			if got := []any{got, link, waiting[i], event.Target, event.After["email"], event.At.Before(b.Now())}; !reflect.DeepEqual(got, want) {
				b.Fatalf("got  %+v\nwant %+v", got, want)
			}
		}
		byEmail, err := tx.TechniciansByEmail(b.ctx, "new276@example.com")
		if len(byEmail) != 1 {
			b.Errorf("%+v", byEmail)
		}
		return err
	})
})

var _ = register("of many technicians one whose user name is taken lets none be stored", func(b *bench) {
	b.person("mira")
	list := b.arrivals(30)
	list[27].UserNameKey = "mira"
	err := b.db.Write(b.ctx, func(tx *store.Tx) error { return tx.InsertTechnicians(b.ctx, list) })
	b.code(err, "user_name_taken")
	b.read(func(tx *store.Tx) error {
		_, err := tx.Technician(b.ctx, list[0].ID)
		b.code(err, "not_found")
		return nil
	})
})

var _ = register("many user names are looked up at once", func(b *bench) {
	b.write(func(tx *store.Tx) error { return tx.InsertTechnicians(b.ctx, b.arrivals(many)) })
	b.person("modem", func(t *sallyport.Technician) { t.Skeleton = "modern" })
	keys, skeletons := []string{"nobody", "modem"}, []string{"modern", "modern", "nobody"}
	for i := range many {
		keys, skeletons = append(keys, fmt.Sprintf("new%03d", i)), append(skeletons, fmt.Sprintf("other%03d", i))
	}
	b.read(func(tx *store.Tx) error {
		found, err := tx.TechniciansByKeys(b.ctx, keys)
		b.ok(err)
		names := map[string]bool{}
		for _, t := range found {
			names[t.UserNameKey] = true
		}
		if len(found) != many+1 || len(names) != many+1 || names["nobody"] {
			b.Errorf("%d found with %d names", len(found), len(names))
		}
		alike, err := tx.TechniciansBySkeletons(b.ctx, skeletons[:25])
		if want := []sallyport.Technician{{ID: "modem", UserNameKey: "modem", Skeleton: "modern"}}; !reflect.DeepEqual(alike, want) {
			b.Errorf("%+v", alike)
		}
		b.ok(err)
		none, err := tx.TechniciansByKeys(b.ctx, nil)
		if len(none) != 0 {
			b.Errorf("%+v", none)
		}
		return err
	})
})
