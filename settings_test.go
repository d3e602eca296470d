package sallyport_test

import (
	"fmt"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/delivery"
	"sallyport/internal/policy"
	"sallyport/internal/puzzle"
	"sallyport/internal/testkit/golden"
)

// TestSettingsKeepTheContract: the defaults and ranges of contract sections 2 to 9, and that nothing outside gets in.
func TestSettingsKeepTheContract(t *testing.T) {
	cases := []struct {
		name, def string
		good, bad []string
	}{
		{"password-min", "15", []string{"8", "64"}, []string{"7", "65", "-1", "1e3", "", "9223372036854775808", "NaN"}},
		{"code-life", "3", []string{"3", "5", "10"}, []string{"4", "0", "11"}},
		{"resend-after", "30", []string{"15", "120"}, []string{"14", "121"}},
		{"resend-hour", "5", []string{"3", "20"}, []string{"2", "21"}},
		{"resend-day", "10", []string{"5", "50"}, []string{"4", "51"}},
		{"factor-run", "100", []string{"10", "100"}, []string{"9", "101"}},
		{"proof-after", "3", []string{"1", "10"}, []string{"0", "11"}},
		{"steps-aside", "1", []string{"0", "2"}, []string{"3"}},
		{"session-idle", "30", []string{"5", "1440"}, []string{"4", "1441"}},
		{"session-age", "12", []string{"1", "24"}, []string{"0", "25"}},
		{"session-limit", "0", []string{"0", "1", "100"}, []string{"-1", "101"}},
		{"step-up-after", "15", []string{"5", "60"}, []string{"4", "61"}},
		{"invitation-life", "72", []string{"1", "168"}, []string{"0", "169"}},
		{"setup-life", "72", []string{"1", "168"}, []string{"0", "169"}},
		{"enrolment-life", "60", []string{"10", "1440"}, []string{"9", "1441"}},
		{"audit-keep", "400", []string{"90", "3650"}, []string{"89", "3651"}},
		{"permit-off", "no", []string{"yes", "no"}, []string{"maybe", ""}},
		{"old-factor-opens", "yes", []string{"no"}, []string{"2"}},
		{"enrolment-codes", "yes", []string{"no"}, []string{"2"}},
		{"country", "US", []string{"de", "GB"}, []string{"USA", "1", ""}},
		{"organisation", "Sallyport", []string{"Northwind IT"}, []string{"", "a\nb", strings.Repeat("x", 81)}},
	}
	if len(cases) != len(sallyport.SettingKeys) {
		t.Errorf("%d settings, %d of them looked at", len(sallyport.SettingKeys), len(cases))
	}
	for _, c := range cases {
		key, ok := sallyport.SettingByName(c.name)
		if !ok {
			t.Fatalf("no setting %s", c.name)
		}
		if got := key.Get(sallyport.DefaultSettings()); got != c.def {
			t.Errorf("%s: default %q, want %q", c.name, got, c.def)
		}
		for _, v := range c.good {
			s := sallyport.DefaultSettings()
			if err := key.Set(&s, v); err != nil || !strings.EqualFold(key.Get(s), v) {
				t.Errorf("%s = %q: %v, then %q", c.name, v, err, key.Get(s))
			}
		}
		for _, v := range c.bad {
			s := sallyport.DefaultSettings()
			if err := key.Set(&s, v); sallyport.KindOf(err) != sallyport.Invalid || s != sallyport.DefaultSettings() {
				t.Errorf("%s = %q was taken (%v)", c.name, v, err)
			}
		}
	}
}

// fixedLimits are the numbers of contract section 5 and 6 that nobody can set.
var fixedLimits = [][2]string{
	{"Digits of a sent code and of the app's", "6"},
	{"Wrong tries of one sent code", fmt.Sprint(sallyport.CodeTries)},
	{"Wrong second-factor answers within 365 days until the factor is switched off", "300"},
	{"Wait after wrong second-factor answers", "from the 5th on, 1 second doubling to 15 minutes"},
	{"Wait after wrong passwords, per account and network (/64, or one IPv4 address)", "from the 5th on, 1 second doubling to 15 minutes"},
	{"Wait after wrong passwords, per account and wide network (/48, or the /24 of an IPv4 address)", "from the 13th on, 1 second doubling to 15 minutes"},
	{"Wait after wrong passwords, per account over all networks", "from the 5th on, at most 30 seconds"},
	{"Browsers of an account, each with a count of its own, that are known after a change which signs out everywhere", fmt.Sprintf("the %d that signed in last", sallyport.KnownBrowsers)},
	{"Accounts on which one password was wrong, over all networks", bucketWords(policy.SprayBucket)},
	{"Wrong passwords from one network, over all accounts", bucketWords(policy.NetworkBucket)},
	{"Wrong passwords from one wide network, over all accounts", bucketWords(policy.WideBucket)},
	{"Proof of work in the place of the long waits of one account and network", fmt.Sprintf("some %d,000 hashes, twice as many after 4 and 8 more failed sign-ins, a second or two on a phone; 10 minutes, one use", puzzle.Parts<<puzzle.Easiest/1000)},
	{"Longest password", "256 characters"},
	{"A sign-in", "10 minutes, 30 while enrolling"},
	{"Password-reset link", "24 hours, one use; 3 an hour and 5 a day"},
	{"Rescue link", "15 minutes, one use"},
	{"Requests for help of one technician, each a message to every administrator who may help", "3 an hour"},
	{"Wrong second-factor answers in a row, or wrong recovery codes, until their owner is told", "3, and again after a day while they go on"},
	{"A technician reached a limit of messages: told by email to him and the administrators who may help him", "once a day"},
	{"Test messages of Email Settings, and of SMS Settings, to all addresses or numbers together", bucketWords(delivery.TestBucket)},
	{"Wrong recovery codes in a row until none is taken, new ones excepted", "as many as wrong second-factor answers"},
	{"Wrong answers when asked again within a session, also before the app moves to a new phone", "3, then the session ends"},
	{"Recovery codes", "10, of 128 bits, one use each"},
}

const closing = `
A wrong password never locks an account. A browser that signed in before has a count of its own, and its own place in
the queue for the password hash; a full queue answers after 2 seconds at most and says when to come back.

Unknown names are counted like known ones. Every try is counted before it is compared, in the database, so that many at
once, on many nodes, are no faster than one after the other. A right password takes its own count back, and what its own
network or browser had counted against the account; what others counted stays. A try that found no place in the queue was
not compared and costs nothing. The counts over all accounts hold wrong passwords of new browsers alone, counted once they
were wrong; no browser that signed in before is ever held up by them. Which password was wrong is remembered as 16 bits of a keyed hash, so that
sprayed ones are recognised, for an hour at most.

With a proof of work the waits up to 15 minutes are lifted for one try. The account's own wait over all networks, half a
minute at most, is not, and no throttle over all accounts is: nobody guesses at an account faster by it.
`

func bucketWords(b policy.Bucket) string {
	return fmt.Sprintf("%d at once, then one every %d seconds", b.Burst, int(b.Every.Seconds()))
}

func TestLimitsPage(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Limits\n\nHow guessing, stuffing and flooding are held off, in numbers. Written from the code by `go test . -run TestLimitsPage -update`.\n\n" +
		"## Settings\n\nShown and changed by `sallyport policy`; each change is an audit event and counts at once.\n" +
		"What has begun keeps the end that it was given: a code, link or enrolment code its life, a session its age, unless a shorter one is set. Sign out everywhere ends a session sooner.\n\n| setting | default | unit | range | what it is |\n|---|--:|---|---|---|\n")
	for _, k := range sallyport.SettingKeys {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", k.Name, k.Default, k.Unit, k.Range, k.Help)
	}
	b.WriteString("\n## Fixed\n\n| what | number |\n|---|---|\n")
	for _, l := range fixedLimits {
		fmt.Fprintf(&b, "| %s | %s |\n", l[0], l[1])
	}
	b.WriteString(closing)
	golden.File(t, "docs/limits.md", b.String())
}
