package view

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sallyport/internal/testkit/browser"
)

// TestCopyButtonKeepsItsName: pressed again while it says that it copied, the button is called what it does afterwards.
func TestCopyButtonKeepsItsName(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		if strings.HasPrefix(req.URL.Path, AssetsPath) {
			r.Assets().ServeHTTP(w, req)
			return
		}
		if err := r.Render(w, http.StatusOK, doors()["recovery-codes"]); err != nil {
			t.Error(err)
		}
	}))
	defer s.Close()
	p := browser.New(t).Page()
	p.Open(s.URL)
	copied := browser.Eval[string](p, `(() => {
		window.due = [];
		window.setTimeout = (f) => due.push(f);
		navigator.clipboard.writeText = async (text) => { window.kept = text; };
		window.button = document.querySelector("[data-copy]");
		button.click();
		return button.textContent;
	})()`)
	p.WaitText("Copied")
	browser.Eval[bool](p, `button.click() ?? true`)
	if n := browser.Eval[int](p, `due.length`); n != 2 || copied != "Copy" {
		t.Fatalf("%d presses of %q were answered", n, copied)
	}
	browser.Eval[bool](p, `due.forEach((f) => f()) ?? true`)
	if name := browser.Eval[string](p, `button.textContent`); name != "Copy" || !strings.Contains(browser.Eval[string](p, `kept`), "\n") {
		t.Errorf("the button is called %q", name)
	}
}
