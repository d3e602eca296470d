package main

import "runtime/debug"

// version is set by the build of a release: -ldflags "-X main.version=1.2.3".
var version = ""

type versionCommand struct{}

// Run prints the version, from the build or from what the go command recorded.
func (c *versionCommand) Run(s *session) error {
	v, info := version, ""
	if b, ok := debug.ReadBuildInfo(); ok {
		info = b.GoVersion
		if v == "" {
			v = b.Main.Version
		}
	}
	if v == "" {
		v = "(devel)"
	}
	s.printf("sallyport %s %s\n", v, info)
	return nil
}
