package identity

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// The library from whose metadata phone.txt is made judges every number here a second time. Both must give the same E.164,
// or refuse with the same words.

// oracle is Phone by the library.
func oracle(typed, country string) (string, error) {
	s, err := plainNumber(typed)
	if err != nil {
		return "", err
	}
	country = strings.ToUpper(country)
	if err := enough(s, allPlans().region[country]); err != nil {
		return "", err
	}
	if !strings.HasPrefix(s, "+") && phonenumbers.GetCountryCodeForRegion(country) == 0 {
		return "", badPhone("Please give the number with its country code, like +49 1512 3456789.")
	}
	n, err := phonenumbers.Parse(s, country)
	if err != nil {
		return "", badPhone(oracleParse(err))
	}
	return oracleNumber(n)
}

func oracleParse(err error) string {
	switch err {
	case phonenumbers.ErrInvalidCountryCode:
		return "There is no country with this code. Please look at the digits after the plus sign."
	case phonenumbers.ErrTooShortNSN, phonenumbers.ErrTooShortAfterIDD:
		return "This number is too short."
	case phonenumbers.ErrNumTooLong:
		return "This number is too long."
	}
	return "This is not a phone number."
}

func oracleNumber(n *phonenumbers.PhoneNumber) (string, error) {
	if n.GetExtension() != "" {
		return "", badPhone("Please give the number without an extension.")
	}
	if reason := oracleLength(n); reason != "" {
		return "", badPhone(reason)
	}
	if !phonenumbers.IsValidNumber(n) {
		place := fmt.Sprintf("+%d", n.GetCountryCode())
		return "", badPhone("There is no such number in the numbering plan of " + place + ". Please look at its digits.")
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST:
		return "", badPhone("This is a premium number. Please give an ordinary one.")
	case phonenumbers.TOLL_FREE, phonenumbers.UAN, phonenumbers.PAGER, phonenumbers.VOICEMAIL:
		return "", badPhone("This is a service number, which gets no text messages. Please give a mobile number.")
	}
	e164 := phonenumbers.Format(n, phonenumbers.E164)
	if len(e164) > len("+")+e164Most {
		return "", badPhone("This number is too long.")
	}
	return e164, nil
}

func oracleLength(n *phonenumbers.PhoneNumber) string {
	switch phonenumbers.IsPossibleNumberWithReason(n) {
	case phonenumbers.IS_POSSIBLE:
		return ""
	case phonenumbers.TOO_SHORT:
		return "This number is too short."
	case phonenumbers.TOO_LONG:
		return "This number is too long."
	case phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return "This number lacks its area code."
	case phonenumbers.INVALID_COUNTRY_CODE:
		return "There is no country with this code. Please look at the digits after the plus sign."
	}
	return "This number has not the right length."
}

// oracleSigns is how long a text may be that the library looks at. We look at a longer one as well, of which all but 19
// signs must be spaces, brackets and the like: it is the number that it is. This is the one difference.
const oracleSigns = 250

// agree fails where the two differ, and says whether they took the number.
func agree(t *testing.T, typed, country string) bool {
	t.Helper()
	if s, err := plainNumber(typed); err == nil && len(s) > oracleSigns {
		return false
	}
	got, err := Phone(typed, country)
	want, wantErr := oracle(typed, country)
	if got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Errorf("%q in %q: %q, %v; the library says %q, %v", typed, country, got, err, want, wantErr)
	}
	return wantErr == nil
}

// example is a number of which the metadata says that it is one, and where.
type example struct {
	plan     *phonenumbers.PhoneMetadata
	country  string // empty where the calling code belongs to none
	national string
}

// examples has one for each kind of number of each region, in one order.
func examples(t *testing.T) []example {
	t.Helper()
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	var list []example
	for _, m := range all.GetMetadata() {
		country := m.GetId()
		if country == nowhere {
			country = ""
		}
		seen := map[string]bool{"": true}
		for _, d := range []*phonenumbers.PhoneNumberDesc{m.GetGeneralDesc(), m.GetFixedLine(), m.GetMobile(), m.GetPremiumRate(), m.GetTollFree(),
			m.GetSharedCost(), m.GetVoip(), m.GetPersonalNumber(), m.GetPager(), m.GetUan(), m.GetVoicemail()} {
			if n := d.GetExampleNumber(); !seen[n] {
				seen[n] = true
				list = append(list, example{m, country, n})
			}
		}
	}
	if len(list) < 1000 {
		t.Fatalf("only %d examples", len(list))
	}
	return list
}

// forms are the ways to write a number: as it is dialled at home and from abroad, alone and in groups.
func (e example) forms() []string {
	code, n := strconv.Itoa(int(e.plan.GetCountryCode())), e.national
	trunk := e.plan.GetNationalPrefix()
	middle := len(n) / 2
	list := []string{n, trunk + n, "+" + code + n, "+" + code + " " + n[:middle] + " " + n[middle:], "+" + code + "-" + n[:middle] + "/" + n[middle:], "+" + code + "(0)" + n,
		"+" + code + " (" + trunk + ")" + n, "(" + trunk + n[:middle] + ") " + n[middle:], trunk + n[:middle] + "." + n[middle:], code + n, code + trunk + n,
		"+ (" + code + ") " + n, "(+" + code + ") " + n, "+00" + code + n, "00" + code + n, "011 " + code + " " + n, "0011" + code + trunk + n, "00 " + code + "-0" + n, "0" + n, "1" + n, "8" + n}
	if number, err := phonenumbers.Parse("+"+code+n, "ZZ"); err == nil {
		list = append(list, phonenumbers.Format(number, phonenumbers.NATIONAL), phonenumbers.Format(number, phonenumbers.INTERNATIONAL),
			phonenumbers.FormatOutOfCountryCallingNumber(number, "JP"))
	}
	return list
}

// TestPhoneExamples types the examples of every region in every form, at home, abroad and without a country.
func TestPhoneExamples(t *testing.T) {
	taken := 0
	for number, e := range examples(t) {
		if number%every != 0 {
			continue
		}
		for _, typed := range e.forms() {
			for _, country := range []string{e.country, "", "US", "IT", "JP", "BR"} {
				if agree(t, typed, country) {
					taken++
				}
			}
		}
		if t.Failed() {
			return
		}
	}
	if taken < 20000/every {
		t.Errorf("only %d numbers were taken", taken)
	}
}

// TestPhoneNeighbours types the examples with a digit more, a digit less, and digits changed: the first four, which tell
// the kind, to each other one.
func TestPhoneNeighbours(t *testing.T) {
	for number, e := range examples(t) {
		if number%every != 0 {
			continue
		}
		code, n := "+"+strconv.Itoa(int(e.plan.GetCountryCode())), e.national
		near := []string{n + "0", n + "7", n + "33"}
		for i := range n {
			near = append(near, n[:i]+n[i+1:])
			for by := byte(1); by <= 9; by++ {
				if i < 4 || by == 1 || by == 5 {
					near = append(near, n[:i]+string('0'+(n[i]-'0'+by)%10)+n[i+1:])
				}
			}
		}
		for _, other := range near {
			agree(t, code+other, "")
			agree(t, other, e.country)
		}
		if t.Failed() {
			return
		}
	}
}

// TestPhonePrefixes begins numbers of each region with each pair of digits, at home and from abroad, of the lengths that
// numbers have there and of those beside them.
func TestPhonePrefixes(t *testing.T) {
	const tail = "2345678901234567"
	all := allPlans()
	for number, region := range slices.Sorted(maps.Keys(all.region)) {
		p := all.region[region]
		for first := number % every; first < 100; first += every {
			for n := max(p.lengths.least()-1, 5); n <= p.lengths.most()+1; n++ {
				national := (fmt.Sprintf("%02d", first) + tail)[:n]
				if p.main == p {
					agree(t, "+"+p.code+national, "")
				}
				agree(t, national, region)
			}
		}
		if t.Failed() {
			return
		}
	}
}

// TestPhonePlans holds phone.txt to the library's list of regions, and every line to patterns that can be read.
func TestPhonePlans(t *testing.T) {
	all := allPlans()
	if got, want := slices.Sorted(maps.Keys(all.region)), slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions())); !slices.Equal(got, want) {
		t.Errorf("regions are %v, want %v", got, want)
	}
	codes := 0
	for code := range phonenumbers.GetSupportedCallingCodes() {
		codes++
		for _, p := range all.code[strconv.Itoa(code)] {
			for _, pattern := range append([]*pattern{&p.leading, &p.abroad, &p.trunk, &p.general}, pointers(p.kinds[:])...) {
				pattern.compiled() // panics where it is none
			}
			if p.general.text == "" || p.lengths == 0 || p.main == nil || p.main.code != p.code {
				t.Errorf("+%d: a line is not whole", code)
			}
		}
	}
	if codes != len(all.code) {
		t.Errorf("%d calling codes, want %d", len(all.code), codes)
	}
}

func pointers(kinds []pattern) []*pattern {
	var list []*pattern
	for i := range kinds {
		list = append(list, &kinds[i])
	}
	return list
}

// The file is made by the tools and compared by the tests: both with the version of the library that its head names.
func TestPhonePlansAreOfTheLibraryCompared(t *testing.T) {
	_, after, _ := strings.Cut(phonePlans, "github.com/nyaruka/phonenumbers ")
	version, _, _ := strings.Cut(after, " ")
	for _, name := range []string{"../../go.mod", "../../tools/go.mod"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "github.com/nyaruka/phonenumbers "+version+"\n") {
			t.Errorf("phone.txt was made with %q, %s names another version; run go generate ./internal/identity", version, name)
		}
	}
}

func FuzzPhone(f *testing.F) {
	for _, seed := range [][2]string{{"01512 3456789", "DE"}, {"+49 (0)1512 3456789", "US"}, {"0049 1512 3456789", "DE"}, {"+0049 1512 3456789", "DE"}, {"(202) 555-0123", "US"}, {"555-0123", "AG"},
		{"268 464 1234", "BS"}, {"+39 06698 12345", "VA"}, {"06 1234567", "IT"}, {"011 15 2345 6789", "AR"}, {"0 15 11 98765 4321", "BR"}, {"8 810 49 1512 3456789", "RU"}, {"+7 701 1234567", "KZ"},
		{"+800 1234 5678", ""}, {"+979 123456789", ""}, {"2 3456", "GG"}, {"07781 123456", "GB"}, {"+44 1481 256789", "JE"}, {"00 300 49 1512 3456789", "KR"}, {"549123456", "SM"}, {"11 12 34 56", "GA"},
		{"003768 0 90123456", "JP"}, {"99 5 59 49 1512 3456", "FI"}, {"1 900 234 5678", "CA"}, {"+49 1512 345678901234", "DE"}, {"0000000", "IT"}, {"+1 1 202 555 0123", ""}, {"(+49) 1512 3456789", "XX"}, {"00755 99", "KR"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, typed, country string) { agree(t, typed, country) })
}
