package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"sallyport/internal/testkit/postgres"
	"sallyport/internal/testkit/server"
	"sallyport/internal/testkit/team"
)

// database is a private PostgreSQL of one measurement. It keeps every promise of durability.
type database struct {
	*postgres.Server
	pid int
}

func startDatabase(settings ...string) (*database, error) {
	s, err := postgres.Run(append([]string{"max_connections = 200"}, settings...)...)
	if err != nil {
		return nil, err
	}
	d := &database{Server: s}
	if d.pid, err = s.PID(); err != nil {
		s.Stop()
	}
	return d, err
}

// create makes an empty database and returns its address.
func (d *database) create(name string) (string, error) {
	return d.URL(name), d.Exec("postgres", `CREATE DATABASE `+name+` TEMPLATE template0`)
}

// cpu is the processor time of all of PostgreSQL's processes, those that have ended among them.
func (d *database) cpu() (time.Duration, error) {
	alive, err := server.CPU(d.pid)
	if err != nil {
		return 0, err
	}
	ended, err := endedChildren(d.pid)
	return alive + ended, err
}

// tick is the unit of the kernel's process accounts.
const tick = 10 * time.Millisecond

// endedChildren is the processor time of a process's children that have ended (proc(5), cutime and cstime).
func endedChildren(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	const user = 13 // after the name and counted from 0
	if len(fields) < user+2 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	total := time.Duration(0)
	for _, field := range fields[user : user+2] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(n) * tick
	}
	return total, nil
}

// clock reads a sum of processor times.
type clock func() (time.Duration, error)

func together(clocks ...clock) clock {
	return func() (total time.Duration, err error) {
		for _, c := range clocks {
			one, err := c()
			if err != nil {
				return 0, err
			}
			total += one
		}
		return total, nil
	}
}

// place is where a server of a measurement keeps its data: the folder's name, and PostgreSQL's address or nothing.
type place struct{ name, address string }

// serveAt makes a data folder, lets fill put people into it, and starts the server on it, with env beside the usual.
func (b *bench) serveAt(at place, fill func(*team.Folder) error, env ...string) (*server.Server, error) {
	f, err := team.MakeOn(b.ctx, b.dir(at.name), at.address)
	if err != nil {
		return nil, err
	}
	if fill != nil {
		err = fill(f)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	return b.startAt(at, env...)
}

// startAt starts the server on a folder that is there.
func (b *bench) startAt(at place, env ...string) (*server.Server, error) {
	if at.address != "" {
		env = append(env, "SALLYPORT_DATABASE="+at.address)
	}
	port, err := server.FreePort()
	if err != nil {
		return nil, err
	}
	s, err := server.Start(b.binary, b.dir(at.name), port, &b.said, env...)
	if err != nil {
		return nil, err
	}
	if err := s.Ready(b.ctx); err != nil {
		s.Kill()
		return nil, err
	}
	return s, nil
}
