package factor

import (
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"pgregory.net/rapid"
)

var rfcSecret = []byte("12345678901234567890")

// TestRFC4226AppendixD holds the ten values of RFC 4226 appendix D.
func TestRFC4226AppendixD(t *testing.T) {
	for count, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := Digits(rfcSecret, int64(count)); got != want {
			t.Errorf("count %d: %s, want %s", count, got, want)
		}
	}
}

// TestRFC6238AppendixB holds the SHA-1 rows of RFC 6238 appendix B, of which the last six digits count here.
func TestRFC6238AppendixB(t *testing.T) {
	for _, c := range []struct {
		second, step int64
		want         string
	}{
		{59, 0x1, "94287082"}, {1111111109, 0x23523EC, "07081804"}, {1111111111, 0x23523ED, "14050471"},
		{1234567890, 0x273EF07, "89005924"}, {2000000000, 0x3F940AA, "69279037"}, {20000000000, 0x27BC86AA, "65353130"},
	} {
		step := StepAt(time.Unix(c.second, 0))
		if step != c.step || Digits(rfcSecret, step) != c.want[2:] {
			t.Errorf("%d: step %x, digits %s", c.second, step, Digits(rfcSecret, step))
		}
		if got, ok := Match(rfcSecret, c.want[2:], Window{Now: time.Unix(c.second, 0)}); !ok || got != c.step {
			t.Errorf("%d: matched %x, %v", c.second, got, ok)
		}
	}
}

func TestDigitsAgreeWithAnotherImplementation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOfN(rapid.Byte(), 16, 64).Draw(t, "secret")
		at := time.Unix(rapid.Int64Range(0, 1<<36).Draw(t, "second"), 0)
		want, err := totp.GenerateCodeCustom(secretEncoding.EncodeToString(secret), at,
			totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			t.Fatal(err)
		}
		if got := Digits(secret, StepAt(at)); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}

// A clock before 1970 lies in no step.
func TestStepBefore1970(t *testing.T) {
	for second, want := range map[int64]int64{-31: -1, -1: -1, 0: 0, 29: 0, 30: 1} {
		if got := StepAt(time.Unix(second, 0)); got != want {
			t.Errorf("second %d lies in step %d", second, got)
		}
	}
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestMatchLooksAtTheWindow(t *testing.T) {
	now := StepAt(noon)
	for aside := 0; aside <= 4; aside++ {
		for d := int64(-5); d <= 5; d++ {
			reach := int64(min(aside, 2)) // never more than two
			_, ok := Match(rfcSecret, Digits(rfcSecret, now+d), Window{Now: noon, Aside: aside})
			if ok != (d >= -reach && d <= reach) {
				t.Errorf("aside %d, %d steps off: %v", aside, d, ok)
			}
		}
	}
	if _, ok := Match(rfcSecret, Digits(rfcSecret, now), Window{Now: noon, Aside: -3}); !ok {
		t.Error("a negative width hides the present step")
	}
	if step, ok := Match(rfcSecret, Digits(rfcSecret, now+7), Window{Now: noon, Offset: 7}); !ok || step != now+7 {
		t.Error("the kept offset does not move the window")
	}
}

// TestD1_5 plays a used code again, in its own step, a step later, and the code of the step before.
func TestD1_5(t *testing.T) {
	now := StepAt(noon)
	at := Window{Now: noon, Aside: 1}
	step, ok := Match(rfcSecret, Digits(rfcSecret, now), at)
	if !ok || step != now {
		t.Fatal("the right code does not match")
	}
	at.LastStep = step
	for _, later := range []time.Duration{0, Period} {
		at.Now = noon.Add(later)
		for _, s := range []int64{now, now - 1} {
			if _, ok := Match(rfcSecret, Digits(rfcSecret, s), at); ok {
				t.Errorf("%v later the code of step %d matches again", later, s-now)
			}
		}
		if _, ok := Match(rfcSecret, Digits(rfcSecret, now+1), at); !ok {
			t.Errorf("%v later the next code does not match", later)
		}
	}
}

// TestMatchTakesTheNewestOfTwinSteps uses a secret whose code repeats in neighbouring steps.
func TestMatchTakesTheNewestOfTwinSteps(t *testing.T) {
	const step = 910737 // the first whose code is also the next one's
	if Digits(rfcSecret, step) != Digits(rfcSecret, step+1) {
		t.Fatal("the steps are no twins")
	}
	at := Window{Now: time.Unix(step*30, 0), Aside: 1}
	code := Digits(rfcSecret, step)
	if got, ok := Match(rfcSecret, code, at); !ok || got != step+1 {
		t.Errorf("matched %d, want the newer %d", got, step+1)
	}
	at.LastStep = step + 1
	if _, ok := Match(rfcSecret, code, at); ok {
		t.Error("the twin of a used step matches")
	}
	at.LastStep = step
	if got, ok := Match(rfcSecret, code, at); !ok || got != step+1 {
		t.Error("the newer twin of a used step does not match")
	}
}

func TestMatchRefuses(t *testing.T) {
	now := StepAt(noon)
	for name, c := range map[string]struct {
		secret []byte
		code   string
		now    time.Time
	}{
		"no secret":     {nil, Digits(nil, now), noon},
		"short secret":  {rfcSecret[:15], Digits(rfcSecret[:15], now), noon},
		"no code":       {rfcSecret, "", noon},
		"prefix":        {rfcSecret, Digits(rfcSecret, now)[:5], noon},
		"longer":        {rfcSecret, Digits(rfcSecret, now) + "0", noon},
		"space":         {rfcSecret, Digits(rfcSecret, now) + " ", noon},
		"before 1970":   {rfcSecret, Digits(rfcSecret, -1), time.Unix(-20, 0)},
		"zero time":     {rfcSecret, Digits(rfcSecret, -1), time.Time{}},
		"negative step": {rfcSecret, Digits(rfcSecret, -1), time.Unix(0, 0)},
	} {
		if _, ok := Match(c.secret, c.code, Window{Now: c.now, Aside: 2, LastStep: -10}); ok {
			t.Errorf("%s matches", name)
		}
	}
}

func TestFindOffset(t *testing.T) {
	now := StepAt(noon)
	for d := -15; d <= 15; d++ {
		offset, step, ok := FindOffset(rfcSecret, Digits(rfcSecret, now+int64(d)), noon)
		if ok != (d >= -10 && d <= 10) {
			t.Errorf("%d steps off: %v", d, ok)
		}
		if ok && (offset != d || step != now+int64(d)) {
			t.Errorf("%d steps off: found %d, step %d", d, offset, step-now)
		}
	}
	if _, _, ok := FindOffset(nil, Digits(nil, now), noon); ok {
		t.Error("an empty secret has an offset")
	}
}

func TestFindOffsetTakesTheClosest(t *testing.T) {
	const step = 103424 // the first whose code comes again three steps later
	if Digits(rfcSecret, step) != Digits(rfcSecret, step+3) {
		t.Fatal("the codes differ")
	}
	at := time.Unix((step+1)*30, 0) // one code, right one step behind and two ahead
	if offset, _, ok := FindOffset(rfcSecret, Digits(rfcSecret, step), at); !ok || offset != -1 {
		t.Errorf("offset %d, want -1", offset)
	}
	const middle = 2390 // whose code of four steps before comes again four steps after
	if Digits(rfcSecret, middle-4) != Digits(rfcSecret, middle+4) {
		t.Fatal("the codes differ")
	}
	if offset, step, ok := FindOffset(rfcSecret, Digits(rfcSecret, middle-4), time.Unix(middle*30, 0)); !ok || offset != 4 || step != middle+4 {
		t.Errorf("of two equally close ones %d, want the one ahead", offset)
	}
}

func TestURIIsReadByAnotherImplementation(t *testing.T) {
	secret := NewSecret()
	for _, c := range []struct{ issuer, account, wantIssuer, wantAccount string }{
		{"Acme & Söhne/IT?#%+", "anna+x@example.org", "Acme & Söhne/IT?#%+", "anna+x@example.org"},
		{"A:B: C", "d:e", "A B C", "d e"},
		{"", "anna", "", "anna"},
		{strings.Repeat("ü", 80), "anna", strings.Repeat("ü", 32), "anna"},
	} {
		uri := URI(c.issuer, c.account, secret)
		key, err := otp.NewKeyFromURL(uri)
		if err != nil {
			t.Fatalf("%s: %v", uri, err)
		}
		if key.Issuer() != c.wantIssuer || key.AccountName() != c.wantAccount || key.Secret() != strings.ReplaceAll(Group(secret), " ", "") ||
			key.Period() != 30 || key.Digits() != 6 || key.Algorithm() != otp.AlgorithmSHA1 || key.Type() != "totp" {
			t.Errorf("%s reads as %q %q", uri, key.Issuer(), key.AccountName())
		}
		if u, err := url.Parse(uri); err != nil || strings.ContainsAny(uri, " +\"<>") || u.Query().Get("algorithm") != "SHA1" {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

func TestSecrets(t *testing.T) {
	a, b := NewSecret(), NewSecret()
	if len(a) != 20 || string(a) == string(b) {
		t.Error("secrets are not 20 fresh bytes")
	}
	if got := Group([]byte("12345678901234567890")); got != "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ" {
		t.Errorf("grouped as %s", got)
	}
}

// TestD1_22 counts what a comparison does instead of timing it: whichever step a code is right in, and however many of
// its digits are right, the same number of codes is computed and compared.
func TestD1_22(t *testing.T) {
	now := StepAt(noon)
	right := Digits(rfcSecret, now)
	wrongAt := func(i int) string {
		b := []byte(right)
		b[i] = '0' + (b[i]-'0'+5)%10
		return string(b)
	}
	at := Window{Now: noon, Aside: 2}
	work := func(code string) float64 {
		return testing.AllocsPerRun(50, func() { Match(rfcSecret, code, at); FindOffset(rfcSecret, code, noon) })
	}
	one := testing.AllocsPerRun(50, func() { Digits(rfcSecret, now) }) // what a step left out would save
	want := work(right)
	codes := map[string]string{"oldest step": Digits(rfcSecret, now-2), "newest step": Digits(rfcSecret, now+2), "10 steps off": Digits(rfcSecret, now+10)}
	for i := range right {
		codes["wrong from digit "+string('1'+rune(i))] = wrongAt(i)
	}
	for name, code := range codes {
		if got := work(code); math.Abs(got-want) > one/2 {
			t.Errorf("%s: %v allocations, the present code %v", name, got, want)
		}
	}
}
