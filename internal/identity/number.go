package identity

import "strings"

const (
	nationalLeast = 2 // digits of any national number
	nationalMost  = 17
	codeMost      = 3 // digits of a calling code
)

// number is a phone number taken apart.
type number struct {
	plan     *plan  // by which it was read: that of its calling code's main region, or of the region it was typed in
	national string // without international and national prefix
}

// fit says how the length of a number suits its plan.
type fit int

const (
	fits fit = iota
	tooShort
	tooLong
	between // no number has this length, but there are shorter and longer ones
	localOnly
	unknownCode
)

// judge looks at nothing but the length.
func (p *plan) judge(national string) fit {
	switch n := len(national); {
	case p.local.has(n):
		return localOnly
	case p.lengths.has(n):
		return fits
	case n < p.lengths.least():
		return tooShort
	case n > p.lengths.most():
		return tooLong
	}
	return between
}

// read takes a number apart that was typed in home, which may be nil where the number begins with a plus sign.
func (all plans) read(typed string, home *plan) (number, fit) {
	n, f := all.split(onlyDigits(typed), strings.Contains(typed, "+"), home)
	if f != fits {
		return n, f
	}
	if len(n.national) < nationalLeast {
		return n, tooShort
	}
	// What is left without national prefix counts where it can be a number. Otherwise the prefix is a part of the number.
	without := n.plan.cutTrunk(n.national)
	if f := n.plan.judge(without); f == fits || f == tooLong {
		n.national = without
	}
	switch {
	case len(n.national) < nationalLeast:
		return n, tooShort
	case len(n.national) > nationalMost:
		return n, tooLong
	}
	return n, fits
}

// split finds the calling code: after a plus sign, after the international prefix that is dialled at home, or home's own,
// typed or not.
func (all plans) split(digits string, plus bool, home *plan) (number, fit) {
	if plus {
		if n, f := all.international(digits); f != unknownCode || home == nil {
			return n, f
		}
		// Some write the plus sign before the international prefix: +00 49.
	}
	if rest, found := home.cutAbroad(digits); found {
		return all.international(rest)
	}
	if plus {
		return number{}, unknownCode
	}
	if rest, found := home.cutOwnCode(digits); found {
		return number{home.main, rest}, fits
	}
	return number{home, digits}, fits
}

// international takes a number that begins with its calling code.
func (all plans) international(digits string) (number, fit) {
	if len(digits) <= nationalLeast {
		return number{}, tooShort
	}
	for n := 1; n <= codeMost && n <= len(digits); n++ {
		if regions := all.code[digits[:n]]; len(regions) > 0 {
			return number{regions[0], digits[n:]}, fits
		}
	}
	return number{}, unknownCode
}

// cutAbroad removes the international prefix. No calling code begins with zero, so what would be one is none.
func (p *plan) cutAbroad(digits string) (rest string, found bool) {
	rest, found = p.abroad.cut(digits)
	if !found || strings.HasPrefix(rest, "0") {
		return digits, false
	}
	return rest, true
}

// cutOwnCode removes the calling code of p where somebody typed it without a sign that it is one: it is taken for it
// where the number would be none otherwise.
func (p *plan) cutOwnCode(digits string) (rest string, found bool) {
	rest, found = strings.CutPrefix(digits, p.code)
	if !found {
		return digits, false
	}
	rest = p.cutTrunk(rest)
	if p.judge(digits) == tooLong || !p.general.match(digits) && p.general.match(rest) {
		return rest, true
	}
	return digits, false
}

// cutTrunk removes the national prefix, or puts in its place what the plan says: the area code of an island, which its
// people leave out, or the place of a digit that is dialled in another order from abroad. A number stays as it is where
// that would make none of it.
func (p *plan) cutTrunk(digits string) string {
	if p.trunk.text == "" || digits == "" {
		return digits
	}
	exp := p.trunk.compiled()
	at := exp.FindStringSubmatchIndex(digits)
	if at == nil {
		return digits
	}
	rest := digits[at[1]:]
	if last := at[len(at)-2]; p.rule != "" && last >= 0 {
		rest = string(exp.ExpandString(nil, p.rule, digits, at)) + rest
	}
	if p.general.match(digits) && !p.general.match(rest) {
		return digits
	}
	return rest
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
