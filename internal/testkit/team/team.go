// Package team puts a team of technicians straight into a data folder, as months of use would have left it there.
//
// It owns the making of such a folder: key, database, people with passwords and authenticator apps, sessions. It works
// on the store and the key alone, while no server runs on the folder, and knows nothing of pages. Begin with Make.
package team

import (
	"context"
	"encoding/base32"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"sallyport"
	"sallyport/internal/factor"
	"sallyport/internal/identity"
	"sallyport/internal/keyring"
	"sallyport/internal/store"
	"sallyport/internal/testkit/hashing"
	"sallyport/internal/testkit/sqlite"
)

// Password is everybody's.
const Password = "copper lantern drifts 7 otters"

// Folder is an opened data folder.
type Folder struct {
	Path string
	DB   *store.DB
	Keys *keyring.Ring

	phc string
}

// Member is a technician of the team, with what only he knows.
type Member struct {
	sallyport.Technician
	Key string // Base32 key of his authenticator app; empty without one
}

// Spec says what a member is like.
type Spec struct {
	Name   string // user name and mailbox are made from it
	Role   sallyport.RoleID
	Method sallyport.Method // MethodApp comes with a confirmed app
}

// Make makes a data folder in path, with a key and an empty database in it.
func Make(ctx context.Context, path string) (*Folder, error) { return MakeOn(ctx, path, "") }

// MakeOn is Make with the database at that address of PostgreSQL.
func MakeOn(ctx context.Context, path, address string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	keys, err := keyring.Create(filepath.Join(path, "key"))
	if err != nil {
		return nil, err
	}
	if address == "" {
		if err := sqlite.Copy(path); err != nil {
			return nil, err
		}
	}
	db, err := store.Open(ctx, store.Options{Folder: path, Address: address})
	if err != nil {
		return nil, err
	}
	f := &Folder{Path: path, DB: db, Keys: keys}
	if f.phc, err = passwordHash(); err != nil {
		return nil, err
	}
	return f, db.Write(ctx, func(tx *store.Tx) error { return tx.PutMeta(ctx, "key-check", keys.Check()) })
}

// passwordHash is the stored form of Password, one for all folders of this process. What computes it remembers it, for who
// checks passwords the same way.
var passwordHash = sync.OnceValues(func() (string, error) { return hashing.New(1).Hash(context.Background(), Password) })

// Close lets go of the folder, so that a server may take it.
func (f *Folder) Close() error { return f.DB.Close() }

// Set changes settings of the organisation.
func (f *Folder) Set(ctx context.Context, change func(*sallyport.Settings)) error {
	return f.DB.Write(ctx, func(tx *store.Tx) error {
		set, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		change(&set)
		return tx.PutSettings(ctx, set)
	})
}

// Add adds active members in one transaction.
func (f *Folder) Add(ctx context.Context, specs ...Spec) ([]Member, error) {
	var members []Member
	err := f.DB.Write(ctx, func(tx *store.Tx) error {
		for _, s := range specs {
			m, err := f.add(ctx, tx, s)
			if err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
			members = append(members, m)
		}
		return nil
	})
	return members, err
}

func (f *Folder) add(ctx context.Context, tx *store.Tx, s Spec) (Member, error) {
	address := s.Name + "@northwind.example"
	display, key, skeleton, err := identity.UserName(address)
	if err != nil {
		return Member{}, err
	}
	now := time.Now()
	m := Member{Technician: sallyport.Technician{ID: sallyport.TechnicianID(sallyport.NewID()), FirstName: s.Name, LastName: "Team",
		UserName: display, UserNameKey: key, Skeleton: skeleton, Email: address, Role: s.Role, Status: sallyport.Active,
		Method: s.Method, Generation: 1, Version: 1, CreatedAt: now}}
	if err := tx.InsertTechnician(ctx, m.Technician); err != nil {
		return m, err
	}
	sealed := f.Keys.Seal([]byte(f.phc), keyring.Place{Table: "technician", Row: string(m.ID), Column: "password"})
	if err := tx.SetPassword(ctx, m.ID, m.Generation, sealed); err != nil || s.Method != sallyport.MethodApp {
		return m, err
	}
	secret := factor.NewSecret()
	m.Key = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	return m, tx.PutFactor(ctx, sallyport.Factor{Technician: m.ID, Kind: sallyport.MethodApp, ProvedAt: now, UsedAt: now,
		Secret: f.Keys.Seal(secret, keyring.Place{Table: "factor", Row: string(m.ID), Column: "secret"})})
}

// SignIn gives each member a live session, and returns the tokens in the same order.
func (f *Folder) SignIn(ctx context.Context, members ...Member) ([]sallyport.Token, error) {
	tokens := make([]sallyport.Token, len(members))
	now := time.Now()
	err := f.DB.Write(ctx, func(tx *store.Tx) error {
		for i, m := range members {
			tokens[i] = sallyport.NewToken()
			hash, _ := tokens[i].Hash()
			_, err := tx.CreateSession(ctx, sallyport.Session{Hash: hash, Technician: m.ID, Generation: m.Generation, Method: string(m.Method),
				Address: "127.0.0.1", Browser: "Firefox on Linux", CreatedAt: now, UsedAt: now, ProvedAt: now, ExpiresAt: now.Add(12 * time.Hour)}, 0)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return tokens, err
}

// Digits are what the member's app shows at the moment at, made by a library that the product does not use.
func (m Member) Digits(at time.Time) string {
	digits, err := totp.GenerateCodeCustom(m.Key, at, totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		panic(err) // the key was made above
	}
	return digits
}
