package view

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"sallyport/internal/testkit/browser"
)

func TestMain(m *testing.M) { os.Exit(browser.Main(m)) }

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// gallery serves every page under its name, with the policy of the product.
func gallery(t *testing.T, pages map[string]Page) *httptest.Server {
	t.Helper()
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(AssetsPath, r.Assets())
	mux.HandleFunc("/sign-in/state", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"state":"sending"}`))
	})
	mux.HandleFunc("/logo", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/svg+xml") // the size alone matters here
		_, _ = w.Write([]byte(`<svg xmlns="http://www.w3.org/2000/svg" width="240" height="96"><rect width="240" height="96" fill="#777"/></svg>`))
	})
	mux.HandleFunc("/page/{name}", func(w http.ResponseWriter, req *http.Request) {
		if err := r.Render(w, http.StatusOK, pages[req.PathValue("name")]); err != nil {
			t.Error(err)
		}
	})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		mux.ServeHTTP(w, req)
	}))
	t.Cleanup(s.Close)
	return s
}

// look is a way in which a page is looked at.
type look struct {
	name  string
	width int
	dark  bool
}

// looks are those in which each page is looked at. 320 pixels are 1280 at a zoom of 400 %.
var looks = []look{{"light", 1280, false}, {"dark", 1280, true}, {"narrow", 390, false}, {"narrow-dark", 390, true}, {"zoom", 320, false}}

// lookAt opens each page in Chromium in every look: axe finds nothing, nothing has to be scrolled sideways, and the
// page keeps its own policy. SALLYPORT_PICTURES names a folder for pictures of them all.
func lookAt(t *testing.T, pages map[string]Page) {
	s := gallery(t, pages)
	page := browser.New(t).Page()
	names := make([]string, 0, len(pages))
	for name := range pages {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			page.Open(s.URL + "/page/" + name)
			for _, look := range looks {
				lookOnce(t, page, name, look)
			}
		})
	}
}

func lookOnce(t *testing.T, page *browser.Page, name string, look look) {
	if folder := os.Getenv("SALLYPORT_PICTURES"); folder != "" {
		page.Screenshot(filepath.Join(folder, name+"-"+look.name+".png"), look.width, look.dark)
	} else {
		page.View(look.width, look.dark)
	}
	if page.TooWide() {
		t.Errorf("%s: wider than the window", look.name)
	}
	if strings.HasPrefix(look.name, "narrow") {
		return // the colours are those of the wide looks
	}
	for _, v := range page.Axe() {
		t.Errorf("%s: %s", look.name, v)
	}
}

func TestDoorsLook(t *testing.T) { lookAt(t, doors()) }
