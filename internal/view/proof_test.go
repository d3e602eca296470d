package view

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/puzzle"
	"sallyport/internal/testkit/browser"
)

// without are scripts that run before the page's: one notes that a worker was made, the other leaves none to be made.
var without = map[string]string{
	"/watch.js": `const W = Worker; globalThis.Worker = class extends W { constructor(...a) { super(...a); document.title = "worked"; } };`,
	"/none.js":  `delete globalThis.Worker;`,
}

var proofField = regexp.MustCompile(`name="proof" value="([0-9a-f]*)"`)

// TestProofIsSolved: what the page's script finds is what internal/puzzle asks for, in a worker and, where the browser
// has none, in the page itself.
func TestProofIsSolved(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	// Texts of lengths around the ends of a block of SHA-256.
	for _, c := range []struct{ text, script string }{{strings.Repeat("a", 56), "/watch.js"}, {strings.Repeat("b", 55), "/none.js"}, {strings.Repeat("c", 64), "/watch.js"}} {
		t.Run(c.script, func(t *testing.T) {
			page := SignIn{Door: Door{Organisation: "Northwind IT", Problem: ProblemOf(sallyport.E(sallyport.TooMany, "wait", "Too many tries.").After(time.Minute), noon)}, UserName: "dana", Challenge: &Challenge{Text: c.text, Difficulty: puzzle.Easiest, Parts: puzzle.Parts, Waits: true}}
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				w.Header().Set("Content-Security-Policy", policy)
				if script, ok := without[req.URL.Path]; ok {
					w.Header().Set("Content-Type", "text/javascript")
					_, _ = w.Write([]byte(script))
				} else if req.URL.Path != "/" {
					r.Assets().ServeHTTP(w, req)
				} else if body, err := r.Bytes(page); err != nil {
					t.Error(err)
				} else {
					w.Header().Set("Content-Type", "text/html; charset=utf-8")
					_, _ = w.Write([]byte(strings.Replace(string(body), "<head>", `<head><script src="`+c.script+`"></script>`, 1)))
				}
			}))
			defer s.Close()
			p := browser.New(t).Page()
			p.Open(s.URL)
			p.WaitText("You can try again now.")
			if p.Has("Try again from") {
				t.Error("the page still tells the wait without the work")
			}
			found := proofField.FindStringSubmatch(p.HTML())
			if found == nil || !puzzle.Solved(c.text, found[1], puzzle.Easiest) {
				t.Errorf("%q is no answer", found)
			}
			if worked := strings.Contains(p.HTML(), "<title>worked</title>"); worked != (c.script == "/watch.js") {
				t.Errorf("in a worker: %v", worked)
			}
		})
	}
}

// TestHeldFormSaysSo: a form that was sent before the work was done says what it waits for, also on a page that does not say
// to wait.
func TestHeldFormSaysSo(t *testing.T) {
	endless := SignIn{Door: Door{Organisation: "Northwind IT"}, UserName: "dana", Challenge: &Challenge{Text: "AQ0", Difficulty: 33, Parts: 1}}
	s := gallery(t, map[string]Page{"held": endless})
	p := browser.New(t).Page()
	p.Open(s.URL + "/page/held")
	if p.Has("doing a piece of work") {
		t.Error("said before there is a reason")
	}
	browser.Eval[bool](p, `document.querySelector("main form button.primary").click() ?? true`)
	p.WaitText("This browser is doing a piece of work")
	p.WaitURL("/page/held")
}
