package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"sallyport/internal/testkit/server"
)

// buildBare builds the yardsticks the way the real binary is built.
func (b *bench) buildBare() error {
	b.yardstick, b.point, b.alone = filepath.Join(b.folder, "bare"), filepath.Join(b.folder, "point"), filepath.Join(b.folder, "alone")
	cmd := exec.CommandContext(b.ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", b.folder+"/", "sallyport/bench/bare", "sallyport/bench/point", "sallyport/bench/alone")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// bare is a running yardstick.
type bare struct {
	cmd  *exec.Cmd
	port int
}

// startBare runs the yardstick with arguments of its own. It does not wait until it answers.
func (b *bench) startBare(args ...string) (*bare, error) { return startYardstick(b.yardstick, args...) }

func startYardstick(program string, args ...string) (*bare, error) {
	port, err := server.FreePort()
	if err != nil {
		return nil, err
	}
	run := &bare{cmd: exec.Command(program, append(args, "-port", strconv.Itoa(port))...), port: port}
	run.cmd.Stderr = os.Stderr
	return run, run.cmd.Start()
}

func (b *bare) stop() {
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait()
}

// answers waits until something answers GET /session on port.
func answers(port int) error {
	client := &http.Client{Transport: server.NewTransport(port), Timeout: time.Second}
	defer client.CloseIdleConnections()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		a, err := client.Get("http://localhost:" + strconv.Itoa(port) + "/session")
		if err == nil {
			return a.Body.Close()
		}
		<-time.After(200 * time.Microsecond)
	}
	return fmt.Errorf("nothing answers on port %d", port)
}
