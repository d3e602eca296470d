// Command testcount reads the output of go test -json, shows what a reader wants of it (a line for each package, and
// everything that a failed test said), and ends with one plain line: how many tests passed, failed and were skipped.
// A test that has subtests is not counted itself unless it failed on its own. It exits with 1 when anything failed.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
)

// event is one line of go test -json (go doc test2json).
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

type counter struct {
	out     io.Writer
	said    map[string][]string // output of tests and packages that have not ended
	result  map[string]string   // pass, fail or skip, by package and test
	fell    map[string]bool     // packages that failed; true once a failed test explains it
	skipped []string
	broken  bool
}

func main() {
	c := &counter{out: os.Stdout, said: map[string][]string{}, result: map[string]string{}, fell: map[string]bool{}}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		c.line(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(c.out, "testcount:", err)
		c.broken = true
	}
	if !c.close() {
		os.Exit(1)
	}
}

func (c *counter) line(text []byte) {
	var e event
	if json.Unmarshal(text, &e) != nil {
		fmt.Fprintln(c.out, string(text))
		return
	}
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		c.said[key] = append(c.said[key], e.Output)
	case "build-output":
		fmt.Fprint(c.out, e.Output)
	case "build-fail":
		c.broken = true
	case "pass", "fail", "skip":
		c.ended(e, key)
	}
}

// ended handles the end of a test, or of a package when e.Test is empty.
func (c *counter) ended(e event, key string) {
	if e.Test != "" {
		if c.result[key] != "fail" { // a test that runs twice, on another database, has passed when both have
			c.result[key] = e.Action
		}
	}
	said := strings.Join(c.said[key], "")
	delete(c.said, key)
	switch {
	case e.Action == "fail":
		c.broken = true
		c.fell[e.Package] = c.fell[e.Package] || e.Test != ""
		fmt.Fprint(c.out, said)
	case e.Test == "":
		fmt.Fprint(c.out, closing(said))
	case e.Action == "skip":
		c.skipped = append(c.skipped, strings.TrimSpace(key)+reason(said))
	}
}

// closing is the last line that a package said: go test's own.
func closing(said string) string {
	lines := strings.SplitAfter(strings.TrimRight(said, "\n")+"\n", "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.HasPrefix(lines[i], "ok ") || strings.HasPrefix(lines[i], "?") || strings.HasPrefix(lines[i], "\t") {
			return lines[i]
		}
	}
	return ""
}

// reason is what a skipped test gave as its reason.
func reason(said string) string {
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			return ": " + line
		}
	}
	return ""
}

// close prints what was skipped and the final line, and reports whether nothing failed.
func (c *counter) close() bool {
	for key, said := range c.said { // ended without a word of pass or fail: a crash
		if strings.HasSuffix(key, " ") && len(said) > 0 {
			fmt.Fprint(c.out, strings.Join(said, ""))
		}
	}
	sort.Strings(c.skipped)
	for _, s := range c.skipped {
		fmt.Fprintln(c.out, "skipped:", s)
	}
	passed, failed, skipped := c.totals()
	for _, explained := range c.fell {
		if !explained { // it does not build, or it crashed outside its tests
			failed++
		}
	}
	fmt.Fprintf(c.out, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	return !c.broken && passed > 0
}

func (c *counter) totals() (passed, failed, skipped int) {
	parents := map[string]bool{}
	failedBelow := map[string]bool{}
	for key, result := range c.result {
		for i := strings.LastIndexByte(key, '/'); i > strings.IndexByte(key, ' '); i = strings.LastIndexByte(key[:i], '/') {
			parents[key[:i]] = true
			failedBelow[key[:i]] = failedBelow[key[:i]] || result == "fail"
		}
	}
	for key, result := range c.result {
		switch {
		case result == "fail" && !failedBelow[key]:
			failed++
		case parents[key]:
		case result == "skip":
			skipped++
		case result == "pass":
			passed++
		}
	}
	return passed, failed, skipped
}
