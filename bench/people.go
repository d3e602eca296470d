package main

import (
	"context"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"sallyport"
	"sallyport/internal/factor"
	"sallyport/internal/identity"
	"sallyport/internal/keyring"
	"sallyport/internal/testkit/team"
)

// people makes the rows of a large team as months of use would have left them: technician, authenticator app, session
// and known browser, each with everything in it.
type people struct {
	keys *keyring.Ring
	phc  string
	now  time.Time
}

// some are those of a large team who will be asked, spread evenly over it.
type some struct {
	members []team.Member
	tokens  []string
}

// someMost is how many of a team are kept in memory.
const someMost = 20_000

// batchSize is how many technicians are written at once.
const batchSize = 10_000

// rows are the rows of one batch, table by table in the order of peopleTables.
type rows [4][][]any

var peopleTables = [4]struct {
	name   string
	fields []string
}{
	{"technician", []string{"id", "first_name", "last_name", "user_name", "user_name_key", "plain_name", "skeleton", "email", "email_key", "phone", "role",
		"status", "method", "generation", "version", "password", "password_at", "setup_until", "factor_disabled", "enrolment_needed", "wrong_run",
		"recovery_run", "wait_until", "email_changed_at", "email_changed_by", "created_at", "last_sign_in_at", "name_key", "search"}},
	{"factor", []string{"technician", "kind", "secret", "last_step", "step_offset", "address", "proved_at", "used_at"}},
	{"session", sessionFields},
	{"device", []string{"hash", "technician", "seen_at"}},
}

// fillPeople puts n technicians into the database of f, which put writes to.
func fillPeople(ctx context.Context, f *team.Folder, n int, put func(context.Context, *rows) error) (some, error) {
	phc, err := factor.NewHasher(1).Hash(ctx, team.Password)
	if err != nil {
		return some{}, err
	}
	p := people{keys: f.Keys, phc: phc, now: time.Now()}
	var kept some
	every := max(n/someMost, 1)
	for from := 0; from < n; from += batchSize {
		var batch rows
		for i := from; i < min(from+batchSize, n); i++ {
			m, token, err := p.one(i, &batch)
			if err != nil {
				return some{}, err
			}
			if i%every == 0 && len(kept.members) < someMost {
				kept.members, kept.tokens = append(kept.members, m), append(kept.tokens, token.Reveal())
			}
		}
		if err := put(ctx, &batch); err != nil {
			return some{}, err
		}
	}
	return kept, nil
}

// one adds the rows of the technician with that number.
func (p people) one(i int, to *rows) (team.Member, sallyport.Token, error) {
	name := fmt.Sprintf("person%07d", i)
	m := team.Member{Technician: sallyport.Technician{ID: sallyport.TechnicianID(sallyport.NewID()), FirstName: name, LastName: "Large",
		Email: name + "@northwind.example", Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp, Generation: 1, Version: 1}}
	var err error
	if m.UserName, m.UserNameKey, m.Skeleton, err = identity.UserName(m.Email); err != nil {
		return m, "", err
	}
	id, at := string(m.ID), p.now.UnixMicro()
	secret, token, device := factor.NewSecret(), sallyport.NewToken(), sallyport.NewToken()
	m.Key = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	deviceHash, _ := device.Hash()
	lower := strings.ToLower(m.Name())
	to[0] = append(to[0], []any{id, m.FirstName, m.LastName, m.UserName, m.UserNameKey, true, m.Skeleton, m.Email, m.Email, "", string(m.Role),
		"active", "app", int64(1), int64(1), p.keys.Seal([]byte(p.phc), keyring.Place{Table: "technician", Row: id, Column: "password"}), at, int64(0), false, false, int64(0),
		int64(0), int64(0), int64(0), "", at, at, lower, strings.Join([]string{lower, m.UserName, m.UserNameKey, m.Email}, "\n")})
	to[1] = append(to[1], []any{id, "app", p.keys.Seal(secret, keyring.Place{Table: "factor", Row: id, Column: "secret"}), int64(0), int64(0), "", at, at})
	to[2] = append(to[2], sessionRow(token, id, 1))
	to[3] = append(to[3], []any{deviceHash[:], id, at})
	return m, token, nil
}

// fillTeam fills the database of f, which lies at the place at.
func (b *bench) fillTeam(f *team.Folder, at place, n int) (some, error) {
	fmt.Printf("   writing a team of %d: %s\n", n, at.name)
	if at.address != "" {
		return fillPostgres(b.ctx, f, at.address, n)
	}
	return fillSQLite(b.ctx, f, filepath.Join(b.dir(at.name), "sallyport.db"), n)
}

// fillPostgres copies the rows in, and lets the database look at them once as its own housekeeping would.
func fillPostgres(ctx context.Context, f *team.Folder, address string, n int) (kept some, err error) {
	c, err := pgx.Connect(ctx, address)
	if err != nil {
		return kept, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	kept, err = fillPeople(ctx, f, n, func(ctx context.Context, r *rows) error {
		for i, t := range peopleTables {
			if _, err := c.CopyFrom(ctx, pgx.Identifier{t.name}, t.fields, pgx.CopyFromRows(r[i])); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		_, err = c.Exec(ctx, `VACUUM ANALYZE`)
	}
	return kept, err
}

func fillSQLite(ctx context.Context, f *team.Folder, path string, n int) (kept some, err error) {
	raw, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(OFF)&_pragma=busy_timeout(5000)&_pragma=cache_size(-400000)")
	if err != nil {
		return kept, err
	}
	raw.SetMaxOpenConns(1)
	kept, err = fillPeople(ctx, f, n, func(ctx context.Context, r *rows) error {
		tx, err := raw.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // after the commit it does nothing
		for i, t := range peopleTables {
			s, err := tx.PrepareContext(ctx, `INSERT INTO `+t.name+` (`+strings.Join(t.fields, ", ")+`) VALUES (?`+strings.Repeat(", ?", len(t.fields)-1)+`)`)
			if err != nil {
				return err
			}
			for _, row := range r[i] {
				if _, err := s.ExecContext(ctx, row...); err != nil {
					return err
				}
			}
		}
		return tx.Commit()
	})
	return kept, errors.Join(err, raw.Close())
}
