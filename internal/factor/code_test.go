package factor

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// TestD1_6 types one code in every spelling that people paste, and what only looks like a code.
func TestD1_6(t *testing.T) {
	for _, typed := range []string{"123456", " 123456 ", "123 456", "123\u00a0456", "\t123456", "123456\n", "123456\r\n", "123-456", "12-34-56",
		"123\u2011456", "123\u2013456", "123 - 456", "1 2 3 4 5 6", "\u3000123456", "123\u202f456", "123\u2212456",
		"\uff11\uff12\uff13\uff14\uff15\uff16", "\u0661\u0662\u0663\u0664\u0665\u0666", "\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6",
		"\u0967\u0968\u0969\u096a\u096b\u096c", "\U0001d7cf\U0001d7d0\U0001d7d1\U0001d7d2\U0001d7d3\U0001d7d4", "1\uff123\u066456", "123" + strings.Repeat(" ", 250) + "456"} {
		if got, ok := Canonical(typed); !ok || got != "123456" {
			t.Errorf("%q: %q, %v", typed, got, ok)
		}
	}
	for _, typed := range []string{"", " ", "12345", "1234567", "+123456", "-123456", "123456-", "0x1234", "0x12", "12345a", "123,456", "123.456",
		"1e5000", "１２３４５", "123456\x00", "123\u200b456", "\u202e123456", "\u2460\u2461\u2462\u2463\u2464\u2465", "½½½½½½", "²²²²²²",
		"123456 123456", "\xff123456", "123" + strings.Repeat(" ", 251) + "456", strings.Repeat("1", 6) + strings.Repeat("-", 300), strings.Repeat(" ", 300), "一二三四五六"} {
		if got, ok := Canonical(typed); ok {
			t.Errorf("%q became %q", typed, got)
		}
	}
}

// TestD1_21 keeps leading zeros.
func TestD1_21(t *testing.T) {
	if got, ok := Canonical("000 000"); !ok || got != "000000" {
		t.Errorf("%q, %v", got, ok)
	}
	zero := false
	for range 1000 {
		c := NewCode()
		if len(c) != 6 || strings.Trim(c, "0123456789") != "" {
			t.Fatalf("made %q", c)
		}
		zero = zero || c[0] == '0'
	}
	if !zero { // 0.9^1000 is less than 10^-45
		t.Error("none of 1000 codes begins with zero")
	}
}

// TestNewCodeIsUniform holds each digit at each place against the chi-squared bound for 9 degrees of freedom that a
// fair source misses once in 10^9.
func TestNewCodeIsUniform(t *testing.T) {
	const n = 20_000
	var seen [6][10]int
	for range n {
		for place, d := range []byte(NewCode()) {
			seen[place][d-'0']++
		}
	}
	for place, counts := range seen {
		chi := 0.0
		for _, c := range counts {
			d := float64(c) - n/10
			chi += d * d / (n / 10)
		}
		if chi > 62 {
			t.Errorf("place %d: %v (chi-squared %.1f)", place, counts, chi)
		}
	}
}

// TestEveryDecimalDigitFolds walks all of Unicode's decimal digits: each run of ten gives 0 to 9, as numbered there.
func TestEveryDecimalDigitFolds(t *testing.T) {
	run := 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.Is(unicode.Nd, r) {
			if d, ok := digit(r); ok {
				t.Fatalf("%U folds to %c and is no digit", r, d)
			}
			if run%10 != 0 {
				t.Fatalf("the run before %U is no multiple of ten", r)
			}
			run = 0
			continue
		}
		if d, ok := digit(r); !ok || d != '0'+byte(run%10) {
			t.Fatalf("%U folds to %c", r, d)
		}
		run++
	}
}

func TestSameCode(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"123456", "123456", true}, {"123456", "123457", false}, {"123456", "12345", false}, {"12345", "123456", false}, {"", "", false}, {"", "1", false}} {
		if SameCode([]byte(c.a), []byte(c.b)) != c.want {
			t.Errorf("%q and %q", c.a, c.b)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"123456", "123 456", "+1", "\uff11", "-", "\xff", "12\u200b3456"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		got, ok := Canonical(typed)
		if !ok {
			if got != "" {
				t.Fatalf("refused with %q", got)
			}
			return
		}
		if len(got) != 6 || strings.Trim(got, "0123456789") != "" {
			t.Fatalf("%q became %q", typed, got)
		}
		if again, ok := Canonical(got); !ok || again != got {
			t.Fatalf("%q is not stable", got)
		}
	})
}

func TestRecoveryCodes(t *testing.T) {
	codes := NewRecoveryCodes()
	seen := map[string]bool{}
	for _, c := range codes {
		canonical, ok := CanonicalRecovery(c)
		if !ok || len(canonical) != 26 || canonical != strings.ReplaceAll(c, "-", "") || seen[canonical] {
			t.Errorf("%q: %q, %v", c, canonical, ok)
		}
		seen[canonical] = true
	}
	if len(codes) != 10 {
		t.Errorf("%d codes", len(codes))
	}
	for _, bad := range []string{"", codes[0][:25], codes[0] + "0", "U" + codes[0][1:], "-" + codes[0], "*" + codes[0][1:], "é" + codes[0][1:], "\u0141" + codes[0][1:], "123456"} {
		if got, ok := CanonicalRecovery(bad); ok {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

func TestEnrolmentCodes(t *testing.T) {
	for _, typed := range []string{"0123-OIL9", "0123 0119", "o123oil9", " 0123\u20130119\n", "０１２３0119"} {
		if got, ok := CanonicalEnrolment(typed); !ok || got != "01230119" {
			t.Errorf("%q: %q, %v", typed, got, ok)
		}
	}
	seen := map[string]bool{}
	for range 1000 {
		c := NewEnrolmentCode()
		if len(c) != 9 || c[4] != '-' || strings.ContainsAny(c, "ILOU") || seen[c] {
			t.Fatalf("made %q", c)
		}
		if got, ok := CanonicalEnrolment(c); !ok || got != c[:4]+c[5:] {
			t.Fatalf("%q: %q", c, got)
		}
		seen[c] = true
	}
}

// TestSpellingsOfLetters types codes as people read them out and write them down: none of it makes another code.
func TestSpellingsOfLetters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code, typed := NewRecoveryCodes()[0], ""
		for _, r := range code {
			switch rapid.IntRange(0, 4).Draw(t, "how") {
			case 0:
				typed += strings.ToLower(string(r))
			case 1:
				typed += " " + string(r)
			case 2:
				if r > ' ' && r != '-' {
					r += 0xfee0
				}
				typed += string(r)
			case 3:
				typed += map[rune]string{'0': "o", '1': "l", '-': "\u2014"}[r]
				if !strings.ContainsRune("01-", r) {
					typed += string(r)
				}
			default:
				typed += string(r)
			}
		}
		if got, ok := CanonicalRecovery(typed); !ok || got != strings.ReplaceAll(code, "-", "") {
			t.Fatalf("%q of %q: %q, %v", typed, code, got, ok)
		}
	})
}

func FuzzCanonicalLetters(f *testing.F) {
	f.Add("0123-4567")
	f.Add(NewRecoveryCodes()[0])
	f.Add("ſ123-4567")
	f.Fuzz(func(t *testing.T, typed string) {
		for _, canonical := range []func(string) (string, bool){CanonicalEnrolment, CanonicalRecovery} {
			got, ok := canonical(typed)
			if ok && strings.Trim(got, letters) != "" {
				t.Fatalf("%q became %q", typed, got)
			}
		}
	})
}
