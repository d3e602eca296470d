package app

import (
	"syscall"

	"sallyport/internal/config"
	"sallyport/internal/web"
)

// spareFiles are the files that everything but connections may need: the database, gateways, the socket for commands.
const spareFiles = 128

// bounds are those of the public listener: what the configuration says, or fewer where the process may not open so many
// files.
func bounds(cfg config.Config) web.Bounds {
	all := cfg.Connections
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err == nil && uint64(files.Cur) < uint64(all+spareFiles) {
		all = max(int(files.Cur)-spareFiles, 16)
	}
	return web.Bounds{All: all, Network: max(all/8, 2), Free: cfg.Proxies()}
}
