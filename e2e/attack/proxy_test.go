package attack

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"sallyport"
	"sallyport/internal/control"
	"sallyport/internal/testkit/need"
)

// greedy is an nginx that asks for the session before it shows a page, and stores every answer that it may.
const greedy = `daemon off; master_process off; pid nginx.pid; error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
	proxy_cache_path stored keys_zone=all:1m;
	proxy_cache all; proxy_cache_valid any 1h; proxy_cache_key "$proxy_host $http_cookie";
	server {
		listen %[1]s;
		root pages;
		auth_request_set $stored $upstream_cache_status;
		add_header Stored $stored always;
		location /door/ { auth_request /session; }
		location /lax/ { auth_request /anybody; }
		location = /session { internal; proxy_pass %[2]s/session; proxy_set_header Host %[3]s; }
		location = /anybody { internal; proxy_pass %[4]s; }
	}
}
`

// TestD2_10: behind nginx with its store switched on no answer to a session check is stored: who was signed out is refused by
// the next request. An answer without our headers is stored by the same nginx.
func TestD2_10(t *testing.T) {
	program := need.Program(t, "nginx")
	h, mara, _ := staffed(t, sallyport.MethodApp, plan{})
	var asked atomic.Int64
	lax := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(lax.Close)
	folder, address := t.TempDir(), h.free()
	for _, page := range []string{"door", "lax"} {
		h.check(os.MkdirAll(filepath.Join(folder, "pages", page), 0o755))
		h.check(os.WriteFile(filepath.Join(folder, "pages", page, "page.txt"), []byte("inside"), 0o644))
	}
	h.check(os.WriteFile(filepath.Join(folder, "nginx.conf"), fmt.Appendf(nil, greedy, address, h.bases[0], h.public.Host, lax.URL), 0o644))
	var said strings.Builder
	nginx := exec.Command(program, "-p", folder, "-c", "nginx.conf", "-e", "stderr")
	nginx.Stderr = &said
	h.check(nginx.Start())
	stop := func() { _, _ = nginx.Process.Kill(), nginx.Wait() }
	t.Cleanup(stop)
	h.eventually("nginx listens", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	ask := func(page string) (int, string) {
		r, err := http.NewRequest(http.MethodGet, "http://"+address+"/"+page+"/page.txt", nil)
		h.check(err)
		r.AddCookie(&http.Cookie{Name: mara.name(""), Value: mara.session()})
		resp, err := connections.RoundTrip(r)
		h.check(err)
		h.check(resp.Body.Close())
		return resp.StatusCode, resp.Header.Get("Stored")
	}
	for n := range 3 {
		if status, stored := ask("door"); status != http.StatusOK || stored != "MISS" {
			stop()
			t.Fatalf("signed in: %d, %q\n%s", status, stored, said.String())
		}
		if status, stored := ask("lax"); status != http.StatusOK || n > 0 && stored != "HIT" || asked.Load() != 1 {
			t.Errorf("nginx stores nothing: nothing is tested (%d, %q, asked %d times)", status, stored, asked.Load())
		}
	}
	h.check(h.host.Call(t.Context(), "technician/sign-out", control.User{User: "mara@northwind.example"}, nil))
	if status, stored := ask("door"); status != http.StatusUnauthorized {
		t.Errorf("signed out: %d, %q", status, stored)
	}
	if status, _ := ask("lax"); status != http.StatusOK || asked.Load() != 1 {
		t.Errorf("the answer that may be stored: %d, asked %d times", status, asked.Load())
	}
}
