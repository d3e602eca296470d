// Command phoneplans writes the numbering plans of the world to the file named, in the form that internal/identity
// reads: of the metadata that github.com/nyaruka/phonenumbers carries, what judges numbers, and not how they are shown.
package main

import (
	"fmt"
	"log"
	"maps"
	"os"
	"regexp"
	"regexp/syntax"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

const (
	library = "github.com/nyaruka/phonenumbers"
	world   = "001" // the region of calling codes that belong to no country
)

const notice = `# Numbering plans of the world, from the metadata of libphonenumber (https://github.com/google/libphonenumber),
# Copyright (C) 2009 The Libphonenumber Authors, under the Apache License, Version 2.0, the text of which stands in the
# file LICENSE. Changed: read from %s by tools/phoneplans, which picks what
# judges numbers, merges the patterns of kinds that are treated alike, and drops what can be told from the rest.
#
# One region a line, the main one of a calling code first: code, region, first digits where they tell it from others of
# the code, international prefix, national prefix, what replaces that where it has a group, lengths, lengths without
# area code, pattern of every number, then patterns of kinds in the order in which they are tried:
# %s.
# "=" is what the main region has.
`

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: phoneplans FILE")
	}
	lines, err := plans()
	if err != nil {
		log.Fatal(err)
	}
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	text := fmt.Sprintf(notice, version(), strings.Join(names, "; ")) + strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(os.Args[1], []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
}

// version is the library and the version of it that this program was built with.
func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, dep := range info.Deps {
		if dep.Path == library {
			return library + " " + dep.Version
		}
	}
	return library
}

// plans has a line for every region, those of one calling code together.
func plans() ([]string, error) {
	regions, others, err := metadata()
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, code := range slices.Sorted(maps.Keys(phonenumbers.GetSupportedCallingCodes())) {
		var first []string
		ids := phonenumbers.GetRegionCodesForCountryCode(code)
		for i, id := range ids {
			m := regions[id]
			if id == world {
				m = others[code]
			}
			if m == nil || int(m.GetCountryCode()) != code || id == world && len(ids) > 1 || id != world && m.GetInternationalPrefix() == "" {
				return nil, fmt.Errorf("region %s of +%d is not of the form that is known here", id, code)
			}
			fields, err := line(m, len(ids) == 1)
			if err != nil {
				return nil, fmt.Errorf("region %s of +%d: %w", id, code, err)
			}
			lines = append(lines, strings.TrimRight(strings.Join(against(first, fields), "\t"), "\t"))
			if i == 0 {
				first = fields
			}
		}
	}
	return lines, nil
}

// metadata sorts the library's regions by their names, and what belongs to no country by calling code.
func metadata() (map[string]*phonenumbers.PhoneMetadata, map[int]*phonenumbers.PhoneMetadata, error) {
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		return nil, nil, err
	}
	regions, others := map[string]*phonenumbers.PhoneMetadata{}, map[int]*phonenumbers.PhoneMetadata{}
	for _, m := range all.GetMetadata() {
		if m.GetId() == world {
			others[int(m.GetCountryCode())] = m
		} else {
			regions[m.GetId()] = m
		}
	}
	return regions, others, nil
}

// against writes "=" for what the main region of the code has as well, code and region name excepted.
func against(first, fields []string) []string {
	told := slices.Clone(fields)
	for i := 2; i < len(first); i++ {
		if fields[i] == first[i] && len(fields[i]) > 1 {
			told[i] = "="
		}
	}
	return told
}

func line(m *phonenumbers.PhoneMetadata, alone bool) ([]string, error) {
	general := m.GetGeneralDesc()
	lengths := general.GetPossibleLength()
	if len(lengths) == 0 || lengths[0] < 2 || lengths[len(lengths)-1] > 17 || general.GetNationalNumberPattern() == "" {
		return nil, fmt.Errorf("it lacks lengths or the pattern of every number")
	}
	leading := short(m.GetLeadingDigits())
	if alone {
		leading = "" // there is no other region to tell it from
	}
	fields := []string{strconv.Itoa(int(m.GetCountryCode())), m.GetId(), leading, short(m.GetInternationalPrefix()), m.GetNationalPrefixForParsing(),
		m.GetNationalPrefixTransformRule(), list(lengths), list(general.GetPossibleLengthLocalOnly()), short(general.GetNationalNumberPattern())}
	for _, k := range kinds {
		p, err := k.pattern(m)
		if err != nil {
			return nil, err
		}
		fields = append(fields, p)
	}
	return fields, sound(fields)
}

// sound reports what would break the lines, or their reader.
func sound(fields []string) error {
	for i, f := range fields {
		if strings.ContainsAny(f, "\t\n=") {
			return fmt.Errorf("a field holds a sign that has a meaning in the file: %s", f)
		}
		if _, err := regexp.Compile(f); err != nil && i != 5 {
			return err
		}
	}
	return nil
}

// short writes a pattern that is only matched with plain groups: they take two letters less than groups that are not captured.
func short(pattern string) string { return strings.ReplaceAll(pattern, "(?:", "(") }

func list(lengths []int32) string {
	var words []string
	for _, l := range lengths {
		words = append(words, strconv.Itoa(int(l)))
	}
	return strings.Join(words, ",")
}

// kind is a column of the file: kinds of numbers that are treated alike and tried one after the other.
type kind struct {
	name string
	of   func(*phonenumbers.PhoneMetadata) []*phonenumbers.PhoneNumberDesc
}

type (
	plan = *phonenumbers.PhoneMetadata
	desc = *phonenumbers.PhoneNumberDesc
)

// kinds has them in the library's order.
var kinds = []kind{
	{"premium", func(m plan) []desc { return []desc{m.GetPremiumRate()} }},
	{"toll free", func(m plan) []desc { return []desc{m.GetTollFree()} }},
	{"shared cost", func(m plan) []desc { return []desc{m.GetSharedCost()} }},
	{"over the Internet or personal", func(m plan) []desc { return []desc{m.GetVoip(), m.GetPersonalNumber()} }},
	{"pager, company or voicemail", func(m plan) []desc { return []desc{m.GetPager(), m.GetUan(), m.GetVoicemail()} }},
	{"fixed line or mobile", func(m plan) []desc { return []desc{m.GetFixedLine(), m.GetMobile()} }},
}

// pattern matches a number of the lengths of m if it is of this kind.
func (k kind) pattern(m plan) (string, error) {
	var parts []string
	for _, d := range k.of(m) {
		p := d.GetNationalNumberPattern()
		if p == "" || p == "NA" || slices.Equal(d.GetPossibleLength(), []int32{-1}) {
			continue
		}
		if err := implied(d, m.GetGeneralDesc().GetPossibleLength()); err != nil {
			return "", fmt.Errorf("%s: %w", k.name, err)
		}
		if p = short(p); !slices.Contains(parts, p) {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, "|"), nil
}

// implied fails where the lengths that a kind may have are fewer than its pattern has of those of its region.
func implied(d desc, region []int32) error {
	if len(d.GetPossibleLength()) == 0 {
		return nil
	}
	tree, err := syntax.Parse(d.GetNationalNumberPattern(), syntax.Perl)
	if err != nil {
		return err
	}
	for _, l := range region {
		if lengths(tree)&(1<<l) != 0 && !slices.Contains(d.GetPossibleLength(), l) {
			return fmt.Errorf("its pattern matches %d digits, its lengths do not", l)
		}
	}
	return nil
}

// lengths has the bit 1<<n set where the pattern matches some text of n characters, up to 31.
func lengths(e *syntax.Regexp) uint32 {
	switch e.Op {
	case syntax.OpLiteral:
		return 1 << len(e.Rune)
	case syntax.OpCharClass, syntax.OpAnyCharNotNL, syntax.OpAnyChar:
		return 1 << 1
	case syntax.OpCapture:
		return lengths(e.Sub[0])
	case syntax.OpQuest:
		return 1 | lengths(e.Sub[0])
	case syntax.OpRepeat:
		return repeated(lengths(e.Sub[0]), e.Min, e.Max)
	case syntax.OpConcat:
		all := uint32(1)
		for _, sub := range e.Sub {
			all = sum(all, lengths(sub))
		}
		return all
	case syntax.OpAlternate:
		var all uint32
		for _, sub := range e.Sub {
			all |= lengths(sub)
		}
		return all
	case syntax.OpEmptyMatch:
		return 1
	}
	return ^uint32(0)
}

func repeated(one uint32, least, most int) uint32 {
	all, times := uint32(0), uint32(1)
	if most < 0 {
		return ^all
	}
	for n := range most + 1 {
		if n >= least {
			all |= times
		}
		times = sum(times, one)
	}
	return all
}

// sum has the lengths of one text of a and one of b together.
func sum(a, b uint32) uint32 {
	var all uint32
	for n := range 32 {
		if b&(1<<n) != 0 {
			all |= a << n
		}
	}
	return all
}
