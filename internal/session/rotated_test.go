package session_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"sallyport"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// rotating is a storage before each write of which another key is put in force: whoever stood still there for long may find
// the one before dropped.
type rotating struct {
	store.Transactions[session.Tx]
	w    *world
	path string // of the key file
}

func (r *rotating) Write(ctx context.Context, fn func(session.Tx) error) error {
	before, was := r.w.keys.ID(), r.sealed()
	id, err := r.w.keys.Add(r.path)
	if err != nil {
		return err
	}
	r.w.keys.Use(r.w.keys.CheckOf(id))
	err = r.Transactions.Write(ctx, fn)
	if n := r.sealed()[before] - was[before]; n > 0 {
		r.w.t.Errorf("%d values were sealed before the transaction that stores them", n)
	}
	return err
}

// sealed says how many values each key seals.
func (r *rotating) sealed() map[string]int {
	return look(r.w, func(tx *store.Tx) (map[string]int, error) { return tx.SealedCounts(ctx) })
}

// What a request stores sealed is sealed with a key that is still there when it is stored, however long the request stood
// still on its way to that transaction: a key is dropped when nothing stored is sealed with it.
func TestNothingIsSealedBeforeItsTransaction(t *testing.T) {
	for name, act := range map[string]func(w *world, s *session.Service) error{
		"invitation": func(w *world, s *session.Service) error {
			dana := w.technician("dana", sallyport.MethodApp)
			w.write(func(tx *store.Tx) error { return tx.SetPassword(ctx, dana.ID, dana.Generation, nil) }) // it would go, and leave as many
			w.change(dana.ID, func(t *sallyport.Technician) { t.Status = sallyport.Invited })
			_, err := s.CompleteLink(ctx, sallyport.LinkInvitation, w.link(sallyport.LinkInvitation, w.read(dana.ID)), session.LinkForm{Password: newPassword}, browser)
			return err
		},
		"password reset": func(w *world, s *session.Service) error {
			dana := w.technician("dana", sallyport.MethodOff)
			w.write(func(tx *store.Tx) error { return tx.SetPassword(ctx, dana.ID, dana.Generation, nil) })
			_, err := s.CompleteLink(ctx, sallyport.LinkReset, w.link(sallyport.LinkReset, dana), session.LinkForm{Password: newPassword}, browser)
			return err
		},
		"first set-up": func(w *world, s *session.Service) error {
			_, err := s.CompleteLink(ctx, sallyport.LinkSetup, w.link(sallyport.LinkSetup, sallyport.Technician{}), session.LinkForm{Password: newPassword,
				FirstName: "Mara", LastName: "Voss", Email: "mara@northwind.example"}, browser)
			return err
		},
		"own password": func(w *world, s *session.Service) error {
			w.technician("dana", sallyport.MethodOff)
			_, err := s.ChangePassword(ctx, w.actor(w.begin("dana").Session), goodPassword, newPassword)
			return err
		},
		"hash renewed": func(w *world, s *session.Service) error {
			dana, salt := w.technician("dana", sallyport.MethodOff), []byte("somesaltsomesalt")
			plain := base64.RawStdEncoding
			older := "$argon2id$v=19$m=64,t=1,p=1$" + plain.EncodeToString(salt) + "$" + plain.EncodeToString(argon2.IDKey([]byte(goodPassword), salt, 1, 64, 1, 32))
			w.holding(dana, older)
			was := w.read(dana.ID).Password
			_, err := s.Password(ctx, session.Attempt{UserName: "dana", Password: goodPassword, Client: browser})
			if bytes.Equal(w.read(dana.ID).Password, was) {
				w.t.Error("the hash was not renewed")
			}
			return err
		},
		"stand-in for unknown names": func(w *world, s *session.Service) error {
			w.holding(w.technician("dana", sallyport.MethodOff), olderPHC)
			return s.TuneDummy(ctx)
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			w := newWorld(t)
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			s := w.over(&rotating{store.For[session.Tx](w.db), w, path})
			if err := act(w, s); err != nil {
				t.Fatal(err)
			}
		})
	}
}
