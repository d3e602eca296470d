package factor

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// phone is an authenticator app whose clock is off, and the server beside it: what was set up, and the last step used. The
// oracle keeps every step that was let in, and knows nothing of Match.
type phone struct {
	secret []byte
	now    time.Time
	ahead  int // steps that the phone's clock is really ahead
	at     Window
	used   map[int64]bool
}

func (p *phone) init(t *rapid.T) {
	p.secret = rapid.SliceOfN(rapid.Byte(), secretSize, secretSize).Draw(t, "secret")
	p.now = time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "begin"), 0)
	p.ahead = rapid.IntRange(-hintSteps, hintSteps).Draw(t, "ahead")
	p.at = Window{Aside: rapid.IntRange(0, mostAside).Draw(t, "aside"), LastStep: math.MinInt64}
	p.used = map[int64]bool{}
	p.setUp(t)
}

// setUp is what enrolment does with a phone that is off: two codes of two steps at one offset, which is then kept.
func (p *phone) setUp(t *rapid.T) {
	one, step, ok := FindOffset(p.secret, p.shown(0), p.now)
	p.now = p.now.Add(Period)
	two, next, again := FindOffset(p.secret, p.shown(0), p.now)
	if !ok || !again {
		t.Fatalf("a phone that is %d steps ahead is not found", p.ahead)
	}
	if abs(one) > abs(p.ahead) || abs(two) > abs(p.ahead) {
		t.Fatalf("found %d and %d steps off, it is %d: the closest counts", one, two, p.ahead)
	}
	if one == two && step != next {
		p.at.Offset = one
	}
}

func abs(n int) int { return max(n, -n) }

// shown is what the phone shows so many steps from its own time.
func (p *phone) shown(away int64) string {
	return Digits(p.secret, StepAt(p.now)+int64(p.ahead)+away)
}

// answer gives digits, as a sign-in does: a match raises the last step.
func (p *phone) answer(t *rapid.T, code string) {
	p.at.Now = p.now
	step, ok := Match(p.secret, code, p.at)
	middle := StepAt(p.now) + int64(p.at.Offset)
	owed := false // whether some step of the window above the last one shows these digits
	for s := middle - int64(p.at.Aside); s <= middle+int64(p.at.Aside); s++ {
		owed = owed || s > p.at.LastStep && Digits(p.secret, s) == code
	}
	if ok != owed {
		t.Fatalf("%s at step %d, last %d, %d aside: taken %v, owed %v", code, middle, p.at.LastStep, p.at.Aside, ok, owed)
	}
	if !ok {
		return
	}
	if p.used[step] || step <= p.at.LastStep || step < middle-int64(p.at.Aside) || step > middle+int64(p.at.Aside) || Digits(p.secret, step) != code {
		t.Fatalf("step %d let in at %d, last %d", step, middle, p.at.LastStep)
	}
	p.used[step], p.at.LastStep = true, step
}

// TestStepsMachine: in every order of codes that are early, late, repeated or guessed, with a clock that goes forward and
// back, each step lets in once, and no step of the window that is owed is refused.
func TestStepsMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &phone{}
		p.init(t)
		last := p.shown(0)
		shown := func(t *rapid.T) {
			last = p.shown(rapid.Int64Range(-4, 4).Draw(t, "away"))
			p.answer(t, last)
		}
		t.Repeat(map[string]func(*rapid.T){
			"the code shown": shown, "another": shown, "once more": shown,
			"the same again": func(t *rapid.T) { p.answer(t, last) },
			"a guess":        func(t *rapid.T) { p.answer(t, rapid.StringMatching(`[0-9]{6}`).Draw(t, "digits")) },
			"time goes on":   func(t *rapid.T) { p.now = p.now.Add(time.Duration(rapid.IntRange(1, 200).Draw(t, "s")) * time.Second) },
			"the clock is set back": func(t *rapid.T) {
				p.now = p.now.Add(-time.Duration(rapid.IntRange(1, 300).Draw(t, "s")) * time.Second)
			},
			"the setting":       func(t *rapid.T) { p.at.Aside = rapid.IntRange(0, mostAside).Draw(t, "aside") },
			"the phone drifts":  func(t *rapid.T) { p.ahead += rapid.IntRange(-1, 1).Draw(t, "by") },
			"too wide a window": func(t *rapid.T) { p.tooWide(t) },
		})
	})
}

// tooWide asks for more than is allowed, which is the most that is.
func (p *phone) tooWide(t *rapid.T) {
	code := p.shown(rapid.Int64Range(-6, 6).Draw(t, "away"))
	wide, most := p.at, p.at
	wide.Now, most.Now = p.now, p.now
	wide.Aside, most.Aside = rapid.IntRange(mostAside, 1<<40).Draw(t, "aside"), mostAside
	a, okA := Match(p.secret, code, wide)
	b, okB := Match(p.secret, code, most)
	if a != b || okA != okB {
		t.Fatalf("%d steps to either side were looked at", wide.Aside)
	}
}

// TestFindOffsetAgainstAList: the closest step with these digits wins, the one ahead of two; within five minutes only.
func TestFindOffsetAgainstAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOfN(rapid.Byte(), secretLeast, 40).Draw(t, "secret")
		now := time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, "now"), 0)
		away := rapid.Int64Range(-hintSteps-3, hintSteps+3).Draw(t, "away")
		code := Digits(secret, StepAt(now)+away)
		want, found := 0, false
		for _, o := range nearest() {
			if s := StepAt(now) + int64(o); s >= 0 && Digits(secret, s) == code {
				want, found = o, true
				break
			}
		}
		offset, step, ok := FindOffset(secret, code, now)
		if ok != found || ok && (offset != want || step != StepAt(now)+int64(want)) {
			t.Fatalf("%d steps away: found %d (%v), want %d (%v)", away, offset, ok, want, found)
		}
	})
}

func nearest() []int {
	list := []int{0}
	for d := 1; d <= hintSteps; d++ {
		list = append(list, d, -d)
	}
	return list
}

// spelled writes a code as people do: in any case, with spaces and dashes, with O for zero, I and L for one, full-width.
func spelled(t *rapid.T, code string) string {
	var b strings.Builder
	for i, r := range code {
		switch kind := rapid.IntRange(0, 5).Draw(t, "as"); {
		case kind == 0 && i > 0 && r != '-':
			b.WriteString(rapid.SampledFrom([]string{" ", "-", "\u2013", "\u00a0", " - "}).Draw(t, "between"))
			b.WriteRune(r)
		case kind == 1 && r == '0':
			b.WriteString(rapid.SampledFrom([]string{"O", "o"}).Draw(t, "zero"))
		case kind == 1 && r == '1':
			b.WriteString(rapid.SampledFrom([]string{"I", "i", "L", "l"}).Draw(t, "one"))
		case kind == 2:
			b.WriteString(strings.ToLower(string(r)))
		case kind == 3 && r != '-':
			b.WriteRune(r + 0xfee0)
		default:
			b.WriteRune(r)
		}
	}
	return " " + b.String() + "\n"
}

// TestRecoveryMachine: each of ten codes is found once, however it is spelled; one that is a letter off is never found.
func TestRecoveryMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		codes, left := NewRecoveryCodes(), map[string]bool{}
		for _, c := range codes {
			canonical, ok := CanonicalRecovery(c)
			if !ok || left[canonical] {
				t.Fatalf("%q is no code of its own", c)
			}
			left[canonical] = true
		}
		used := map[int]bool{}
		give := func(typed string) bool {
			canonical, ok := CanonicalRecovery(typed)
			found := ok && left[canonical]
			delete(left, canonical)
			return found
		}
		t.Repeat(map[string]func(*rapid.T){
			"a code": func(t *rapid.T) {
				i := rapid.IntRange(0, RecoveryCodes-1).Draw(t, "code")
				if typed := spelled(t, codes[i]); give(typed) == used[i] {
					t.Fatalf("%q: used before %v", typed, used[i])
				}
				used[i] = true
			},
			"a letter off": func(t *rapid.T) {
				c := []byte(codes[rapid.IntRange(0, RecoveryCodes-1).Draw(t, "code")])
				at := rapid.IntRange(0, len(c)-1).Draw(t, "at")
				if c[at] == '-' {
					t.Skip("a hyphen is no letter of a code")
				}
				c[at] = letters[(strings.IndexByte(letters, c[at])+1+rapid.IntRange(0, 29).Draw(t, "by"))%len(letters)]
				if give(string(c)) {
					t.Fatalf("%q was found", c)
				}
			},
			"half a code": func(t *rapid.T) {
				c := codes[rapid.IntRange(0, RecoveryCodes-1).Draw(t, "code")]
				if give(c[:rapid.IntRange(0, len(c)-1).Draw(t, "n")]) || give(c+"0") {
					t.Fatal("a part, or more, was found")
				}
			},
			"anything": func(t *rapid.T) {
				if typed := rapid.String().Draw(t, "typed"); utf8.RuneCountInString(typed) < recoveryLetters && give(typed) {
					t.Fatalf("%q was found", typed)
				}
			},
			"": func(t *rapid.T) {
				if len(left)+len(used) != RecoveryCodes {
					t.Fatalf("%d left, %d used", len(left), len(used))
				}
			},
		})
	})
}

// TestSentCodeSpelled: a sent code is the same code however it is pasted, and only that one.
func TestSentCodeSpelled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code, other := NewCode(), NewCode()
		zero := rapid.SampledFrom([]rune{'0', '\uff10', '\u0660', '\u0966', '\U0001d7ce'}).Draw(t, "script")
		between := rapid.SampledFrom([]string{"", " ", "-", "\u2009", "\t"}).Draw(t, "between")
		var typed []string
		for _, d := range code {
			typed = append(typed, string(zero+d-'0'))
		}
		got, ok := Canonical(strings.Join(typed, between))
		if !ok || !SameCode([]byte(got), []byte(code)) {
			t.Fatalf("%q became %q, want %s", typed, got, code)
		}
		if code != other && SameCode([]byte(got), []byte(other)) {
			t.Fatalf("%s passes for %s", got, other)
		}
	})
}
