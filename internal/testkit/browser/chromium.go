package browser

import (
	"context"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// This file is the only one that speaks to chromedp and the DevTools protocol.

// startChromium starts a browser with a new profile. Every host name leads to loopback, so nothing can leave the machine.
func startChromium(path, profile string) (context.Context, context.CancelFunc, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.NoSandbox,
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("no-first-run", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("no-proxy-server", true), chromedp.Flag("lang", "en-GB"),
		chromedp.Flag("host-resolver-rules", "MAP * 127.0.0.1"), chromedp.Flag("font-render-hinting", "none"),
		// The last two are pages of the address bar, which nobody sees here, and which take a third of the browser's work.
		chromedp.Flag("disable-features", "Translate,AutofillServerCommunication,PasswordManagerOnboarding,WebUIOmniboxPopup,WebUIOmniboxAimPopup"),
		chromedp.WSURLReadTimeout(60*time.Second),
	)
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	err := chromedp.Do(ctx)
	return ctx, func() { stop(); stopAllocator(); os.RemoveAll(profile) }, err
}

// newIsolated makes a set of cookies and storage of its own in the running browser, with one empty tab.
func newIsolated(parent context.Context) (context.Context, context.CancelFunc, error) {
	ctx, stop := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	return ctx, stop, chromedp.Do(ctx)
}

// tab is one page of the browser, and what was seen of it so far.
type tab struct {
	ctx context.Context

	mu       sync.Mutex
	loading  bool
	changed  chan struct{} // closed and renewed whenever loading ends
	main     cdp.FrameID
	status   int64    // its HTTP status
	urls     []string // of every request
	problems []string // broken policies and exceptions
}

func newTab(parent context.Context) (*tab, context.CancelFunc, error) {
	ctx, stop := chromedp.NewContext(parent)
	t := &tab{ctx: ctx, changed: make(chan struct{})}
	if err := chromedp.Do(ctx); err != nil {
		return t, stop, err
	}
	t.main = cdp.FrameID(chromedp.FromContext(ctx).Target.TargetID)
	return t, stop, chromedp.Listen(ctx, t.saw)
}

// saw notes an event. It runs on the goroutine that reads from the browser, in the order of what happened, and before
// the answer to any command that followed.
func (t *tab) saw(event any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case *page.EventFrameRequestedNavigation:
		t.loading = t.loading || e.FrameID == t.main && e.Disposition == page.ClientNavigationDispositionCurrentTab
	case *page.EventFrameStartedLoading:
		t.loading = t.loading || e.FrameID == t.main
	case *page.EventFrameStoppedLoading:
		if e.FrameID == t.main && t.loading {
			t.loading = false
			close(t.changed)
			t.changed = make(chan struct{})
		}
	case *network.EventRequestWillBeSent:
		t.urls = append(t.urls, e.Request.URL)
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument && e.FrameID == t.main {
			t.status = e.Response.Status
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source == log.EntrySourceSecurity {
			t.problems = append(t.problems, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		t.problems = append(t.problems, exceptionText(e.ExceptionDetails))
	}
}

func exceptionText(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

// settled waits until no navigation is on its way.
func (t *tab) settled(ctx context.Context) error {
	// An answer to any command comes after every event that the command before it caused.
	if _, err := evaluate[int](ctx, t, "0"); err != nil && ctx.Err() != nil {
		return err
	}
	for {
		t.mu.Lock()
		loading, changed := t.loading, t.changed
		t.mu.Unlock()
		if !loading {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// within gives ctx the browser tab to work on.
func (t *tab) within(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.ctx, d)
}

func evaluate[T any](ctx context.Context, _ *tab, script string) (T, error) {
	return chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
}

// evaluateApart runs two scripts in a world of their own, where the page's Content-Security-Policy does not reach.
func evaluateApart[T any](ctx context.Context, t *tab, library, script string) (T, error) {
	var none T
	world, err := chromedp.Call(ctx, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: t.main, WorldName: "looking on"})
	if err != nil {
		return none, err
	}
	inWorld := func(p *runtime.EvaluateParams) { p.ContextID = world.ExecutionContextID }
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](library, inWorld)); err != nil {
		return none, err
	}
	return chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise, inWorld))
}

func navigate(ctx context.Context, url string) (string, error) {
	answer, err := chromedp.Call(ctx, page.Navigate, page.NavigateParams{URL: url})
	return answer.ErrorText, err
}

func clickAt(ctx context.Context, x, y float64) error {
	return chromedp.Do(ctx, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y), chromedp.MouseClickXY(x, y))
}

func insertText(ctx context.Context, text string) error {
	_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
	return err
}

var keys = map[string]string{"Tab": kb.Tab, "Enter": kb.Enter, "Escape": kb.Escape, "Space": " ", "Backspace": kb.Backspace,
	"Delete": kb.Delete, "ArrowDown": kb.ArrowDown, "ArrowUp": kb.ArrowUp, "ArrowLeft": kb.ArrowLeft,
	"ArrowRight": kb.ArrowRight, "Home": kb.Home, "End": kb.End}

var modifiers = map[string]chromedp.Modifier{"Shift": chromedp.ModifierShift, "Control": chromedp.ModifierCtrl, "Alt": chromedp.ModifierAlt}

// pressKey presses a key named as in keys, or a single character, with modifiers before it ("Shift+Tab").
func pressKey(ctx context.Context, name string) error {
	var options []chromedp.KeyOption
	for {
		modifier, rest, found := strings.Cut(name, "+")
		if !found || modifier == "" {
			break
		}
		options = append(options, chromedp.KeyModifiers(modifiers[modifier]))
		name = rest
	}
	if key, named := keys[name]; named {
		name = key
	}
	return chromedp.Do(ctx, chromedp.KeyEvent(name, options...))
}

func typeKeys(ctx context.Context, text string) error {
	return chromedp.Do(ctx, chromedp.KeyEvent(text))
}

// look sets the size of the window and the colour scheme. Movement is always reduced.
func look(ctx context.Context, width, height int64, dark bool) error {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
	if err != nil {
		return err
	}
	_, err = chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1})
	return err
}

// picture takes the whole page, at most 6,000 pixels of it, as PNG.
func picture(ctx context.Context) ([]byte, error) {
	size, err := chromedp.Call(ctx, page.GetLayoutMetrics, cdp.Empty{})
	if err != nil {
		return nil, err
	}
	beyond := true
	shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &beyond,
		Clip: &page.Viewport{Width: float64(size.CSSLayoutViewport.ClientWidth), Height: min(size.CSSContentSize.Height, 6000), Scale: 1}})
	return shot.Data, err
}

func disableScripts(ctx context.Context, off bool) error {
	_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off})
	return err
}

func trustCertificates(ctx context.Context) error {
	_, err := chromedp.Call(ctx, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
	return err
}

func cookies(ctx context.Context) ([]*network.Cookie, error) {
	answer, err := chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{})
	return answer.Cookies, err
}

// putFiles sets the files of the file field that script evaluates to.
func putFiles(ctx context.Context, script string, files []string) error {
	element, err := chromedp.Run(ctx, chromedp.Evaluate[*runtime.RemoteObject](script))
	if err != nil {
		return err
	}
	_, err = chromedp.Call(ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: files, ObjectID: element.ObjectID})
	return err
}
