package history

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"sallyport/internal/testkit/team"
)

// guess decides what to type: mostly what is right, sometimes what was, or never was. A fool never knows what is right.
func (c *client) guess(s shown, fool bool) question {
	n := c.random.IntN(8)
	switch {
	case s.word:
		return c.word(n)
	case s.password:
		return question{Way: byPassword, Right: n > 0 && !fool}
	case s.recovery && (fool || n%4 == 0 || n%2 == 0 && c.b.lacks("dead "+byRecovery+" no") || c.owesDead()):
		return c.fromSheet(c.random.IntN(8), fool)
	case s.text:
		return c.fromPhone(s, n, fool)
	}
	return c.fromApp(s, n, fool)
}

// word is the enrolment code that was read out, or one of no use any more, or none that ever was.
func (c *client) word(n int) question {
	newest, dead := c.b.readOut(c.who)
	switch {
	case newest == "" || n == 0 || c.b.lacks("by "+byWord+" no"):
		return question{Way: byWord}
	case len(dead) > 0 && (n < 3 || c.b.lacks("dead "+byWord+" no")):
		return question{Way: byWord, Word: dead[c.random.IntN(len(dead))], Dead: true}
	}
	c.b.typedNewest(c.who)
	return question{Way: byWord, Word: newest, Dead: slices.Contains(dead, newest)}
}

// fromSheet is a recovery code: used or not, of the newest sheet or of one before, or of none.
func (c *client) fromSheet(n int, fool bool) question {
	q := question{Way: byRecovery, Nth: c.random.IntN(10)}
	all := c.b.sheetsOf(c.who)
	used, any := c.b.used(c.who)
	switch {
	case len(all) == 0 || fool || n < 4 && c.b.lacks("by "+byRecovery+" no"):
	case any && used.Sheet == all[len(all)-1] && (n < 3 || c.b.lacks("dead "+byRecovery+" no")):
		return used
	case n == 0:
		q.Sheet = all[c.random.IntN(len(all))]
	default:
		q.Sheet = all[len(all)-1]
	}
	return q
}

func (c *client) fromPhone(s shown, n int, fool bool) question {
	q := question{Enrols: s.enrols}
	came := c.w.phones.of(c.who)
	switch {
	case len(came) == 0 || n == 0 || fool || n < 5 && c.b.lacks("answer spent"):
		q.Typed = fmt.Sprintf("%06d", c.random.IntN(1_000_000))
	case n == 1:
		q.Typed = came[c.random.IntN(len(came))].digits
	case n == 2:
		q.Typed = came[max(0, len(came)-2)].digits
	default:
		q.Typed = came[len(came)-1].digits
	}
	return q
}

func (c *client) fromApp(s shown, n int, fool bool) question {
	q := question{Enrols: s.enrols}
	keys, held := c.b.apps(c.who)
	switch {
	case s.app >= 0:
		q.Key = s.app
	case n == 1:
		q.Key = len(keys) - 1
	default:
		q.Key = held
	}
	if n != 0 && !fool {
		q.Step = c.w.clock().Unix()/30 + int64(c.random.IntN(2))
	}
	return q
}

// owesDead says that the technician should give the recovery code again that let him on last: nobody was refused one yet.
func (c *client) owesDead() bool {
	all := c.b.sheetsOf(c.who)
	used, any := c.b.used(c.who)
	return any && used.Sheet == all[len(all)-1] && c.b.lacks("dead "+byRecovery+" no")
}

// typed is what is typed as the answer.
func (c *client) typed(q question) string {
	switch q.Way {
	case byPassword:
		if q.Right {
			return team.Password
		}
		return "not " + team.Password
	case byWord:
		return cmp.Or(q.Word, "0000-0000")
	case byRecovery:
		return c.b.recovery(q.Sheet, q.Nth)
	}
	return cmp.Or(q.Typed, c.digits(q))
}

// digits are those of the app's step, or such as none of the technician's apps shows for ten minutes to either side.
func (c *client) digits(q question) string {
	keys, _ := c.b.apps(c.who)
	if q.Step != 0 {
		return team.Member{Key: keys[q.Key]}.Digits(time.Unix(q.Step*30, 0))
	}
	at := c.w.clock().Unix() / 30
	for n := 100_000; ; n++ {
		digits, appears := fmt.Sprint(n), false
		for _, key := range keys {
			for step := at - 20; step <= at+20; step++ {
				appears = appears || team.Member{Key: key}.Digits(time.Unix(step*30, 0)) == digits
			}
		}
		if !appears {
			return digits
		}
	}
}

// shown is the page that a sign-in waits at.
type shown struct {
	app     int  // the one whose key it shows; -1: none
	text    bool // a code is sent
	enrols  bool
	resends bool // the best way on is a fresh code

	recovery, word, password bool // such a code is taken, an enrolment code or the password is asked for
}

var otpauth = regexp.MustCompile(`secret=([A-Z2-7]+)`)

// page looks at what the sign-in waits for, and notes on the line that led here what it says of a code.
func (c *client) page(ctx context.Context, l *line) (shown, bool) {
	page, err := c.browser.Get(ctx, "/sign-in/code")
	if err != nil || page.Status != http.StatusOK {
		return shown{}, false
	}
	s := shown{app: -1, word: strings.Contains(page.Body, ways[byWord]), password: strings.Contains(page.Body, ways[byPassword]),
		recovery: strings.Contains(page.Body, ways[byRecovery]), enrols: strings.Contains(page.Body, "Set up codes by text message"),
		text: strings.Contains(page.Body, `action="/sign-in/send"`)}
	if key := otpauth.FindStringSubmatch(page.Body); key != nil {
		s.app, s.enrols = c.b.app(c.who, key[1]), true
	}
	if !s.text {
		return s, true
	}
	gone := strings.Contains(page.Body, "A code was sent to") || strings.Contains(page.Body, "The gateway answered that it failed")
	s.resends = !strings.Contains(page.Body, `name="code"`)
	switch {
	case l == nil || l.seen != 0:
	case gone:
		c.b.saw(l, c.w.now(), false)
	case strings.Contains(page.Body, "Send the code"):
		c.b.saw(l, 0, true)
	}
	return s, true
}
