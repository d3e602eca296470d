package ledger

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/identity"
)

const (
	eraseBatch = 200 // events of one transaction
	eraseRead  = 500
	alsoMost   = 200 // characters of a list of places in one event
)

// Erased says what was taken out of the log.
type Erased struct {
	Accounts int // deleted accounts of that name
	Events   int // that said something of the person
}

var (
	errNobodyErased = sallyport.E(sallyport.NotFound, "nobody_erased", "The audit log knows no deleted account of that name or id.")
	errAlive        = sallyport.E(sallyport.Conflict, "account_exists", "This account exists. Delete it first: what is erased cannot be told apart from what never was.")
)

// half says which halves of an event are to be erased, and when.
type half struct {
	actor, target bool
	turn          turn
}

// turn is the order in which a person's events are erased. One that was cut short is asked for again by the name in the
// event of the deletion, and finds nobody's events by what the person's own ones say: so those go before these.
type turn int

const (
	nobodys turn = iota
	owns
	deletion
)

// erasure is one person's events, by number.
type erasure struct {
	person sallyport.TechnicianID
	halves map[int64]half
	also   []int64 // places of those that are not about the account itself
}

// Erase takes what the log says of a person out of it: the halves that are his own, in every event. Numbers, times,
// types, outcomes and the account's id stay, and every proof with them. who is the user name or the id of a deleted
// account. It is for the host alone, is an event itself, and may be repeated after it was cut short.
func (s *Service) Erase(ctx context.Context, actor sallyport.Actor, who, reason string) (Erased, error) {
	var out Erased
	if err := s.store.Read(ctx, func(tx Tx) error { return may(ctx, tx, actor, "") }); err != nil {
		return out, audit.Note(ctx, s.store.Write, audit.Refused{Actor: actor}, err)
	}
	if err := s.Place(ctx); err != nil {
		return out, err
	}
	people, err := s.deleted(ctx, who)
	if err != nil {
		return out, audit.Note(ctx, s.store.Write, audit.Refused{Actor: actor, About: sallyport.TechnicianID(who)}, err)
	}
	for _, person := range people {
		e, err := s.gather(ctx, person, who)
		if err == nil {
			err = s.erase(ctx, actor, e, reason)
		}
		if err != nil {
			return out, err
		}
		out.Accounts++
		out.Events += len(e.halves)
	}
	return out, s.Place(ctx)
}

// deleted are the ids of deleted accounts that had this user name or id, none of which may be in use.
func (s *Service) deleted(ctx context.Context, who string) ([]sallyport.TechnicianID, error) {
	found := map[sallyport.TechnicianID]bool{}
	if who == "" {
		return nil, errNobodyErased // what is erased already has no name
	}
	err := s.store.Read(ctx, func(tx Tx) error {
		if _, err := tx.Technician(ctx, sallyport.TechnicianID(who)); err == nil {
			return errAlive
		}
		filter := sallyport.EventFilter{Type: string(audit.TechnicianDeleted), Limit: eraseRead}
		for {
			events, err := tx.Events(ctx, filter)
			if err != nil {
				return err
			}
			for _, e := range events {
				if sameName(e.TargetName, who) || string(e.Target) == who {
					found[e.Target] = true
				}
			}
			if len(events) < eraseRead {
				return nil
			}
			filter.Before = events[len(events)-1].ID
		}
	})
	if err == nil && len(found) == 0 {
		err = errNobodyErased
	}
	return slices.Sorted(maps.Keys(found)), err
}

// sameName reports whether what was typed names an account, in whatever spelling signed it in.
func sameName(name, typed string) bool {
	_, key, _, err := identity.UserName(name)
	_, other, _, typedErr := identity.UserName(typed)
	return err == nil && typedErr == nil && key == other || strings.EqualFold(name, typed)
}

// gather finds what the log says of a person, page by page.
func (s *Service) gather(ctx context.Context, person sallyport.TechnicianID, who string) (erasure, error) {
	e := erasure{person: person, halves: map[int64]half{}}
	contacts := map[string]bool{strings.ToLower(who): true}
	err := s.pages(ctx, leavesOf(person), func(l sallyport.Leaf) {
		if l.Event.Target == person && l.Type == string(audit.AuditErased) {
			return
		}
		h := half{actor: l.Event.Actor == person || l.Event.Target == person && l.ActorKind == sallyport.ActorNobody, target: l.Event.Target == person, turn: owns}
		if l.Type == string(audit.TechnicianDeleted) {
			h.turn = deletion
		}
		if h.target {
			collect(contacts, l.Before)
			collect(contacts, l.After)
		}
		e.want(l, h)
	})
	if err != nil {
		return e, err
	}
	err = s.pages(ctx, leavesOfNobody, func(l sallyport.Leaf) {
		if names(contacts, l.Before) || names(contacts, l.After) {
			if e.want(l, half{actor: l.ActorKind == sallyport.ActorNobody, target: true}) {
				e.also = append(e.also, l.Place)
			}
		}
	})
	return e, err
}

// want notes halves that are not erased yet, and reports whether there are any.
func (e *erasure) want(l sallyport.Leaf, h half) bool {
	h.actor, h.target = h.actor && len(l.Actor.Salt) > 0, h.target && len(l.Target.Salt) > 0
	if !h.actor && !h.target {
		return false
	}
	e.halves[l.ID] = h
	return true
}

// leaves reads some of the leaves after an id, and says after what to go on; 0 at the end.
type leaves func(ctx context.Context, tx Tx, after int64) (found []sallyport.Leaf, next int64, err error)

func leavesOf(person sallyport.TechnicianID) leaves {
	return func(ctx context.Context, tx Tx, after int64) (found []sallyport.Leaf, next int64, err error) {
		found, err = tx.LeavesOf(ctx, person, after, eraseRead)
		if len(found) == eraseRead {
			next = found[eraseRead-1].ID
		}
		return found, next, err
	}
}

func leavesOfNobody(ctx context.Context, tx Tx, after int64) ([]sallyport.Leaf, int64, error) {
	return tx.LeavesOfNobody(ctx, after)
}

func (s *Service) pages(ctx context.Context, read leaves, each func(sallyport.Leaf)) error {
	for after := int64(0); ; {
		var found []sallyport.Leaf
		var next int64
		err := s.store.Read(ctx, func(tx Tx) (err error) {
			found, next, err = read(ctx, tx, after)
			return err
		})
		if err != nil {
			return err
		}
		for _, l := range found {
			each(l)
		}
		if after = next; after == 0 {
			return nil
		}
	}
}

// contactKeys are the fields of an event that say what reaches or names a person.
var contactKeys = []string{"user_name", "email", "phone", "address", "to"}

// collect keeps what reaches or names a person.
func collect(contacts map[string]bool, values map[string]string) {
	for _, key := range contactKeys {
		if v := strings.ToLower(values[key]); v != "" {
			contacts[v] = true
		}
	}
}

// names reports whether values name a person: by a mailbox or number anywhere, by a user name like "csv" only where such
// a name stands.
func names(contacts map[string]bool, values map[string]string) bool {
	for key, v := range values {
		v = strings.ToLower(v)
		if contacts[v] && (strings.ContainsAny(v, "@+") || slices.Contains(contactKeys, key)) {
			return true
		}
		// An export's filter begins with what was searched for; what follows has no spaces in it.
		for words, search := strings.CutPrefix(v, "search="); search && words != ""; words = words[:max(0, strings.LastIndexByte(words, ' '))] {
			if contacts[strings.TrimSpace(words)] {
				return true
			}
		}
	}
	return false
}

// erase writes the event that allows it with the first batch, then batch after batch.
func (s *Service) erase(ctx context.Context, actor sallyport.Actor, e erasure, reason string) error {
	ids := slices.SortedFunc(maps.Keys(e.halves), func(a, b int64) int {
		return cmp.Or(cmp.Compare(e.halves[a].turn, e.halves[b].turn), cmp.Compare(a, b))
	})
	for first := true; first || len(ids) > 0; first = false {
		n := min(len(ids), eraseBatch)
		now := ids[:n]
		ids = ids[n:]
		err := s.store.Write(ctx, func(tx Tx) error {
			if first {
				if err := e.announce(ctx, tx, actor, reason); err != nil {
					return err
				}
			}
			return e.rewrite(ctx, tx, now)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// announce writes the events of the erasure, as many as the list of places needs.
func (e *erasure) announce(ctx context.Context, tx Tx, actor sallyport.Actor, reason string) error {
	rest := e.also
	for first := true; first || len(rest) > 0; first = false {
		after := map[string]string{"events": strconv.Itoa(len(e.halves))}
		after["also"], rest = placesText(rest)
		event := audit.New(audit.AuditErased, actor).On(sallyport.Technician{ID: e.person}).Because(reason).Changed(nil, after).Event()
		if err := tx.InsertEvent(ctx, event); err != nil {
			return err
		}
	}
	return nil
}

func placesText(places []int64) (text string, rest []int64) {
	var b strings.Builder
	for i, p := range places {
		if b.Len() > alsoMost {
			return b.String(), places[i:]
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.FormatInt(p, 10))
	}
	return b.String(), nil
}

func placesOf(text string) []int64 {
	var out []int64
	for word := range strings.FieldsSeq(text) {
		if n, err := strconv.ParseInt(word, 10, 64); err == nil {
			out = append(out, n)
		}
	}
	return out
}

func (e *erasure) rewrite(ctx context.Context, tx Tx, ids []int64) error {
	var errs []error
	for _, id := range ids {
		l, found, err := tx.Leaf(ctx, id)
		if err != nil || !found {
			errs = append(errs, err) // one that is gone by retention needs nothing
			continue
		}
		if e.halves[id].actor {
			audit.EraseActor(&l)
		}
		if e.halves[id].target {
			audit.EraseTarget(&l)
		}
		errs = append(errs, tx.RewriteEvent(ctx, l))
	}
	return errors.Join(errs...)
}
