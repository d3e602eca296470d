package app_test

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sallyport/internal/app"
	"sallyport/internal/control"
)

// answer is what came back for a GET, with a header that the request carried.
func answer(t *testing.T, url, header, value string) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(header, value)
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

func square(t *testing.T, side int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var img = regexp.MustCompile(`<img [^>]*src="([^"]*)"[^>]* alt="Sallyport">`)

// TestLogoAtTheDoor: a command beside the running server sets the logo, and the very next page has it.
func TestLogoAtTheDoor(t *testing.T) {
	cfg := configure(t, nil)
	a, _ := running(t, cfg, quiet())
	command, done, err := app.Command(t.Context(), cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	call := func(name string, in any) {
		t.Helper()
		if err := command.Call(t.Context(), name, in, nil); err != nil {
			t.Fatal(err)
		}
	}
	none := func() {
		t.Helper()
		if resp, _ := answer(t, a.URL()+"/logo", "Accept", "image/*"); resp.StatusCode != 404 {
			t.Errorf("without a logo: %d", resp.StatusCode)
		}
		if _, page := get(t, a.URL()+"/sign-in"); !strings.Contains(page, "door-mark") || strings.Contains(page, "<img") {
			t.Error("no letter at the door without a logo")
		}
	}
	none()
	tags := map[string]bool{}
	for _, side := range []int{32, 64} {
		file := square(t, side)
		call("policy/logo/set", control.Picture{File: file})
		_, page := get(t, a.URL()+"/sign-in")
		src := img.FindStringSubmatch(page)
		if src == nil || strings.Contains(page, "door-mark") {
			t.Fatalf("no logo at the door:\n%s", page)
		}
		resp, body := answer(t, a.URL()+src[1], "Accept", "image/*")
		tag := resp.Header.Get("ETag")
		if resp.StatusCode != 200 || !bytes.Equal(body, file) || tags[tag] || len(tag) != 18 || tag[0] != '"' {
			t.Fatalf("%d, %d bytes, ETag %s", resp.StatusCode, len(body), tag)
		}
		tags[tag] = true
		for name, want := range map[string]string{"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"} {
			if got := resp.Header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s is %q", name, got)
			}
		}
		for old := range tags {
			want := http.StatusOK
			if old == tag {
				want = http.StatusNotModified
			}
			if resp, body := answer(t, a.URL()+"/logo", "If-None-Match", old); resp.StatusCode != want || want != 200 && len(body) > 0 {
				t.Errorf("asked whether %s is still the one: %d", old, resp.StatusCode)
			}
		}
	}
	if resp, page := answer(t, a.URL()+"/nowhere", "Accept", "text/html"); resp.StatusCode != 404 || strings.Contains(string(page), "<img") || !strings.Contains(string(page), "mistyped") {
		t.Errorf("the error page looks for a logo, or says nothing: %d\n%s", resp.StatusCode, page)
	}
	call("policy/logo/remove", control.None{})
	none()
}

// TestLogoOutlastsTheServer: it is in the database, and so in each backup of it.
func TestLogoOutlastsTheServer(t *testing.T) {
	cfg := configure(t, nil)
	_, stop := running(t, cfg, quiet())
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	command, done, err := app.Command(t.Context(), cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	var copied bytes.Buffer
	if err := command.Call(t.Context(), "policy/logo/set", control.Picture{File: square(t, 40)}, nil); err != nil {
		t.Fatal(err)
	}
	if err := command.Backup(t.Context(), &copied); err != nil {
		t.Fatal(err)
	}
	if err := done(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cfg.Data, "sallyport.db"), copied.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := app.AcceptRestore(t.Context(), cfg, quiet()); err != nil {
		t.Fatal(err)
	}
	again, _ := running(t, cfg, quiet())
	if code, body := get(t, again.URL()+"/logo"); code != 200 || body != string(square(t, 40)) {
		t.Errorf("%d, %d bytes", code, len(body))
	}
}
