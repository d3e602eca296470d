package browser

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"sallyport/internal/testkit/need"
)

// patience is how long anything may take before a test gives up on it. It is no measure of speed.
const patience = 30 * time.Second

// process is the one Chromium of this test binary.
var process struct {
	sync.Mutex
	ctx    context.Context
	stop   context.CancelFunc
	shared bool // Main will stop it
}

// Main runs the tests of a package with one shared Chromium, which starts with the first New and ends with the last
// test: func TestMain(m *testing.M) { os.Exit(browser.Main(m)) }. Without it each test starts and stops its own.
func Main(m *testing.M) int {
	process.shared = true
	code := m.Run()
	process.Lock()
	defer process.Unlock()
	if process.stop != nil {
		process.stop()
	}
	return code
}

// Browser is one person's browser: its cookies are its own. It ends with its test.
type Browser struct {
	t   testing.TB
	ctx context.Context
}

// New opens a browser for the test. Where no Chromium is installed the test is skipped, or fails when nothing may be
// left out.
func New(t testing.TB) *Browser {
	t.Helper()
	path := need.Program(t, "chromium", "chromium-browser", "google-chrome")
	process.Lock()
	defer process.Unlock()
	parent := process.ctx
	if parent == nil {
		ctx, stop, err := start(path)
		if err != nil {
			t.Fatalf("chromium does not start: %v", err)
		}
		parent = ctx
		if process.shared {
			process.ctx, process.stop = ctx, stop
		} else {
			t.Cleanup(stop)
		}
	}
	ctx, stop, err := newIsolated(parent)
	if err != nil {
		t.Fatalf("a new browser does not open: %v", err)
	}
	t.Cleanup(stop)
	return &Browser{t: t, ctx: ctx}
}

func start(path string) (context.Context, context.CancelFunc, error) {
	profile, err := os.MkdirTemp("", "sallyport-browser-")
	if err != nil {
		return nil, nil, fmt.Errorf("profile folder: %w", err)
	}
	return startChromium(path, profile)
}

// Page opens a tab of 1280 by 900 pixels in light colours. It fails the test at the end when a page in it broke its
// Content-Security-Policy or threw an exception.
func (b *Browser) Page() *Page {
	b.t.Helper()
	tab, stop, err := newTab(b.ctx)
	if err != nil {
		b.t.Fatalf("a new tab does not open: %v", err)
	}
	p := &Page{t: b.t, tab: tab}
	b.t.Cleanup(func() { p.close(stop) })
	p.View(1280, false)
	return p
}

func (p *Page) close(stop context.CancelFunc) {
	if p.t.Failed() {
		p.keepPicture()
	}
	for _, problem := range p.Problems() {
		p.t.Errorf("the browser complains: %s", problem)
	}
	stop()
}
