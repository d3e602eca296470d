package interleave

// races looks which earlier steps the one chosen at depth does not follow and could have come before, and notes there to
// try that too. A statement follows the end of a transaction that it would have waited for, but to come before it is the same.
func (e *explorer) races(depth int, mine *[8]int) {
	n := &e.stack[depth]
	n.clock = *mine
	released := n.clock
	for d := depth - 1; d >= 0 && e.rules != nil; d-- {
		past := &e.stack[d]
		if past.chosen == n.chosen || d <= n.clock[past.chosen] {
			continue
		}
		before, now := past.next[past.chosen], n.next[n.chosen]
		switch {
		case e.rules(before, now):
			e.reverse(d, depth)
			join(&n.clock, past.clock)
		case before.ends && !now.ends && before.locks(now.footprint):
			join(&released, past.clock)
		}
	}
	join(&n.clock, released)
	n.clock[n.chosen] = depth
	*mine = n.clock
}

// reverse notes at depth d to try the step at depth, or what it follows, before the one there: whom that can begin with is
// tried in one of the ways in which it can, and where one of those is seen already, in none.
func (e *explorer) reverse(d, depth int) {
	n := &e.stack[d]
	begin := e.begins(d, depth) & n.enabled
	switch seen := begin & (n.try | n.sleep); {
	case seen != 0:
	case begin == 0:
		n.try |= n.enabled
	case begin.has(e.stack[depth].chosen):
		n.try = n.try.with(e.stack[depth].chosen)
	default:
		n.try = n.try.with(begin.first())
	}
}

// begins are the acts with which an order can begin of what comes after depth d without following it, with the step at depth
// as its last.
func (e *explorer) begins(d, depth int) (begin acts) {
	var met acts
	var kept []int
	for k := d + 1; k <= depth; k++ {
		n := &e.stack[k]
		if k < depth && n.clock[e.stack[d].chosen] >= d {
			continue
		}
		alone := !met.has(n.chosen)
		for _, j := range kept {
			alone = alone && n.clock[e.stack[j].chosen] < j
		}
		if alone {
			begin = begin.with(n.chosen)
		}
		met, kept = met.with(n.chosen), append(kept, k)
	}
	return begin
}

func join(a *[8]int, b [8]int) {
	for i := range a {
		a[i] = max(a[i], b[i])
	}
}
