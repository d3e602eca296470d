package ledger

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"sallyport"
)

var (
	away     = sallyport.E(sallyport.Unavailable, "away", "The database is away.")
	conflict = sallyport.E(sallyport.Conflict, "conflict", "Somebody was faster.")
)

// An administrator is told what is wrong with the log in words of its own for each case, and of what may pass only when it
// has not passed for a while.
func TestTroubleOf(t *testing.T) {
	const passing = "New events get no place"
	for _, c := range []struct {
		err   error
		fails int
		says  string
	}{
		{ErrTree.Because(errShorter), 1, "smaller than one that was signed"}, {ErrTree.Because(errOtherTree), 1, "does not begin with"},
		{ErrTree, 1, "do not fit each other"}, {errUnread, 1, "The others do."}, {errors.New("a mistake"), 1, passing},
		{away, 4, ""}, {away, 5, passing}, {conflict, 4, ""}, {conflict, 5, passing},
	} {
		if got := troubleOf(c.err, c.fails); !strings.Contains(got, c.says) || (c.says == "") != (got == "") {
			t.Errorf("%v after %d: %q", c.err, c.fails, got)
		}
	}
	if got := placingWords(ErrTree); got != troubleOf(ErrTree, 1) || placingWords(away) != away.Error() {
		t.Errorf("for who verifies: %q, %q", got, placingWords(away))
	}
}

// A reason is written to the log once for as long as it lasts, a look that goes well ends it, and one that was ended is no
// reason.
func TestReport(t *testing.T) {
	var log bytes.Buffer
	s := &Service{log: slog.New(slog.NewTextHandler(&log, nil))}
	ended, end := context.WithCancel(t.Context())
	end()
	s.report(ended, away)
	for range 2 {
		if _, grows, _ := s.Numbers(); !grows || s.trouble != "" {
			t.Errorf("it is told that the log does not grow: %q", s.trouble)
		}
		for n := range 6 {
			s.report(t.Context(), away)
			if _, grows, _ := s.Numbers(); grows || (s.trouble != "") != (n >= 4) {
				t.Errorf("after %d failures: grows %v, %q", n+1, grows, s.trouble)
			}
		}
		s.report(t.Context(), nil)
	}
	if n := strings.Count(log.String(), "audit log"); n != 2 {
		t.Errorf("%d lines: %s", n, log.String())
	}
}
