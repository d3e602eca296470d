package history

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/app"
	"sallyport/internal/config"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/wait"
)

// servePart, set in the environment, makes this program a server: see TestMain. What follows it names a setting.
const servePart = "SALLYPORT_HISTORY_"

func TestMain(m *testing.M) {
	if os.Getenv(servePart+"DATA") == "" {
		os.Exit(m.Run())
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve is the assembled server, whose clock is as far ahead as the last line of its input says, in seconds.
func serve() error {
	var ahead atomic.Int64
	in := bufio.NewScanner(os.Stdin)
	tell := func() {
		if n, err := strconv.ParseInt(in.Text(), 10, 64); err == nil {
			ahead.Store(n)
		}
	}
	if in.Scan() {
		tell()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	go func() {
		for in.Scan() {
			tell()
		}
		stop() // the test is no more
	}()
	flags := map[string]string{"operations": "off", "requests_per_second": "0", "allowed_networks": "127.0.0.0/8"}
	for name, key := range map[string]string{"DATA": "data", "LISTEN": "listen", "PUBLIC": "public_url", "DATABASE": "database"} {
		flags[key] = os.Getenv(servePart + name)
	}
	loaded, err := config.Load(config.Sources{Lookup: func(string) (string, bool) { return "", false }, Flags: flags})
	if err != nil {
		return err
	}
	a, err := app.New(ctx, loaded.Config, app.Options{AcceptClock: true, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load()) * time.Second) }})
	if err != nil {
		return err
	}
	return a.Run(ctx)
}

// node is one server, whose life ends and begins again while clients ask.
type node struct {
	number   int
	settings map[string]string // of the environment
	port     int
	log      *os.File
	cmd      *exec.Cmd
	in       io.Writer
}

// newNode is a server on a folder, not yet started.
func (w *world) newNode(folder string, port int, database string) *node {
	log, err := os.Create(filepath.Join(w.t.TempDir(), "log"))
	w.check(err)
	w.t.Cleanup(func() { _ = log.Close() })
	n := &node{number: len(w.nodes), port: port, log: log, settings: map[string]string{"DATA": folder, "LISTEN": "127.0.0.1:" + strconv.Itoa(port),
		"PUBLIC": w.url, "DATABASE": database}}
	w.nodes = append(w.nodes, n)
	return n
}

// start runs n and waits until it answers.
func (w *world) start(n *node) {
	w.t.Helper()
	n.cmd = exec.Command(os.Args[0])
	n.cmd.Env = os.Environ()
	for name, value := range n.settings {
		n.cmd.Env = append(n.cmd.Env, servePart+name+"="+value)
	}
	n.cmd.Stdout, n.cmd.Stderr = n.log, n.log
	in, err := n.cmd.StdinPipe()
	w.check(err)
	n.in = in
	w.check(n.cmd.Start())
	n.tell(w.ahead.Load())
	client := (&server.Server{Port: w.nodes[0].port, URL: w.url}).ClientWith(server.NewTransport(n.port))
	w.await(func() bool { _, err := client.Live(w.t.Context()); return err == nil })
}

// await waits for a condition.
func (w *world) await(is func() bool) {
	w.t.Helper()
	wait.Until(w.t, is, "waited in vain\n%s", wait.Late(w.tail))
}

// said counts the lines of its log that hold words.
func (n *node) said(words string) int {
	text, _ := os.ReadFile(n.log.Name())
	return strings.Count(string(text), words)
}

// tell sets the node's clock.
func (n *node) tell(ahead int64) { fmt.Fprintln(n.in, ahead) }

// way leads each request to a node by chance, and notes which were asked. A tab of a browser has one.
type way struct {
	doors  []*http.Transport
	choose func() int
	asked  nodes
}

// nodes are several of them, a bit for each.
type nodes uint

func (s nodes) has(number int) bool { return s&(1<<number) != 0 }

// RoundTrip implements http.RoundTripper.
func (v *way) RoundTrip(r *http.Request) (*http.Response, error) {
	n := v.choose() % len(v.doors)
	v.asked |= 1 << n
	return v.doors[n].RoundTrip(r)
}
