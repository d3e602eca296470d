package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"sallyport/internal/factor"
)

// states of a browser.
const (
	stateStarting = "starting"
	stateIn       = "in"
	stateOut      = "out"  // was let in, and is not any more
	stateDoor     = "door" // a sign-in waits for something
)

// askEvery is the pause between two questions of one browser.
const askEvery = 15 * time.Millisecond

// pane is one browser as the workbench shows it.
type pane struct {
	Name    string
	State   string
	Words   string
	After   string // milliseconds from Save to the first refusal
	Asked   int    // questions answered with yes
	LastYes time.Time
}

// browsers are the three live browsers of one technician.
type browsers struct {
	who     member
	team    []member
	record  *record
	all     []*browser
	codes   func(context.Context, time.Time) string
	changed func()
	again   chan struct{} // sign in again, please

	mu    sync.Mutex
	panes []pane
}

func newBrowsers(base string, t *team, rec *record) (*browsers, error) {
	b := &browsers{who: t.live(), team: t.members, record: rec, again: make(chan struct{}, 1)}
	for _, a := range agents {
		one, err := newBrowser(base, a.name, a.agent)
		if err != nil {
			return nil, err
		}
		b.all = append(b.all, one)
		b.panes = append(b.panes, pane{Name: a.name, State: stateStarting, Words: "Signing in…"})
	}
	return b, nil
}

// run signs all browsers in, one after the other, and watches each until ctx ends; signAgain begins anew with those
// that are out.
func (b *browsers) run(ctx context.Context) {
	var watching sync.WaitGroup
	defer watching.Wait()
	for {
		for i := range b.all {
			if s := b.pane(i).State; s == stateIn || ctx.Err() != nil {
				continue
			}
			if b.signIn(ctx, i) {
				watching.Go(func() { b.watch(ctx, i) })
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-b.again:
		}
	}
}

// signAgain asks run to sign in those that are out.
func (b *browsers) signAgain() {
	select {
	case b.again <- struct{}{}:
	default:
	}
}

func (b *browsers) signIn(ctx context.Context, i int) bool {
	b.set(i, func(p *pane) { p.State, p.Words, p.After, p.Asked = stateStarting, "Signing in…", "", 0 })
	err := b.all[i].signIn(ctx, b.who, func(ctx context.Context, since time.Time) string {
		b.set(i, func(p *pane) { p.Words = "Waiting for a code…" })
		return b.codes(ctx, since)
	})
	if err == nil {
		b.set(i, func(p *pane) { p.State, p.Words = stateIn, "Signed in" })
		return true
	}
	words := "The door does not answer."
	if errors.Is(err, errAtDoor) {
		words = strings.ToUpper(err.Error()[:1]) + err.Error()[1:]
	}
	b.set(i, func(p *pane) { p.State, p.Words = stateDoor, words })
	return false
}

// watch asks one browser's question again and again, until the answer is no.
func (b *browsers) watch(ctx context.Context, i int) {
	pause := time.NewTicker(askEvery)
	defer pause.Stop()
	shown := time.Time{}
	for {
		in, err := b.all[i].signedIn(ctx)
		now := time.Now()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil: // the server is busy or stopping: neither yes nor no
		case in:
			b.yes(i, now, now.Sub(shown) > time.Second)
			if now.Sub(shown) > time.Second {
				shown = now
			}
		default:
			b.refused(ctx, i, now)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
	}
}

func (b *browsers) yes(i int, now time.Time, tell bool) {
	b.mu.Lock()
	b.panes[i].Asked++
	b.panes[i].LastYes = now
	b.mu.Unlock()
	if tell {
		b.changed()
	}
}

// refused paints a browser red at once, and then says after how long and why.
func (b *browsers) refused(ctx context.Context, i int, now time.Time) {
	b.set(i, func(p *pane) { p.State, p.Words, p.After = stateOut, "Signed out", "" })
	e, found, err := b.record.change(ctx, b.who.ID)
	if err != nil || !found || now.Sub(e.At) > time.Minute || now.Before(e.At) {
		return
	}
	words := "Signed out: " + b.nameOf(e.ActorName) + " " + actWords(e.Type)
	after := fmt.Sprintf("%.1f ms after Save", float64(now.Sub(e.At).Microseconds())/1000)
	b.set(i, func(p *pane) { p.Words, p.After = words, after })
}

// nameOf is a team member's name in the place of his user name.
func (b *browsers) nameOf(userName string) string {
	for _, m := range b.team {
		if m.UserName == userName {
			return m.Name()
		}
	}
	return userName
}

func actWords(event string) string {
	switch event {
	case "technician.method.changed":
		return "changed the second factor"
	case "technician.signed-out":
		return "signed this account out everywhere"
	case "technician.deactivated":
		return "deactivated this account"
	case "technician.deleted":
		return "deleted this account"
	}
	return "changed this account"
}

func (b *browsers) pane(i int) pane {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.panes[i]
}

func (b *browsers) set(i int, change func(*pane)) {
	b.mu.Lock()
	change(&b.panes[i])
	b.mu.Unlock()
	b.changed()
}

// show are the panes for the page.
func (b *browsers) show() []pane {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]pane(nil), b.panes...)
}

// codesOf finds the code that a sign-in waits for where a person would: in the inbox, on the phone, in the app. It is
// empty when none comes.
func codesOf(b *bench, who member) func(context.Context, time.Time) string {
	var used int64 // the app's newest step that a browser has given: each works once
	return func(ctx context.Context, since time.Time) string {
		patience := 3 * time.Second
		if b.app.digits(who.UserName, time.Now()) != "" {
			patience += factor.Period
		}
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		for ctx.Err() == nil {
			version, _ := b.bell.now()
			if code := b.sentCode(who, since); code != "" {
				return code
			}
			now := time.Now()
			if step := factor.StepAt(now); step > used {
				if code := b.app.digits(who.UserName, now); code != "" {
					used = step
					return code
				}
			}
			b.bell.wait(ctx, version)
		}
		return ""
	}
}

// sentCode is the code that came by email or text message since a moment.
func (b *bench) sentCode(who member, since time.Time) string {
	for box, to := range map[*box]string{b.inbox: who.Email, b.phone: who.Phone} {
		if m, ok := box.newest(to, since); ok && to != "" {
			if code := sixDigits.FindString(m.Text); code != "" {
				return code
			}
		}
	}
	return ""
}
