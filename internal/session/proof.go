package session

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"time"

	"sallyport/internal/puzzle"
)

// A challenge's text is base64url of: version, difficulty, when it runs out (microseconds UTC, 8 bytes), 16 random
// bytes, and the first 16 of a keyed hash over all of that, the browser's cookie and the name. Nothing is stored until
// a proof is used, and then only that it was.
const (
	challengeVersion = 1
	challengeHead    = 1 + 1 + 8 + 16
	challengeMAC     = 16
	challengeLife    = 10 * time.Minute
)

// harderEvery is how many more failed sign-ins make the proof twice as much work, up to puzzle.Hardest.
const harderEvery = 4

// Challenge is what the page that shows a refused attempt carries: nil before there were enough failed ones for the
// account from this network (or in this browser, where it signed in before). Unknown names alike.
func (s *Service) Challenge(ctx context.Context, a Attempt) (*Challenge, error) {
	var c *Challenge
	err := s.store.Read(ctx, func(tx Tx) error {
		g, err := s.lookUp(ctx, tx, a)
		if err != nil {
			return err
		}
		after := g.facts.Settings.ProofAfter
		failed, err := tx.Guess(ctx, g.counters[0].key)
		if err != nil || failed.Wrong < after {
			return err
		}
		c, err = s.challenge(ctx, tx, g, a, failed.Wrong-after)
		return err
	})
	if err != nil && ctx.Err() == nil { // the page comes without one
		s.log.ErrorContext(ctx, "no proof of work was offered", "request_id", a.Client.RequestID, "error", err)
	}
	return c, err
}

func (s *Service) challenge(ctx context.Context, tx Tx, g guess, a Attempt, beyond int) (*Challenge, error) {
	now := g.facts.Now
	wait, err := g.longestWait(ctx, tx, true)
	if err != nil {
		return nil, err
	}
	c := &Challenge{Difficulty: min(puzzle.Easiest+beyond/harderEvery, puzzle.Hardest), From: now.Add(wait), Now: now}
	raw := make([]byte, challengeHead, challengeHead+challengeMAC)
	raw[0], raw[1] = challengeVersion, byte(c.Difficulty)
	binary.BigEndian.PutUint64(raw[2:], uint64(now.Add(challengeLife).UnixMicro()))
	rand.Read(raw[10:])
	c.Text = base64.RawURLEncoding.EncodeToString(append(raw, s.challengeMAC(raw, g.name, a)...))
	return c, nil
}

func (s *Service) challengeMAC(head []byte, name string, a Attempt) []byte {
	cookie, _ := a.Begun.Hash()
	return s.keys.MAC("challenge", head, cookie[:], []byte(name))[:challengeMAC]
}

// proofOf checks the proof that an attempt brought: of a challenge of ours, for this browser and name, in time, and
// solved. It answers with the bucket of one in which its use is noted, or errWaiting.
func (s *Service) proofOf(ctx context.Context, tx Tx, g guess, a Attempt) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(a.Challenge)
	if err != nil || len(raw) != challengeHead+challengeMAC || raw[0] != challengeVersion {
		return "", errWaiting
	}
	head := raw[:challengeHead]
	if subtle.ConstantTimeCompare(raw[challengeHead:], s.challengeMAC(head, g.name, a)) != 1 {
		return "", errWaiting
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return "", err
	}
	if uint64(now.UnixMicro()) >= binary.BigEndian.Uint64(head[2:]) || !puzzle.Solved(a.Challenge, a.Proof, int(head[1])) {
		return "", errWaiting
	}
	return "c" + s.opaque("challenge used", string(head)), nil
}
