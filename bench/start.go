package main

import (
	"debug/elf"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"sallyport"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

const startRounds = 21

// starts measures from the start of the process to its first answer, the memory of an idle server, and the binary.
func (b *bench) starts() error {
	s, err := b.serve("start", func(f *team.Folder) error {
		specs := make([]team.Spec, 1000)
		for i := range specs {
			specs[i] = team.Spec{Name: fmt.Sprintf("tech%04d", i), Role: sallyport.ReadOnlyTechnician, Method: sallyport.MethodApp}
		}
		members, err := f.Add(b.ctx, specs...)
		if err == nil {
			_, err = f.SignIn(b.ctx, members...)
		}
		return err
	})
	if err != nil {
		return err
	}
	select { // idle is what it is when nothing happens for a while
	case <-time.After(10 * time.Second):
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
	idle, err := server.Memory(s.PID(), "VmRSS")
	if err != nil {
		return err
	}
	if err := s.Stop(); err != nil {
		return err
	}
	var ratios []float64
	var ours []time.Duration
	for range startRounds {
		mine, theirs, err := b.startBoth()
		if err != nil {
			return err
		}
		ratios, ours = append(ratios, float64(mine)/float64(theirs)), append(ours, mine)
	}
	b.atMost(fmt.Sprintf("Start to first answer on an existing database (%.0f ms)", ms(median(ours))), median(ratios), 3,
		fmt.Sprintf("median of %d starts in turn with a bare net/http server that opens the same file; 1,000 technicians, each with a session", startRounds))
	mib := float64(idle) / (1 << 20)
	b.add(finding{what: "Memory of an idle server", value: fmt.Sprintf("%.0f MiB", mib), goal: "< 40 MiB", within: mib < 40, how: "resident memory 10 s after the start, with the same database"})
	return b.binarySize()
}

func (b *bench) startBoth() (ours, theirs time.Duration, err error) {
	port, err := server.FreePort()
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	s, err := server.Start(b.binary, b.dir("start"), port, io.Discard)
	if err != nil {
		return 0, 0, err
	}
	err = answers(port)
	ours = time.Since(began)
	s.Kill()
	if err != nil {
		return 0, 0, err
	}
	began = time.Now()
	y, err := b.startBare("-file", filepath.Join(b.dir("start"), "sallyport.db"))
	if err != nil {
		return 0, 0, err
	}
	err = answers(y.port)
	theirs = time.Since(began)
	y.stop()
	return ours, theirs, err
}

func (b *bench) binarySize() error {
	info, err := os.Stat(b.binary)
	if err != nil {
		return err
	}
	f, err := elf.Open(b.binary)
	if err != nil {
		return err
	}
	defer f.Close()
	static := !slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
	mib := float64(info.Size()) / (1 << 20)
	b.add(finding{what: "The binary", value: fmt.Sprintf("%.0f MiB, static: %v", mib, static), goal: "< 40 MiB, static", within: mib < 40 && static, how: "built without cgo as `make build` does"})
	return nil
}
