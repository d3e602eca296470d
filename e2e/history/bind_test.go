package history

import "slices"

// sending is a line after which exactly one code surely went out by the time that the page said so.
type sending struct {
	*line
	came []message // those that it may have been
}

// bind finds out which code went out after which line, as far as that is certain: one message came while it was under way, or
// all others are another's. And it notes when the digits that somebody typed had come.
func (w *world) bind(lines []*line) {
	var all []*sending
	for _, l := range lines {
		came := w.phones.of(l.q.Who)
		if l.q.Typed != "" {
			l.q.Came = lastCame(came, l.q.Typed)
		}
		if l.seen == 0 || l.q.Crowded || l.a != yes {
			continue
		}
		s := &sending{line: l}
		for _, m := range came {
			if m.came >= l.from && m.came <= l.seen {
				s.came = append(s.came, m)
			}
		}
		all = append(all, s)
	}
	for {
		i := slices.IndexFunc(all, func(s *sending) bool { return len(s.came) == 1 })
		if i < 0 {
			return
		}
		found := all[i]
		found.q.Digits = found.came[0].digits
		all = slices.Delete(all, i, i+1)
		for _, s := range all {
			if s.q.Who == found.q.Who {
				s.came = slices.DeleteFunc(s.came, func(m message) bool { return m == found.came[0] })
			}
		}
	}
}

func lastCame(all []message, digits string) (at int64) {
	for _, m := range all {
		if m.digits == digits {
			at = m.came
		}
	}
	return at
}
