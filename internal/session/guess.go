package session

import (
	"context"
	"errors"
	"time"

	"sallyport"
	"sallyport/internal/audit"
	"sallyport/internal/policy"
)

// guess is an attempt on its way: whom it is about, and under what it was counted.
type guess struct {
	technician sallyport.Technician // zero where the name is unknown
	factor     *sallyport.Factor    // that he holds
	facts      sallyport.Facts      // of the moment at which he was looked up
	phc        string               // the dummy's where there is no password
	known      bool                 // this browser signed in to this account before
	name       string               // key of the typed name, whether somebody has it or not
	proof      string               // bucket of the proof of work that lifts the long waits; empty without one
	counters   []counter            // the narrow one first; they are locked in this order everywhere
	buckets    []bucket             // of the networks and of the password; none for a known browser

	verdict func() (ok, renew bool, err error) // of the comparison that was begun; nil: none was
}

// counter counts the tries at one account by somebody.
type counter struct {
	key    string
	wait   func(wrong int) time.Duration
	lifted bool      // a proof of work stands in the place of this wait
	wrong  int       // the tries, this one with them
	until  time.Time // the wait that this attempt began
}

// bucket throttles wrong passwords over all accounts.
type bucket struct {
	key  string
	rule policy.Bucket
	once string // where it is not empty, a bucket of its own: what was counted under it an hour ago counts not again
}

// errWaiting says that an attempt was not counted because a wait is running.
var errWaiting = errors.New("session: a wait is running")

// countGuess counts the attempt before anything is compared, and refuses it while a wait is running. Known and
// unknown names go through the same statements.
func (s *Service) countGuess(ctx context.Context, a Attempt) (guess, error) {
	g, err := s.countOnce(ctx, a, false)
	if errors.Is(err, errWaiting) && a.Proof != "" {
		g, err = s.countOnce(ctx, a, true)
	}
	if errors.Is(err, errWaiting) {
		err = s.refuseGuess(ctx, g, a)
	}
	return g, err
}

// countOnce counts the attempt in one transaction, with the proof of work that it brought or without. Where nobody else
// signs in here at this moment the hash begins while that is being committed, and nobody looks at it before. Else it begins
// afterwards: where many guess at once, a count that is undone would have had its hash for nothing. A stored password that
// does not open is told of when it was counted like any other.
func (s *Service) countOnce(request context.Context, a Attempt, withProof bool) (g guess, err error) {
	var verdict func() (ok, renew bool, err error)
	of := ""
	err = s.counted(request, func(ctx context.Context, tx Tx) (err error) {
		if g, err = s.countIn(ctx, tx, a, withProof); err != nil || !s.hasher.Alone() {
			return err
		}
		phc := g.phc
		if unopened := s.openPassword(g.technician, &phc); unopened == nil && of != phc {
			verdict, of = s.hasher.Begin(request, phc, a.Password, g.known), phc
		}
		return nil
	})
	if err == nil {
		err = s.openPassword(g.technician, &g.phc)
	}
	if err == nil && of == g.phc {
		g.verdict = verdict
	}
	return g, err
}

func (s *Service) countIn(ctx context.Context, tx Tx, a Attempt, withProof bool) (g guess, err error) {
	if k := seek(a); !k.claims && !withProof {
		return s.lookUpAndCount(ctx, tx, k, a)
	}
	if g, err = s.lookUp(ctx, tx, a); err != nil {
		return g, err
	}
	if withProof {
		if g.proof, err = s.proofOf(ctx, tx, g, a); err != nil {
			return g, err
		}
	}
	err = g.count(ctx, tx, func() time.Time { return g.facts.Now })
	return g, err
}

// compareHash says whether the password is the stored one, of an attempt that was counted. See factor.Hasher.Verify.
func (s *Service) compareHash(ctx context.Context, g guess, password string) (ok, renew bool, err error) {
	if g.verdict != nil {
		return g.verdict()
	}
	return s.hasher.Verify(ctx, g.phc, password, g.known)
}

// count raises every counter by one, or answers errWaiting; the transaction must end then, so that none is raised. That
// is one conditional statement: of many attempts at one account at once, on many nodes, no more get through than one
// after the other would. The buckets are only asked: see countWrong. Whatever else is to be asked for goes with it, and now
// is called when all was answered.
func (g *guess) count(ctx context.Context, tx Tx, now func() time.Time, also ...func() error) error {
	if g.proof != "" {
		first, err := tx.Fill(ctx, g.proof, challengeLife, challengeLife)
		if err != nil || !first {
			return errors.Join(err, errWaiting)
		}
	}
	var empty map[string]time.Time
	err := tx.Together(ctx, append(also,
		func() error { return g.raise(ctx, tx) },
		func() (err error) { empty, err = tx.EmptyAt(ctx, g.bucketKeys()...); return err },
	)...)
	if err != nil {
		return err
	}
	for _, b := range g.buckets {
		if b.wait(empty[b.key], now()) > 0 {
			return errWaiting
		}
	}
	for i := range g.counters {
		if err := g.counters[i].beginWait(ctx, tx, now()); err != nil {
			return err
		}
	}
	return nil
}

func (g *guess) raise(ctx context.Context, tx Tx) error {
	var keys, lifted []string
	for _, c := range g.counters {
		if keys = append(keys, c.key); c.lifted && g.proof != "" {
			lifted = append(lifted, c.key)
		}
	}
	wrong, err := tx.CountGuesses(ctx, keys, lifted...)
	if err == nil && len(wrong) < len(keys) {
		err = errWaiting
	}
	for i := range g.counters {
		g.counters[i].wrong = wrong[g.counters[i].key]
	}
	return err
}

// counted says under what this attempt was counted.
func (g *guess) counted() []sallyport.Counted {
	list := make([]sallyport.Counted, len(g.counters))
	for i, c := range g.counters {
		list[i] = sallyport.Counted{Key: c.key, Until: c.until}
	}
	return list
}

func (g *guess) bucketKeys() []string {
	keys := make([]string, len(g.buckets))
	for i, b := range g.buckets {
		keys[i] = b.key
	}
	return keys
}

// beginWait lets the next attempt wait where this one is one too many.
func (c *counter) beginWait(ctx context.Context, tx Tx, now time.Time) error {
	wait := c.wait(c.wrong)
	if c.until = (time.Time{}); wait == 0 {
		return nil
	}
	c.until = now.Add(wait)
	return tx.SetGuessWait(ctx, c.key, c.until)
}

// wait is how long a bucket that is empty at a time takes until there is room for one more; 0 where there is room.
func (b bucket) wait(empty, now time.Time) time.Duration {
	return max(0, empty.Add(b.rule.Every-b.rule.Room()).Sub(now))
}

// refuseGuess writes the event of an attempt that was not counted, and says how long to wait.
func (s *Service) refuseGuess(ctx context.Context, g guess, a Attempt) error {
	wait := time.Duration(0)
	err := s.counted(ctx, func(ctx context.Context, tx Tx) (err error) {
		if wait, err = g.longestWait(ctx, tx, false); err != nil {
			return err
		}
		return tx.InsertEvent(ctx, s.guessEvent(audit.SignInThrottled, g, a).Event())
	})
	if err != nil {
		return err
	}
	return tooManyPasswords(wait)
}

// longestWait is how long nothing is looked at: with a proof of work where proved, else without one.
func (g *guess) longestWait(ctx context.Context, tx Tx, proved bool) (time.Duration, error) {
	now, err := tx.Now(ctx)
	wait := time.Millisecond // where the wait ended just now
	for _, c := range g.counters {
		if proved && c.lifted {
			continue
		}
		held, lost := tx.Guess(ctx, c.key)
		wait, err = max(wait, held.WaitUntil.Sub(now)), errors.Join(err, lost)
	}
	empty, lost := tx.EmptyAt(ctx, g.bucketKeys()...)
	for _, b := range g.buckets {
		wait = max(wait, b.wait(empty[b.key], now))
	}
	return wait, errors.Join(err, lost)
}

func tooManyPasswords(wait time.Duration) error {
	return sallyport.E(sallyport.TooMany, "wait", "Too many tries. Please wait before the next one.").After(wait)
}

// right takes an attempt back whose password was right, and with it what its own network or browser had counted: its
// owner is here. What others counted against the account stays, and so does the wait that one of them began.
func (g *guess) right(ctx context.Context, tx Tx) error {
	n, err := tx.EndGuesses(ctx, g.counters[0].key)
	if err != nil {
		return err
	}
	return g.takeBack(ctx, tx, n)
}

// takeBack takes n tries, which were those of the narrow counter, out of the wider ones.
func (g *guess) takeBack(ctx context.Context, tx Tx, n int) error {
	for _, c := range g.counters[1:] {
		if err := tx.TakeGuesses(ctx, c.key, n, c.until); err != nil {
			return err
		}
	}
	return nil
}

// notCompared takes an attempt back that found no place at the hash: nobody looked at it, and whoever waited in vain
// must not wait longer for that. It answers with why.
func (s *Service) notCompared(ctx context.Context, g guess, why error) error {
	err := s.counted(ctx, func(ctx context.Context, tx Tx) error {
		for _, c := range g.counters {
			if err := tx.TakeGuesses(ctx, c.key, 1, c.until); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return errors.Join(why, err)
	}
	return why
}

// onceLife is how long a wrong password counts once for one account only.
const onceLife = time.Hour

// countWrong counts a wrong password over all accounts. That is counted afterwards, so that a right one leaves nothing
// behind: no count when the process dies, and no hash that is faster to try than the stored one.
func (g *guess) countWrong(ctx context.Context, tx Tx) error {
	for _, b := range g.buckets {
		if b.once != "" {
			first, err := tx.Fill(ctx, b.once, onceLife, onceLife)
			if err != nil {
				return err
			}
			if !first {
				continue
			}
		}
		if _, err := tx.Fill(ctx, b.key, b.rule.Every, b.rule.Room()); err != nil {
			return err
		}
	}
	return nil
}
