package crash

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
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
)

const (
	kills    = 200
	people   = 120 // each app gives one sign-in in 30 seconds
	workers  = 3
	patience = 30 * time.Second
)

// TestCrash kills the server 200 times at random moments, in the middle of sign-ins and Saves and sometimes while it
// starts. SALLYPORT_SEED repeats a run's choices, as far as the machine's own timing allows.
func TestCrash(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv("SALLYPORT_SEED"); given != "" {
		seed, _ = strconv.ParseUint(given, 10, 64)
	}
	t.Logf("SALLYPORT_SEED=%d", seed)
	w := newWorld(t, rand.New(rand.NewPCG(seed, 1)))
	rounds := kills
	if testing.Short() {
		rounds = 20
	}
	if n, err := strconv.Atoi(os.Getenv("SALLYPORT_KILLS")); err == nil { // make soak
		rounds = n
	}
	began := time.Now()
	for i := range rounds {
		if err := w.round(t.Context()); err != nil {
			t.Fatalf("kill %d, SALLYPORT_SEED=%d: %v\n%s", i, seed, err, w.tail())
		}
		if done := i + 1; done%100 == 0 && done < rounds {
			t.Logf("progress: %d of %d kills, %v", done, rounds, time.Since(began).Round(time.Second))
		}
	}
	s := w.start(t.Context())
	w.past.reads = 0 // the last look reads everything
	if err := w.look(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("it does not stop in order: %v", err)
	}
	checkSecrets(t, w.folder, append(w.accounts, w.admin))
	signIns, raises := int64(0), int64(0)
	for _, a := range w.accounts {
		signIns, raises = signIns+a.finish.acked, raises+a.raises.acked
	}
	t.Logf("%d kills; acknowledged: %d sign-ins, %d Saves and sign-outs everywhere; lost: none; asked after the kills: %d times about a good session, %d about an ended one, %d about used digits; events read: %d",
		rounds, signIns, raises, w.asked.good, w.asked.dead, w.asked.used, w.past.count)
	if signIns < int64(rounds)/4 || raises < int64(rounds)/4 {
		t.Error("too little was acknowledged for the run to mean anything")
	}
}

type world struct {
	t        *testing.T
	random   *rand.Rand
	binary   string
	folder   string // the server's data folder and its log
	port     int
	log      *os.File
	db       *sql.DB
	admin    *account
	provedAt time.Time // when he signed in
	accounts []*account
	past     history
	asked    asked
}

func newWorld(t *testing.T, random *rand.Rand) *world {
	t.Helper()
	w := &world{t: t, random: random, folder: filepath.Join(t.TempDir(), "data"), past: history{of: map[string]past{}}}
	var err error
	check := func() {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w.binary, err = server.Build(t.Context(), t.TempDir())
	check()
	w.port, err = server.FreePort()
	check()
	f, err := team.Make(t.Context(), w.folder)
	check()
	err = f.Set(t.Context(), func(s *sallyport.Settings) { s.PermitOff = true })
	check()
	w.fill(f)
	err = f.Close()
	check()
	w.log, err = os.Create(filepath.Join(w.folder, "log"))
	check()
	t.Cleanup(func() { _ = w.log.Close() })
	w.db, err = sql.Open("sqlite", "file:"+filepath.Join(w.folder, "sallyport.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	check()
	t.Cleanup(func() { _ = w.db.Close() })
	return w
}

// fill puts an administrator who is signed in, a second one, and the people into the folder.
func (w *world) fill(f *team.Folder) {
	specs := []team.Spec{{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}, {Name: "omar", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}}
	for i := range people {
		specs = append(specs, team.Spec{Name: fmt.Sprintf("tech%03d", i), Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp})
	}
	members, err := f.Add(w.t.Context(), specs...)
	if err != nil {
		w.t.Fatal(err)
	}
	tokens, err := f.SignIn(w.t.Context(), members[0])
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range members {
		w.accounts = append(w.accounts, &account{Member: m, method: m.Method, live: map[string]bool{}, seen: map[string]struct{}{}})
	}
	w.admin, w.accounts = w.accounts[0], w.accounts[2:]
	w.provedAt = time.Now()
	w.admin.live[tokens[0].Reveal()], w.admin.seen[tokens[0].Reveal()] = true, struct{}{}
}

func (w *world) start(ctx context.Context) *server.Server {
	w.t.Helper()
	s, err := server.Start(w.binary, w.folder, w.port, w.log)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(s.Kill)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		w.t.Fatalf("%v\n%s", err, w.tail())
	}
	return s
}

// round is one life of the server: start, look, work, kill.
func (w *world) round(ctx context.Context) error {
	if w.random.IntN(10) == 0 {
		if err := w.killStarting(); err != nil {
			return err
		}
	}
	s := w.start(ctx)
	defer s.Kill()
	if err := w.look(ctx, s); err != nil {
		return err
	}
	if err := w.proveAdmin(ctx, s); err != nil {
		return err
	}
	return w.work(ctx, s)
}

// provedFor is how long the administrator acts with one session: 15 minutes after its last proof he would be asked for
// another one in the place of each act.
const provedFor = 5 * time.Minute

// proveAdmin signs the administrator in anew where that was too long ago.
func (w *world) proveAdmin(ctx context.Context, s *server.Server) error {
	if time.Since(w.provedAt) < provedFor {
		return nil
	}
	digits, ok := w.admin.nextDigits(time.Now())
	if !ok {
		return nil // they were sent a moment ago: after the next kill
	}
	token, err := s.Client().SignIn(ctx, w.admin.UserName, team.Password, digits)
	if err != nil {
		return fmt.Errorf("%s: %w", w.admin.UserName, err)
	}
	w.provedAt = time.Now()
	w.admin.forgetSessions() // the one before lives on until it was idle for too long
	w.admin.live[token], w.admin.seen[token] = true, struct{}{}
	return nil
}

// killStarting kills a server that may not have begun to answer.
func (w *world) killStarting() error {
	s, err := server.Start(w.binary, w.folder, w.port, w.log)
	if err != nil {
		return err
	}
	<-time.After(time.Duration(w.random.IntN(60_000)) * time.Microsecond)
	s.Kill()
	return nil
}

// look checks everything that must be true after a restart.
func (w *world) look(ctx context.Context, s *server.Server) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	rows, err := readRows(ctx, w.db, &w.past)
	if err == nil {
		err = checkStored(rows, w.accounts)
	}
	if err == nil && !rows[string(w.admin.ID)].active {
		err = fmt.Errorf("I6: the Super Admin is gone")
	}
	if err == nil {
		err = w.asked.checkAnswers(ctx, append(w.accounts, w.admin), s)
	}
	return err
}

// work lets the workers act until a random number of acts were begun, and kills the server a random moment later.
func (w *world) work(ctx context.Context, s *server.Server) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	moment, reached := int64(1+w.random.IntN(40)), make(chan struct{})
	var begun atomic.Int64
	asked := func() {
		if begun.Add(1) == moment {
			close(reached)
		}
	}
	admin := s.Client()
	for token := range w.admin.live {
		admin.HoldSession(token)
	}
	var wait sync.WaitGroup
	ended := make(chan error, workers)
	shared := server.NewTransport(s.Port)
	defer shared.CloseIdleConnections()
	for i := range workers {
		one := &worker{admin: s.ClientWith(shared), random: rand.New(rand.NewPCG(w.random.Uint64(), 2)), asked: asked}
		one.admin.HoldSession(admin.Session())
		for j, a := range w.accounts {
			if j%workers == i {
				a.browser = s.ClientWith(shared)
				one.accounts = append(one.accounts, a)
			}
		}
		wait.Go(func() { ended <- one.run(ctx) })
	}
	delay := time.Duration(w.random.IntN(30_000)) * time.Microsecond
	var early error
	select {
	case <-reached:
		<-time.After(delay)
	case early = <-ended:
		ended <- early
		if early == nil {
			early = fmt.Errorf("the server stopped answering by itself")
		}
	}
	s.Kill()
	wait.Wait()
	for range workers {
		if err := <-ended; err != nil {
			return err
		}
	}
	return early
}

// tail is the end of what the server said.
func (w *world) tail() string {
	text, err := os.ReadFile(w.log.Name())
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-3000):])
}
