package history

import (
	"fmt"
	"slices"
)

// sheet keeps recovery codes as a page showed them, and numbers them.
func (b *book) sheet(who int, codes []string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sheets = append(b.sheets, codes)
	b.sheetOf[who] = append(b.sheetOf[who], len(b.sheets))
	return len(b.sheets)
}

// sheetsOf are the numbers of the sheets that a technician was ever shown.
func (b *book) sheetsOf(who int) []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.sheetOf[who]
	return all[:len(all):len(all)]
}

// recovery is a code of a sheet; of none, one that never was.
func (b *book) recovery(number, nth int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if number == 0 {
		return fmt.Sprintf("%026d", nth)
	}
	codes := b.sheets[number-1]
	return codes[nth%len(codes)]
}

// spoke notes that somebody was given an enrolment code: he should use it soon.
func (b *book) spoke(who int, word string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.words[who] = append(b.words[who], word)
	b.untried[who] = true
	delete(b.calls, who)
}

// readOut is the newest enrolment code that an administrator gave a technician, and those of no use any more.
func (b *book) readOut(who int) (newest string, dead []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if all := b.words[who]; len(all) > 0 {
		newest = all[len(all)-1]
	}
	return newest, slices.Clone(b.dead[who])
}

// hurries says that a technician was given an enrolment code that nobody has typed.
func (b *book) hurries(who int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.untried[who]
}

// outlived notes what is of no use any more after q was answered with yes, and who is deactivated.
func (b *book) outlived(q question) {
	words := b.words[q.Who]
	switch q.Act {
	case shut, open:
		b.shut[q.Who] = q.Act == shut
	case reset:
		words = words[:max(0, len(words)-1)] // the last is the new one
	case everywhere, save:
	default:
		words = nil
	}
	b.dead[q.Who] = append(b.dead[q.Who], words...)
	switch q.Way {
	case byWord:
		b.dead[q.Who] = append(b.dead[q.Who], q.Word)
	case byRecovery:
		b.last[q.Who] = question{Way: q.Way, Sheet: q.Sheet, Nth: q.Nth, Dead: true}
	}
}

// used is the recovery code with which the technician got on last.
func (b *book) used(who int) (q question, any bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	q, any = b.last[who]
	return q, any
}

// tryAgain lets the newest enrolment code be typed once more.
func (b *book) tryAgain(who int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.untried[who] = true
}

// typedNewest notes that somebody types the newest enrolment code.
func (b *book) typedNewest(who int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.untried[who] = false
}

// asks lets the technician call his administrator, where the newest enrolment code was tried already. Mostly he then waits
// for another.
func (c *client) asks() (waits bool) {
	if c.b.hurries(c.who) {
		return false
	}
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	c.b.calls[c.who] = true
	return c.random.IntN(4) > 0
}

// waiting is a technician who was deactivated, or one who waits for an enrolment code.
func (b *book) waiting(forDoor bool) (who int, any bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for who := range people {
		if forDoor && b.shut[who] {
			return who, true
		}
		if !forDoor && b.calls[who] {
			delete(b.calls, who)
			return who, true
		}
	}
	return 0, false
}
