package main

import (
	"os"

	"sallyport/internal/app"
)

// hashCommand is what a server runs beside itself; see app.Hash.
type hashCommand struct{}

// Run computes password hashes until the server that asks for them is gone.
func (hashCommand) Run(*session) error { return app.Hash() }

// running is this very program on Linux, even where its file was replaced by a newer one.
const running = "/proc/self/exe"

// hashes is the command line of hashCommand. It is empty where this program's file cannot be found out, as in a root of its
// own without /proc: hashes are computed in the server then.
func hashes() []string { return hashesBy(running) }

func hashesBy(self string) []string {
	if _, err := os.Stat(self); err != nil {
		if self, err = os.Executable(); err != nil {
			return nil
		}
		if _, err = os.Stat(self); err != nil {
			return nil
		}
	}
	return []string{self, "hash-passwords"}
}
