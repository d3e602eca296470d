package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"sallyport/internal/testkit/server"
)

// bench is one run: where the binary is, where folders may be made, and what was found so far.
type bench struct {
	ctx       context.Context
	folder    string
	binary    string
	yardstick string // the bare handler
	point     string // the handler that asks PostgreSQL
	alone     string // the password hash
	cores     cores  // all that there are
	busy      string // load of the machine when the run began
	found     []finding
	events    int64 // of the large audit log
	requests  int   // after a Save's answer, on another node
	people    int   // of the large team
	said      complaints
	again     bool // a part of the page is measured again
	quick     bool // to see that the measurements work
}

// finding is one line of the report.
type finding struct {
	what   string
	value  string
	goal   string
	within bool
	how    string
}

var measurements = []struct {
	name string
	run  func(*bench) error
}{
	{"audit", (*bench).auditLog},
	{"check", (*bench).checks},
	{"flat", (*bench).flat},
	{"pgcheck", (*bench).postgresChecks},
	{"refusal", (*bench).savesToRefusal},
	{"refused", (*bench).refusedMemory},
	{"signin", (*bench).signIns},
	{"signins", (*bench).signInsAtOnce},
	{"start", (*bench).starts},
	{"timing", (*bench).timings},
}

func main() {
	only := flag.String("only", "", "measurements to run, with commas between (default: all)")
	out := flag.String("out", "docs/bench.md", "file to write; empty: none")
	var b bench
	flag.Int64Var(&b.events, "events", 10_000_000, "events of the large audit log; 10 million take 10 GB in the temporary folder")
	flag.IntVar(&b.requests, "requests", 1_000_000, "requests to another node after a Save has answered")
	flag.IntVar(&b.people, "people", 1_000_000, "technicians of the large team, each with a session; a million take 5 GB in the temporary folder")
	flag.BoolVar(&b.again, "again", false, "with -only: what is measured takes the place of its lines in the page, and the others stay as they are")
	flag.BoolVar(&b.quick, "quick", false, "a small part of most rounds, to see that the measurements work; what they find says nothing, and no file is written")
	flag.Parse()
	err := known(*only)
	if err == nil {
		err = b.run(*only, *out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// known says which of the names in only is that of no measurement.
func known(only string) error {
	if only == "" {
		return nil
	}
	var names []string
	for _, m := range measurements {
		names = append(names, m.name)
	}
	for name := range strings.SplitSeq(only, ",") {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there is no measurement %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

func (b *bench) run(only, out string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	folder, err := os.MkdirTemp("", "sallyport-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	b.ctx, b.folder, b.busy = ctx, folder, otherWork()
	if err := unix.SchedGetaffinity(0, &b.cores); err != nil {
		return fmt.Errorf("which processors there are: %w", err)
	}
	if b.binary, err = server.Build(ctx, folder); err != nil {
		return err
	}
	if err := b.buildBare(); err != nil {
		return err
	}
	for _, m := range measurements {
		if only != "" && !strings.Contains(","+only+",", ","+m.name+",") {
			continue
		}
		fmt.Printf("== %s\n", m.name)
		before := len(b.found)
		if err := m.run(b); err != nil {
			b.said.show()
			return fmt.Errorf("%s: %w", m.name, err)
		}
		for _, f := range b.found[before:] {
			fmt.Println(f)
		}
	}
	switch {
	case out == "" || b.quick || only != "" && !b.again:
		return nil // a part is no report
	case only != "":
		return b.rewrite(out, only)
	}
	return b.write(out)
}

func (f finding) String() string {
	verdict := "within"
	if !f.within {
		verdict = "BEYOND"
	}
	return fmt.Sprintf("%-60s %-22s goal %-14s %s", f.what, f.value, f.goal, verdict)
}

// less is n, or a small part of it where only the measurements themselves are tried.
func (b *bench) less(n int) int {
	if b.quick {
		return max(n/20, 1)
	}
	return n
}

// add notes a finding.
func (b *bench) add(f finding) { b.found = append(b.found, f) }

// atMost notes a ratio that should not be larger than goal.
func (b *bench) atMost(what string, ratio, goal float64, how string) {
	b.add(finding{what: what, value: fmt.Sprintf("%.2f", ratio), goal: fmt.Sprintf("≤ %.2f", goal), within: ratio <= goal, how: how})
}

// dir makes a fresh folder.
func (b *bench) dir(name string) string { return filepath.Join(b.folder, name) }
