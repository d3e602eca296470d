package identity

import (
	_ "embed"
	"math/bits"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

//go:generate go run -C ../../tools ./phoneplans ../internal/identity/phone.txt

// phonePlans has a line for each region; its head says what the fields are. It is split when the first number is typed,
// and a pattern is compiled when it is first asked and kept: a server that starts does neither.
//
//go:embed phone.txt
var phonePlans string

// The fields of a line.
const (
	fieldCode = iota
	fieldRegion
	fieldLeading
	fieldAbroad
	fieldTrunk
	fieldRule
	fieldLengths
	fieldLocal
	fieldGeneral
	fieldKinds // the first of them
)

// kind is what a number is for, as far as it matters here.
type kind int

const (
	noKind   kind = iota // there is no such number
	ordinary             // fixed line, mobile, over the Internet, personal
	premium              // the one who calls or writes pays extra
	service              // free of charge, company, pager, voicemail
)

// columns has what the patterns from fieldKinds on stand for. The first that matches decides.
var columns = [...]kind{premium, service, premium, ordinary, service, ordinary}

// plan is how numbers of one region are built.
type plan struct {
	code    string  // calling code
	main    *plan   // the main region's of the calling code
	leading pattern // begins the numbers of this region, where that tells it from others of its code
	abroad  pattern // dialled before the calling code of another country
	trunk   pattern // dialled before a national number
	rule    string  // what stands in place of trunk where that has a group that took something
	lengths lengths // of national numbers
	local   lengths // of numbers without their area code
	general pattern // of every number; lengths not counted
	kinds   [len(columns)]pattern
}

// plans are those of all regions, by region and by calling code, the main region first.
type plans struct {
	region map[string]*plan
	code   map[string][]*plan
}

var allPlans = sync.OnceValue(func() plans {
	all := plans{region: map[string]*plan{}, code: map[string][]*plan{}}
	var first []string
	for l := range strings.Lines(phonePlans) {
		if strings.HasPrefix(l, "#") {
			continue
		}
		fields := make([]string, fieldKinds+len(columns))
		copy(fields, strings.Split(strings.TrimSuffix(l, "\n"), "\t"))
		if len(all.code[fields[fieldCode]]) == 0 {
			first = fields
		}
		all.add(fields, first)
	}
	return all
})

// add reads a line; first is the one of the main region, of which "=" is the same field.
func (all plans) add(fields, first []string) {
	for i, f := range fields {
		if f == "=" {
			fields[i] = first[i]
		}
	}
	p := &plan{code: fields[fieldCode], rule: fields[fieldRule], lengths: readLengths(fields[fieldLengths]), local: readLengths(fields[fieldLocal])}
	p.leading.text, p.abroad.text, p.trunk.text = fields[fieldLeading], fields[fieldAbroad], fields[fieldTrunk]
	p.leading.begin, p.abroad.begin, p.trunk.begin = true, true, true
	p.general.text = fields[fieldGeneral]
	for i := range p.kinds {
		p.kinds[i].text = fields[fieldKinds+i]
	}
	siblings := append(all.code[p.code], p)
	p.main, all.code[p.code] = siblings[0], siblings
	if name := fields[fieldRegion]; name != nowhere {
		all.region[name] = p
	}
}

// nowhere is the region of calling codes that belong to no country.
const nowhere = "001"

// kindOf is what a number of this region is for.
func (p *plan) kindOf(national string) kind {
	if !p.lengths.has(len(national)) || !p.general.match(national) {
		return noKind
	}
	for i := range p.kinds {
		if p.kinds[i].match(national) {
			return columns[i]
		}
	}
	return noKind
}

// kindOf asks the regions of the calling code one after the other. Where a region has first digits of its own, they
// alone decide whether it is the one.
func (all plans) kindOf(code, national string) kind {
	for _, p := range all.code[code] {
		if p.leading.text == "" {
			if k := p.kindOf(national); k != noKind {
				return k
			}
		} else if p.leading.match(national) {
			return p.kindOf(national)
		}
	}
	return noKind
}

// pattern is a regular expression that is compiled once it is needed. One without text matches nothing.
type pattern struct {
	text  string
	begin bool // it is looked for at the beginning; otherwise all of a number must match
	once  sync.Once
	exp   *regexp.Regexp
}

func (p *pattern) match(digits string) bool { return p.text != "" && p.compiled().MatchString(digits) }

func (p *pattern) compiled() *regexp.Regexp {
	p.once.Do(func() {
		end := ")$"
		if p.begin {
			end = ")"
		}
		p.exp = regexp.MustCompile("^(?:" + p.text + end)
	})
	return p.exp
}

// cut removes a match from the beginning of digits.
func (p *pattern) cut(digits string) (rest string, found bool) {
	if p.text == "" {
		return digits, false
	}
	at := p.compiled().FindStringIndex(digits)
	if at == nil {
		return digits, false
	}
	return digits[at[1]:], true
}

// lengths has the bit 1<<n set for a length of n digits.
type lengths uint32

func readLengths(list string) lengths {
	var l lengths
	for word := range strings.SplitSeq(list, ",") {
		if n, err := strconv.Atoi(word); err == nil {
			l |= 1 << n
		}
	}
	return l
}

func (l lengths) has(n int) bool { return l&(1<<n) != 0 }
func (l lengths) least() int     { return bits.TrailingZeros32(uint32(l)) }
func (l lengths) most() int      { return bits.Len32(uint32(l)) - 1 }
