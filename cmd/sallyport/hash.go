package main

import (
	"os"
	"runtime"

	"sallyport/internal/app"
)

// hashCommand is what a server runs beside itself; see app.Hash.
type hashCommand struct{}

// Run computes password hashes until the server that asks for them is gone.
func (hashCommand) Run(*session) error { return app.Hash() }

// hashes is the command line of hashCommand: this very program, even where its file was replaced by a newer one. It is
// empty where it cannot be found out.
func hashes() []string {
	self := "/proc/self/exe"
	if runtime.GOOS != "linux" {
		var err error
		if self, err = os.Executable(); err != nil {
			return nil
		}
	}
	return []string{self, "hash-passwords"}
}
