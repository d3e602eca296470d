package crash

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the database is looked at without a line of the store

	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// row is what the database says of one technician.
type row struct {
	generation, raises, finished, right, wrongRun, lastStep, sessions, foreign int64
	active                                                                     bool
}

// Events that raise the generation of their target, among what this run does.
const raising = `'technician.edited', 'technician.method.changed', 'technician.signed-out'`

func readRows(ctx context.Context, db *sql.DB) (map[string]row, error) {
	found, err := db.QueryContext(ctx, `SELECT t.id, t.generation, t.wrong_run, t.status = 'active', coalesce(f.last_step, 0),
		(SELECT count(*) FROM event e WHERE e.target = t.id AND e.type IN (`+raising+`)),
		(SELECT count(*) FROM event e WHERE e.actor = t.id AND e.type = 'signin.finished'),
		(SELECT count(*) FROM event e WHERE e.actor = t.id AND e.type = 'signin.factor.right'),
		(SELECT count(*) FROM session s WHERE s.technician = t.id),
		(SELECT count(*) FROM session s WHERE s.technician = t.id AND s.generation <> t.generation)
		FROM technician t LEFT JOIN factor f ON f.technician = t.id`)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	rows := map[string]row{}
	for found.Next() {
		var id string
		var r row
		if err := found.Scan(&id, &r.generation, &r.wrongRun, &r.active, &r.lastStep, &r.raises, &r.finished, &r.right, &r.sessions, &r.foreign); err != nil {
			return nil, err
		}
		rows[id] = r
	}
	return rows, found.Err()
}

// checkStored compares the database with what was acknowledged. By the contract's names: I1 counting of wrong answers,
// I2 no step twice, I3 no session of another generation, I4 no session without its factor, I8 one event for each change.
func checkStored(rows map[string]row, accounts []*account) error {
	for _, a := range accounts {
		r, there := rows[string(a.ID)]
		bad := ""
		switch {
		case !there || !r.active:
			bad = "is gone"
		case r.generation != 1+r.raises:
			bad = "I8: the generation does not match the events that raise it"
		case !a.raises.holds(r.raises):
			bad = fmt.Sprintf("I5, I8: a Save was lost or came by itself: %+v", a.raises)
		case !a.finish.holds(r.finished):
			bad = fmt.Sprintf("a sign-in was lost or came by itself: %+v", a.finish)
		case r.foreign != 0:
			bad = "I3: a session of another generation is stored"
		case r.sessions > r.finished:
			bad = "I4: more sessions than finished sign-ins"
		case r.right > a.finish.tried, r.finished-r.right > a.offTried:
			bad = fmt.Sprintf("I4: sessions without their factor; %d sign-ins were tried while it was Off", a.offTried)
		case !a.wrong.holds(r.wrongRun):
			bad = fmt.Sprintf("I1: wrong answers %+v", a.wrong)
		case r.lastStep < a.ackedStep || r.lastStep > max(a.step, a.ackedStep):
			bad = fmt.Sprintf("I2: the last step must be from %d to %d", a.ackedStep, a.step)
		}
		if bad != "" {
			return fmt.Errorf("%s: %s; stored %+v", a.UserName, bad, r)
		}
	}
	return nil
}

// checkAnswers asks the server: every acknowledged session that nothing ended is good, every ended one is not (I3, I5),
// and the digits of the last acknowledged sign-ins are not good for another one (I2). Every account is
// asked about after every kill.
func checkAnswers(ctx context.Context, accounts []*account, s *server.Server) error {
	shared := server.NewTransport(s.Port)
	defer shared.CloseIdleConnections()
	replays := 2
	for _, a := range accounts {
		good, dead := a.tokens(3)
		if err := expect(ctx, s.ClientWith(shared), good, dead); err != nil {
			return fmt.Errorf("%s: %w", a.UserName, err)
		}
		if a.lastEnd && replays > 0 && a.wrong.tried < 3 {
			replays--
			if err := replay(ctx, s.ClientWith(shared), a); err != nil {
				return fmt.Errorf("%s: I2: %w", a.UserName, err)
			}
		}
	}
	return nil
}

func replay(ctx context.Context, c *server.Client, a *account) error {
	a.lastEnd = false
	page, err := c.Password(ctx, a.UserName, team.Password)
	if err != nil || page.Location != "/sign-in/code" {
		return fmt.Errorf("the password led to %d %s: %w", page.Status, page.Location, err)
	}
	own := a.browser
	a.browser = c
	defer func() { a.browser = own }()
	return wrongAnswer(ctx, a, a.last)
}

// checkSecrets looks for everything that only its owner may have, in all files of the run (I7).
func checkSecrets(t *testing.T, folder string, accounts []*account) {
	t.Helper()
	var secrets []string
	for _, a := range accounts {
		secrets = append(secrets, a.Key)
		for token := range a.seen {
			secrets = append(secrets, token)
		}
	}
	secrets = append(secrets, team.Password)
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("no files in %s: %v", folder, err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // the socket
		}
		all := string(text)
		for _, s := range secrets {
			if strings.Contains(all, s) {
				t.Errorf("I7: %s holds a secret in the clear: %.4s…", filepath.Base(path), s)
			}
		}
	}
}
