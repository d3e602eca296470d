package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
	"sallyport/internal/testkit/wait"
)

const (
	patience = 60 * time.Second
	workers  = 4
)

// world is two nodes and a team.
type world struct {
	t       *testing.T
	binary  string
	address string // of the database
	folders [2]string
	ports   [2]int
	nodes   [2]*server.Server
	log     *os.File
	door    *server.Server // the address that people use
	members []team.Member
	admin   string // a session of an administrator
	turn    atomic.Int64
	next    atomic.Int64 // who comes next
}

// newWorld starts two nodes on the database with so many people of that method in it.
func newWorld(t *testing.T, address string, people int, method sallyport.Method) *world {
	t.Helper()
	w := &world{t: t, address: address}
	ctx := t.Context()
	var err error
	w.binary, err = server.Build(ctx, t.TempDir())
	w.check(err)
	for i := range w.nodes {
		w.folders[i] = filepath.Join(t.TempDir(), "data")
		w.ports[i], err = server.FreePort()
		w.check(err)
	}
	w.door = &server.Server{Port: w.ports[0], URL: "http://localhost:" + strconv.Itoa(w.ports[0])}
	f, err := team.MakeOn(ctx, w.folders[0], address)
	w.check(err)
	w.check(f.Set(ctx, func(s *sallyport.Settings) { s.PermitOff, s.StepUpAfter = true, time.Hour }))
	specs := []team.Spec{{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}, {Name: "omar", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}}
	for i := range people {
		specs = append(specs, team.Spec{Name: fmt.Sprintf("tech%03d", i), Role: sallyport.ReadOnlyTechnician, Method: method})
	}
	members, err := f.Add(ctx, specs...)
	w.check(err)
	tokens, err := f.SignIn(ctx, members[0])
	w.check(err)
	w.check(f.Close())
	w.members, w.admin = members[2:], tokens[0].Reveal()
	key, err := os.ReadFile(filepath.Join(w.folders[0], "key"))
	w.check(err)
	w.check(os.MkdirAll(w.folders[1], 0o700))
	w.check(os.WriteFile(filepath.Join(w.folders[1], "key"), key, 0o600))
	w.log, err = os.Create(filepath.Join(t.TempDir(), "log"))
	w.check(err)
	t.Cleanup(func() { _ = w.log.Close() })
	for i := range w.nodes {
		w.start(i)
	}
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// start starts a node and waits until it answers.
func (w *world) start(i int) {
	w.t.Helper()
	s, err := server.Start(w.binary, w.folders[i], w.ports[i], w.log, "SALLYPORT_DATABASE="+w.address, "SALLYPORT_PUBLIC_URL="+w.door.URL)
	w.check(err)
	w.t.Cleanup(s.Kill)
	w.nodes[i] = s
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		w.t.Fatalf("%v\n%s", err, w.tail())
	}
}

func (w *world) tail() string {
	text, _ := os.ReadFile(w.log.Name())
	return string(text[max(0, len(text)-3000):])
}

// transport connects to one node after the other, and to the other one where that takes no connection.
func (w *world) transport() *http.Transport {
	return &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		var failed error
		for range w.ports {
			port := w.ports[int(w.turn.Add(1))%len(w.ports)]
			c, err := d.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
			if err == nil {
				return c, nil
			}
			failed = errors.Join(failed, err)
		}
		return nil, failed
	}}
}

// at is a browser that asks one node alone.
func (w *world) at(i int) *server.Client {
	return w.door.ClientWith(server.NewTransport(w.ports[i]))
}

// load lets workers serve one person after the other until stop is called, or nobody is left. Its context is cancelled by
// stop.
func (w *world) load(one func(ctx context.Context, browser *server.Client, who int)) (served *atomic.Int64, stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	served = &atomic.Int64{}
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for ctx.Err() == nil {
				who := int(w.next.Add(1)) - 1
				if who >= len(w.members) {
					return
				}
				one(ctx, w.door.ClientWith(w.transport()), who)
				served.Add(1)
			}
		})
	}
	return served, func() { cancel(); all.Wait() }
}

// until waits for a condition, for a bounded time.
func (w *world) until(what string, is func() bool) {
	w.t.Helper()
	wait.Until(w.t, is, "never: %s\n%s", what, wait.Late(w.tail))
}
