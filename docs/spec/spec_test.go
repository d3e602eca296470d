package spec

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/internal/testkit/need"
)

// scope is how much of the world the checker looks at: all that can happen in it, in every order.
type scope struct {
	name                          string
	clients, acts, admins, checks int
}

var (
	guesses = scope{"two clients, two acts each", 2, 2, 0, 0}
	saves   = scope{"two clients, one Save", 2, 1, 1, 0}
	checks  = scope{"a client, a Save, a request", 1, 1, 1, 1}
	desks   = scope{"two Saves, a request", 0, 1, 2, 1}
	nodes   = scope{"a Save, two requests", 0, 1, 1, 2}
)

const (
	sqlite   = 1
	postgres = 2
)

// mistake is a mutation of the model, where it shows, and which invariant it breaks.
type mistake struct {
	number int
	what   string
	engine int // where it shows; 0: on both
	in     scope
	breaks string
}

var mistakes = []mistake{
	{1, "Save ends the sessions it sees and raises no generation", 0, checks, "I3, I5"},
	{2, "a code is used without a look whether it is the newest", 0, guesses, "I2"},
	{3, "compares first, counts afterwards", 0, guesses, "I1"},
	{4, "reads the tries, then writes them plus one", 0, guesses, "I1"},
	{5, "a right code is not used up", 0, guesses, "I2"},
	{6, "a right TOTP step is not burnt", 0, guesses, "I2"},
	{7, "the old factor counts as the new one", 0, guesses, "I4"},
	{8, "nobody looks whether the sign-in was still there", postgres, guesses, "I4"},
	{9, "a session is created without taking the technician's row", postgres, saves, "I3"},
	{10, "a Save does not compare the version it began from", 0, desks, "nothing is lost"},
	{11, "Save answers before the memory knows of it", sqlite, nodes, "I3, I5"},
	{12, "memory stays after a COMMIT of unknown outcome", sqlite, nodes, "I3, I5"},
	{13, "memory keeps what a commit has overtaken", sqlite, nodes, "I3, I5"},
	{14, "a check joins a query that was already sent", postgres, nodes, "I3, I5"},
}

func TestSpecHolds(t *testing.T) {
	spin := newChecker(t)
	for _, engine := range []int{sqlite, postgres} {
		for _, s := range []scope{guesses, saves, checks, desks, nodes} {
			t.Run(fmt.Sprintf("%s: %s", engineName(engine), s.name), func(t *testing.T) {
				t.Parallel()
				r := spin.run(t, engine, 0, s)
				if r.broken != "" {
					t.Fatalf("%s\n%s", r.broken, r.trail)
				}
				t.Logf("holds in all %s states", r.states)
			})
		}
	}
}

// Every mistake must be found: a specification that holds whatever one does says nothing.
func TestSpecFindsMistakes(t *testing.T) {
	spin := newChecker(t)
	for _, m := range mistakes {
		for _, engine := range []int{sqlite, postgres} {
			if m.engine != 0 && m.engine != engine {
				continue
			}
			t.Run(fmt.Sprintf("%s: %s", engineName(engine), m.what), func(t *testing.T) {
				t.Parallel()
				r := spin.run(t, engine, m.number, m.in)
				if !strings.Contains(r.broken, m.breaks) {
					t.Fatalf("must break %s; broken: %q in %s states", m.breaks, r.broken, r.states)
				}
				t.Logf("found after %s states: %s", r.states, m.breaks)
			})
		}
	}
}

func engineName(engine int) string {
	return map[int]string{sqlite: "SQLite", postgres: "PostgreSQL"}[engine]
}

// checker runs spin and the program that it makes.
type checker struct{ spin, gcc, model string }

func newChecker(t *testing.T) checker {
	t.Helper()
	model, err := filepath.Abs("signin.pml")
	if err != nil {
		t.Fatal(err)
	}
	return checker{need.Program(t, "spin"), need.Program(t, "gcc"), model}
}

// result is what a run came to.
type result struct {
	states string
	broken string // the invariants of the assertion that failed, empty where all of them held
	trail  string // how it came to that
}

const patience = 10 * time.Minute

func (c checker) run(t *testing.T, engine, mutation int, s scope) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	folder := t.TempDir()
	do := func(program string, args ...string) string {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Dir = folder
		out, err := cmd.CombinedOutput()
		if err != nil && ctx.Err() != nil {
			t.Fatalf("%s: %v\n%s", program, err, out)
		}
		return string(out)
	}
	options := []string{fmt.Sprintf("-DENGINE=%d", engine), fmt.Sprintf("-DMUTATION=%d", mutation), fmt.Sprintf("-DCLIENTS=%d", s.clients),
		fmt.Sprintf("-DACTS=%d", s.acts), fmt.Sprintf("-DADMINS=%d", s.admins), fmt.Sprintf("-DCHECKS=%d", s.checks)}
	said := do(c.spin, append(append([]string{"-a"}, options...), c.model)...)
	speed := "-O2"
	if mutation != 0 {
		speed = "-O0" // found soon; the compiler is what takes time
	}
	said += do(c.gcc, speed, "-w", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c")
	said += do(filepath.Join(folder, "pan"), "-m100000", "-w22")
	return c.judge(t, said, func() string {
		return do(c.spin, append(append([]string{"-t", "-p", "-k", filepath.Join(folder, "signin.pml.trail")}, options...), c.model)...)
	})
}

var (
	statesLine = regexp.MustCompile(`(\d+) states, stored`)
	errorsLine = regexp.MustCompile(`errors: (\d+)`)
	brokenLine = regexp.MustCompile(`pan:1: (.*)`)
	failedLine = regexp.MustCompile(`signin\.pml:(\d+), Error: assertion violated`)
)

// judge reads what the checker said. A run that stopped before it had seen everything is neither.
func (c checker) judge(t *testing.T, said string, trail func() string) result {
	t.Helper()
	states, errors := statesLine.FindStringSubmatch(said), errorsLine.FindStringSubmatch(said)
	if states == nil || errors == nil || strings.Contains(said, "max search depth too small") || strings.Contains(said, "Search not completed") && errors[1] == "0" {
		t.Fatalf("the checker did not come to an end:\n%s", said)
	}
	r := result{states: states[1]}
	if errors[1] == "0" {
		return r
	}
	r.trail = trail()
	r.broken = "no assertion: " + brokenLine.FindString(said)
	if at := failedLine.FindStringSubmatch(r.trail); at != nil {
		r.broken = c.comment(t, at[1])
	}
	return r
}

// comment is what stands behind the assertion of a line of the model.
func (c checker) comment(t *testing.T, line string) string {
	t.Helper()
	text, err := os.ReadFile(c.model)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if _, err := fmt.Sscan(line, &n); err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(strings.Split(string(text), "\n")[n-1], "/*")
	return "line " + line + ":" + strings.TrimSuffix(after, "*/")
}
