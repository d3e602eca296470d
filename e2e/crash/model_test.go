package crash

import (
	"strconv"
	"sync"
	"time"

	"sallyport"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// account is one technician as the test knows him: what was acknowledged, and what was tried and may have happened. Acts
// on one account come one after the other; checks of its sessions come at any time.
type account struct {
	team.Member
	browser *server.Client

	mu        sync.Mutex
	method    sallyport.Method
	unsure    bool                // a Save of unknown outcome: the stored row must be looked at
	live      map[string]bool     // tokens that are good
	dead      []string            // the last tokens that are dead
	raises    count               // acts that raise the generation
	finish    count               // sign-ins finished
	wrong     count               // wrong digits since the last success
	step      int64               // the newest TOTP step whose digits were sent
	ackedStep int64               // the newest TOTP step of an acknowledged sign-in
	offTried  int64               // sign-ins tried while the method was Off
	last      string              // the last digits that were accepted, by an acknowledged sign-in
	lastEnd   bool                // the last act was that sign-in
	seen      map[string]struct{} // every token, for the search for secrets
}

// count is how often something was acknowledged, and how often it was tried: what really happened lies between.
type count struct{ acked, tried int64 }

func (c count) holds(n int64) bool { return c.acked <= n && n <= c.tried }

// begin notes a try; the caller adds the acknowledgement.
func (c *count) begin() { c.tried++ }
func (c *count) ack()   { c.acked++ }

const keepDead = 5

// killSessions moves every live token to the dead ones.
func (a *account) killSessions() {
	for token := range a.live {
		a.bury(token)
	}
}

func (a *account) bury(token string) {
	delete(a.live, token)
	a.dead = append(a.dead, token)
	if len(a.dead) > keepDead {
		a.dead = a.dead[len(a.dead)-keepDead:]
	}
}

// forgetSessions drops the live tokens without an opinion, after an act of unknown outcome.
func (a *account) forgetSessions() { clear(a.live) }

// nextDigits are digits that were never sent, of a step that is accepted now; false when there are none for the moment.
func (a *account) nextDigits(now time.Time) (string, bool) {
	current := now.Unix() / 30
	// The step before may leave the window while the password is hashed, so it is not used.
	step := max(current, a.step+1)
	if step > current+1 {
		return "", false
	}
	a.step = step
	return a.Digits(time.Unix(step*30, 0)), true
}

// tokens are up to n of the tokens that are good, and all of the dead ones that are remembered.
func (a *account) tokens(n int) (good, dead []string) {
	for token := range a.live {
		if len(good) == n {
			break
		}
		good = append(good, token)
	}
	return good, append([]string(nil), a.dead...)
}

// wrongDigits are six digits that the app shows at no moment for ten minutes to either side.
func (a *account) wrongDigits(now time.Time) string {
	shown := map[string]bool{}
	for step := now.Unix()/30 - 20; step <= now.Unix()/30+20; step++ {
		shown[a.Digits(time.Unix(step*30, 0))] = true
	}
	for n := 100_000; ; n++ {
		if digits := strconv.Itoa(n); !shown[digits] {
			return digits
		}
	}
}
