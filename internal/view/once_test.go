package view

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sallyport/internal/testkit/browser"
)

// TestFormsAreSentOnce: a second press while the answer is on its way sends nothing; the page that comes can be sent again.
func TestFormsAreSentOnce(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]Page{"door": doors()["code-app"], "desk": desks()["confirm"]}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) {
			came, pressed := make(chan string, 10), make(chan bool)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				w.Header().Set("Content-Security-Policy", policy)
				switch {
				case strings.HasPrefix(req.URL.Path, AssetsPath):
					r.Assets().ServeHTTP(w, req)
				case req.URL.Path == "/pressed":
					close(pressed)
				case req.Method == http.MethodPost:
					came <- req.URL.Path
					<-pressed
					http.Redirect(w, req, "/after", http.StatusSeeOther)
				default:
					if err := r.Render(w, http.StatusOK, page); err != nil {
						t.Error(err)
					}
				}
			}))
			defer s.Close()
			p := browser.New(t).Page()
			p.Open(s.URL + "/before")
			browser.Eval[bool](p, `(() => {
				const press = () => document.querySelector("main form button").click();
				press();
				setTimeout(() => { press(); fetch("/pressed"); }, 50);
				return true;
			})()`)
			p.WaitURL("/after")
			if n := len(came); n != 1 {
				t.Errorf("sent %d times", n)
			}
			browser.Eval[bool](p, `document.querySelector("main form button").click() ?? true`)
			<-came
			<-came
		})
	}
}
