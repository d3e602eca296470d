package crash

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/keyring"
	"sallyport/internal/store"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// rotated is how many people there are, each with a password and an app: so many that a kill meets a rotation at work.
const rotated = 1000

// rotation is an installation whose key is rotated.
type rotation struct {
	t       *testing.T
	binary  string
	folder  string // of the server
	address string // of the database on PostgreSQL; empty on SQLite
	port    int
	db      *sql.DB // on the database, beside the server
	log     *os.File
	members []team.Member // who has not signed in yet
	ids     []string      // of the technicians, in the database's order
}

func newRotation(t *testing.T, address string) *rotation {
	t.Helper()
	w := &rotation{t: t, folder: filepath.Join(t.TempDir(), "data"), address: address}
	var err error
	w.binary, err = server.Build(t.Context(), t.TempDir())
	check(t, err)
	w.port, err = server.FreePort()
	check(t, err)
	f, err := team.MakeOn(t.Context(), w.folder, address)
	check(t, err)
	specs := []team.Spec{{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}}
	for i := range rotated - 1 {
		specs = append(specs, team.Spec{Name: fmt.Sprintf("tech%04d", i), Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp})
	}
	w.members, err = f.Add(t.Context(), specs...)
	check(t, err)
	check(t, f.Close())
	w.log, err = os.Create(filepath.Join(t.TempDir(), "log"))
	check(t, err)
	t.Cleanup(func() { _ = w.log.Close() })
	w.open()
	return w
}

// open reaches the database without a line of the store, and reads who is in it.
func (w *rotation) open() {
	driver, name := "pgx", w.address
	if name == "" {
		driver, name = "sqlite", "file:"+filepath.Join(w.folder, "sallyport.db")+"?_pragma=busy_timeout(5000)"
	}
	var err error
	w.db, err = sql.Open(driver, name)
	check(w.t, err)
	w.t.Cleanup(func() { _ = w.db.Close() })
	rows, err := w.db.Query(`SELECT id FROM technician ORDER BY id`)
	check(w.t, err)
	defer rows.Close()
	for rows.Next() {
		var id string
		check(w.t, rows.Scan(&id))
		w.ids = append(w.ids, id)
	}
	check(w.t, rows.Err())
}

// point is how far a rotation has come: a value is sealed with the new key, or where there is none, nothing is yet.
type point struct{ name, query, id string }

func (w *rotation) points() []point {
	const passwords, secrets = `SELECT password FROM technician WHERE id = $1`, `SELECT secret FROM factor WHERE technician = $1`
	middle := w.ids[len(w.ids)/2]
	return []point{{name: "the key in force"}, {"the first password sealed", passwords, w.ids[0]}, {"half the passwords sealed", passwords, middle},
		{"half the secrets sealed", secrets, middle}}
}

// reached says whether a rotation is under way that has come to p.
func (w *rotation) reached(p point) bool {
	moving := w.meta("key-moving")
	return len(moving) > 0 && (p.query == "" || w.sealedBy(p.query, p.id) == string(moving))
}

func (w *rotation) meta(name string) (value []byte) {
	w.t.Helper()
	if err := w.db.QueryRow(`SELECT value FROM meta WHERE name = $1`, name).Scan(&value); err != nil && err != sql.ErrNoRows {
		w.t.Fatal(err)
	}
	return value
}

// sealedBy is the id of the key that a value is sealed with.
func (w *rotation) sealedBy(query, id string) string {
	w.t.Helper()
	var value []byte
	check(w.t, w.db.QueryRow(query, id).Scan(&value))
	return hex.EncodeToString(value[1:5])
}

// serve starts the server.
func (w *rotation) serve() *server.Server {
	w.t.Helper()
	s, err := server.Start(w.binary, w.folder, w.port, w.log, "SALLYPORT_DATABASE="+w.address)
	check(w.t, err)
	w.t.Cleanup(s.Kill)
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		w.t.Fatalf("%v\n%s", err, w.tail())
	}
	return s
}

func (w *rotation) tail() string {
	text, _ := os.ReadFile(w.log.Name())
	return string(text[max(0, len(text)-3000):])
}

// order is the command that rotates, under way.
type order struct {
	cmd  *exec.Cmd
	out  bytes.Buffer
	done chan struct{}
}

func (w *rotation) order(folder string) *order {
	w.t.Helper()
	o := &order{cmd: w.command(folder, "key", "rotate"), done: make(chan struct{})}
	o.cmd.Stdout, o.cmd.Stderr = &o.out, &o.out
	check(w.t, o.cmd.Start())
	go func() { _ = o.cmd.Wait(); close(o.done) }()
	return o
}

func (w *rotation) command(folder string, words ...string) *exec.Cmd {
	cmd := exec.CommandContext(w.t.Context(), w.binary, append([]string{"--data", folder}, words...)...)
	cmd.Env = []string{"HOME=" + folder, "PATH=/usr/bin:/bin", "SALLYPORT_DATABASE=" + w.address}
	return cmd
}

func (w *rotation) run(folder string, words ...string) (string, error) {
	text, err := w.command(folder, words...).CombinedOutput()
	return string(text), err
}

// signIn signs in, with password and authenticator, one of those whose secret the key in force seals, and one of those
// whose secret an older one does, where there are any.
func (w *rotation) signIn(s *server.Server) {
	w.t.Helper()
	inForce, had := string(w.meta("key-id")), map[bool]bool{}
	for i := 0; i < len(w.members) && len(had) < 2; i++ {
		m := w.members[i]
		is := w.sealedBy(`SELECT secret FROM factor WHERE technician = $1`, string(m.ID)) == inForce
		if had[is] {
			continue
		}
		had[is] = true
		w.members = append(w.members[:i:i], w.members[i+1:]...)
		i--
		if _, err := s.Client().SignIn(w.t.Context(), m.UserName, team.Password, m.Digits(time.Now())); err != nil {
			w.t.Errorf("sealed with the key in force %v: %v\n%s", is, err, w.tail())
		}
	}
}

// opens reads every sealed value with the key file, and says how many each key seals that is not in force.
func (w *rotation) opens() map[string]int {
	w.t.Helper()
	ring, err := keyring.Load(filepath.Join(w.folder, "key"))
	check(w.t, err)
	db, err := store.Open(w.t.Context(), store.Options{Folder: w.folder, Address: w.address})
	check(w.t, err)
	defer db.Close()
	left, all := map[string]int{}, 0
	for at := (store.SealedCursor{}); !at.Over(); {
		check(w.t, db.Read(w.t.Context(), func(tx *store.Tx) error {
			found, next, err := tx.SealedOtherwise(w.t.Context(), make([]byte, 5), at, 500)
			for _, v := range found {
				if _, err := ring.Open(v.Value, keyring.Place{Table: v.Table, Row: v.Row, Column: v.Column}); err != nil {
					w.t.Errorf("%s of %s: %v", v.Column, v.Table, err)
				}
				left[hex.EncodeToString(v.Value[1:5])]++
			}
			at, all = next, all+len(found)
			return err
		}))
	}
	if all < 2*rotated {
		w.t.Errorf("%d sealed values, of %d passwords and secrets", all, 2*rotated)
	}
	delete(left, string(w.meta("key-id")))
	return left
}

// older are the keys of the file that are not in force.
func (w *rotation) older() (ids []string) {
	w.t.Helper()
	ring, err := keyring.Load(filepath.Join(w.folder, "key"))
	check(w.t, err)
	for _, k := range ring.Keys() {
		if k.ID != string(w.meta("key-id")) {
			ids = append(ids, k.ID)
		}
	}
	if len(ids) == 0 {
		w.t.Error("there is no older key")
	}
	return ids
}

// copyKey gives a folder the key file of another one, whole at every moment.
func (w *rotation) copyKey(from, to string) {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(from, "key"))
	check(w.t, err)
	check(w.t, os.WriteFile(filepath.Join(to, "key.copy"), text, 0o600))
	check(w.t, os.Rename(filepath.Join(to, "key.copy"), filepath.Join(to, "key")))
}
