package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// write writes docs/bench.md: the machine, and one line for each finding.
func (b *bench) write(path string) error {
	var s strings.Builder
	s.WriteString("# What users feel, in figures\n\n")
	s.WriteString("Written by `make bench`. Ratios hold within one run on one machine: the real binary and a yardstick that does the least that could do the same\n")
	s.WriteString("job are asked in turn. No test passes or fails by them.\n\n")
	fmt.Fprintf(&s, "Machine: %s, %d cores, %s/%s, %s, %s. Measured on %s; other work took %s of its cores\nwhen it began, which ratios by the clock (sign-ins, pages, starts) feel and ratios of processor time hardly.\n\n", processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, kernel(), runtime.Version(), time.Now().UTC().Format("2006-01-02"), b.busy)
	s.WriteString("| what | found | goal | |\n|---|--:|--:|---|\n")
	rows, hows := b.lines()
	s.WriteString(strings.Join(rows, "") + "\n## How\n\n" + strings.Join(hows, ""))
	return os.WriteFile(path, []byte(s.String()), 0o644)
}

// lines are the findings as the page shows them, and how each was found, once.
func (b *bench) lines() (rows, hows []string) {
	said := map[string]bool{}
	for _, f := range b.found {
		verdict := "within"
		if !f.within {
			verdict = "**beyond**"
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s |\n", f.what, f.value, f.goal, verdict))
		if !said[f.how] {
			said[f.how] = true
			hows = append(hows, fmt.Sprintf("- %s: %s.\n", f.what, f.how))
		}
	}
	return rows, hows
}

// rewrite puts the findings in the place of their lines in the page, and says which measurements were run again and when.
func (b *bench) rewrite(path, only string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	found := map[string]string{}
	rows, hows := b.lines()
	for _, line := range append(rows, hows...) {
		found[subject(line)] = line
	}
	var s strings.Builder
	for line := range strings.Lines(string(page)) {
		if line == "| what | found | goal | |\n" {
			fmt.Fprintf(&s, "Measured again by themselves on %s, with %s of the cores at other work: %s.\n\n", time.Now().UTC().Format("2006-01-02 15:04"), b.busy, only)
		}
		if newer, ok := found[subject(line)]; ok {
			line = newer
		}
		s.WriteString(line)
	}
	return os.WriteFile(path, []byte(s.String()), 0o644)
}

var inBrackets = regexp.MustCompile(` ?\([^)]*\)`)

// subject is what a line of the page is about, without what was found: the figures in brackets are another each time.
func subject(line string) string {
	end := " | "
	if strings.HasPrefix(line, "- ") {
		end = ": "
	}
	what, _, _ := strings.Cut(line, end)
	return inBrackets.ReplaceAllString(what, "")
}

func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

// otherWork is how many of the cores' time other programs ask for, over the last minute.
func otherWork() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "an unknown part"
	}
	load, _, _ := strings.Cut(string(text), " ")
	return load
}

func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown kernel"
	}
	release, _, _ := strings.Cut(strings.TrimSpace(string(text)), "-")
	return "Linux " + release
}
