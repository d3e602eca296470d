package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"sallyport/internal/testkit/server"
)

// bench is one run: where the binary is, where folders may be made, and what was found so far.
type bench struct {
	ctx       context.Context
	folder    string
	binary    string
	yardstick string
	busy      string // load of the machine when the run began
	found     []finding
	events    int64 // of the large audit log
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
	{"refused", (*bench).refusedMemory},
	{"signin", (*bench).signIns},
	{"start", (*bench).starts},
	{"timing", (*bench).timings},
}

func main() {
	only := flag.String("only", "", "measurements to run, with commas between (default: all)")
	out := flag.String("out", "docs/bench.md", "file to write; empty: none")
	events := flag.Int64("events", 10_000_000, "events of the large audit log; 10 million take 10 GB in the temporary folder")
	flag.Parse()
	if err := run(*only, *out, *events); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(only, out string, events int64) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	folder, err := os.MkdirTemp("", "sallyport-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	b := &bench{ctx: ctx, folder: folder, busy: otherWork(), events: events}
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
			return fmt.Errorf("%s: %w", m.name, err)
		}
		for _, f := range b.found[before:] {
			fmt.Println(f)
		}
	}
	if out == "" || only != "" {
		return nil // a part is no report
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

// add notes a finding.
func (b *bench) add(f finding) { b.found = append(b.found, f) }

// atMost notes a ratio that should not be larger than goal.
func (b *bench) atMost(what string, ratio, goal float64, how string) {
	b.add(finding{what: what, value: fmt.Sprintf("%.2f", ratio), goal: fmt.Sprintf("≤ %.2f", goal), within: ratio <= goal, how: how})
}

// dir makes a fresh folder.
func (b *bench) dir(name string) string { return filepath.Join(b.folder, name) }
