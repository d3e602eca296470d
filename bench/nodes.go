package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"sallyport"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// nodes are two servers on one PostgreSQL, an administrator signed in at the first, and a connection beside them that
// puts sessions into the database.
type nodes struct {
	database *database
	one, two *server.Server
	admin    *server.Client
	victim   team.Member // whom the administrator saves
	other    team.Member // whom the bare transaction changes
	raw      *pgx.Conn
}

func (b *bench) nodes() (n *nodes, err error) {
	n = &nodes{}
	if n.database, err = startDatabase(); err != nil {
		return nil, err
	}
	address, err := n.database.create("nodes")
	if err == nil {
		err = n.start(b, address)
	}
	if err == nil {
		n.raw, err = pgx.Connect(b.ctx, address)
	}
	if err != nil {
		n.stop()
	}
	return n, err
}

func (n *nodes) start(b *bench, address string) (err error) {
	var token sallyport.Token
	n.one, err = b.serveAt(place{"node-one", address}, func(f *team.Folder) error {
		members, err := f.Add(b.ctx, append(readers(2), team.Spec{Name: "super", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp})...)
		if err != nil {
			return err
		}
		n.victim, n.other = members[0], members[1]
		signedIn, err := f.SignIn(b.ctx, members[2])
		if err != nil {
			return err
		}
		token = signedIn[0]
		return f.Set(b.ctx, func(s *sallyport.Settings) { s.StepUpAfter = time.Hour })
	})
	if err != nil {
		return err
	}
	n.admin = n.one.Client()
	n.admin.HoldSession(token.Reveal())
	if err := os.MkdirAll(b.dir("node-two"), 0o700); err != nil {
		return err
	}
	key, err := os.ReadFile(filepath.Join(b.dir("node-one"), "key"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(b.dir("node-two"), "key"), key, 0o600); err != nil {
		return err
	}
	n.two, err = b.startAt(place{"node-two", address})
	return err
}

func (n *nodes) stop() {
	for _, s := range []*server.Server{n.one, n.two} {
		if s != nil {
			s.Kill()
		}
	}
	if n.raw != nil {
		_ = n.raw.Close(context.Background())
	}
	n.database.Stop()
}

// fill gives a technician count live sessions of his generation now, and returns their tokens.
func (n *nodes) fill(ctx context.Context, id sallyport.TechnicianID, count int) ([]string, error) {
	var generation int64
	if err := n.raw.QueryRow(ctx, `SELECT generation FROM technician WHERE id = $1`, string(id)).Scan(&generation); err != nil {
		return nil, err
	}
	tokens, rows := make([]string, count), make([][]any, count)
	for i := range rows {
		token := sallyport.NewToken()
		tokens[i], rows[i] = token.Reveal(), sessionRow(token, string(id), generation)
	}
	_, err := n.raw.CopyFrom(ctx, pgx.Identifier{"session"}, sessionFields, pgx.CopyFromRows(rows))
	return tokens, err
}

var sessionFields = []string{"hash", "technician", "generation", "method", "address", "browser", "created_at", "used_at", "proved_at", "expires_at"}

func sessionRow(token sallyport.Token, id string, generation int64) []any {
	hash, _ := token.Hash()
	now := time.Now().UnixMicro()
	return []any{hash[:], id, generation, "app", "192.0.2.10", "Firefox on Linux", now, now, now, now + (12 * time.Hour).Microseconds()}
}

// save is one Save of the administrator that signs its technician out: another role. It returns how long the answer took.
func save(ctx context.Context, admin *server.Client, m *team.Member) (time.Duration, error) {
	role := map[sallyport.RoleID]sallyport.RoleID{sallyport.ReadOnlyTechnician: sallyport.ReportsManager, sallyport.ReportsManager: sallyport.ReadOnlyTechnician}[m.Role]
	form := url.Values{"version": {strconv.FormatInt(m.Version, 10)}, "first_name": {m.FirstName}, "last_name": {m.LastName},
		"user_name": {m.UserName}, "email": {m.Email}, "phone": {""}, "role": {string(role)}, "method": {string(m.Method)}}
	began := time.Now()
	a, err := admin.Post(ctx, "/admin/technicians/"+string(m.ID), form)
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	if !a.Done() {
		return 0, fmt.Errorf("a Save answered %d %s: %.300s", a.Status, a.Location, a.Body)
	}
	m.Role, m.Version = role, m.Version+1
	return took, nil
}

// bareSave is what a Save writes, in one transaction of the driver and in as few statements as there are tables.
func (n *nodes) bareSave(ctx context.Context, m *team.Member) (time.Duration, error) {
	id, now := string(m.ID), time.Now().UnixMicro()
	sealed := make([]byte, 400)
	rand.Read(sealed)
	began := time.Now()
	tx, err := n.raw.Begin(ctx)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // after the commit it does nothing
	for _, s := range []struct {
		statement string
		args      []any
	}{
		{`UPDATE technician SET role = $2, version = version + 1 WHERE id = $1`, []any{id, "reports-manager"}},
		{`INSERT INTO event (at, type, actor_kind, actor, actor_name, target, target_name, old_values, new_values, address, browser, request, reason, outcome, search)
			VALUES ($1, 'technician.edited', 'technician', $2, $3, $2, $3, '{"role":"a"}', '{"role":"b"}', '127.0.0.1', 'bench', 'bench', '', '', $3)`, []any{now, id, m.UserName}},
		{`UPDATE technician SET generation = generation + 1 WHERE id = $1`, []any{id}},
		{`INSERT INTO ended_session (hash, reason, ended_at) SELECT hash, 'save', now_us() FROM session WHERE technician = $1`, []any{id}},
		{`DELETE FROM session WHERE technician = $1`, []any{id}},
		{`DELETE FROM code WHERE technician = $1`, []any{id}},
		{`DELETE FROM sign_in WHERE technician = $1`, []any{id}},
		{`DELETE FROM link WHERE technician = $1`, []any{id}},
		{`DELETE FROM password_reset WHERE technician = $1`, []any{id}},
		{`DELETE FROM enrolment_code WHERE technician = $1`, []any{id}},
		{`INSERT INTO kept (id, owner, sealed, claimed, expires_at) VALUES ($1, $2, $3, FALSE, $4)`, []any{sallyport.NewID(), id, sealed, now + time.Hour.Microseconds()}},
	} {
		if _, err := tx.Exec(ctx, s.statement, s.args...); err != nil {
			return 0, err
		}
	}
	err = tx.Commit(ctx)
	return time.Since(began), err
}
