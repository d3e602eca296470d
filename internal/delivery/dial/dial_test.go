package dial_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/delivery/dial"
)

// names answers look-ups from a list that moves on: the second question may get another answer, as a rebinding
// name's does.
type names struct {
	answers [][]netip.Addr
	asked   atomic.Int32
}

func (n *names) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	i := int(n.asked.Add(1)) - 1
	return n.answers[min(i, len(n.answers)-1)], nil
}

func addrs(list ...string) []netip.Addr {
	var out []netip.Addr
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

func refusedAs(t *testing.T, err error) *sallyport.SendError {
	t.Helper()
	var e *sallyport.SendError
	if !errors.As(err, &e) {
		t.Fatalf("not a send error: %v", err)
	}
	return e
}

// D8.9: inside addresses are refused at dial time in every spelling.
func TestD8_9_Addresses(t *testing.T) {
	d := dial.New(dial.Options{Resolver: &names{answers: [][]netip.Addr{addrs("127.0.0.1")}}})
	for _, host := range []string{
		"127.0.0.1", "127.8.9.10", "::1", "0.0.0.0", "::", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"169.254.169.254", "100.64.0.1", "100.127.255.254", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::169.254.169.254",
		"64:ff9b:1::a00:1", "2002:7f00:1::", "2001:0:7f00:1::", "fe80::1", "fe80::1%lo", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1",
		// Spellings that some resolvers read as addresses; whatever they mean is looked at.
		"2130706433", "0x7f000001", "017700000001", "0177.0.0.1", "127.1", "localhost", "inside.example.com",
	} {
		_, err := d.DialContext(t.Context(), "tcp", net.JoinHostPort(host, "443"))
		if e := refusedAs(t, err); e.Code != "not_allowed" || e.Outcome != sallyport.NotSent {
			t.Errorf("%s: %v", host, err)
		}
		_, err = d.DialPlain(t.Context(), "tcp", net.JoinHostPort(host, "80"))
		if e := refusedAs(t, err); e.Code != "not_allowed" {
			t.Errorf("%s without TLS: %v", host, err)
		}
	}
	for _, network := range []string{"unix", "udp", "ip"} {
		if _, err := d.DialContext(t.Context(), network, "/run/x.sock"); err == nil {
			t.Errorf("%s was dialled", network)
		}
	}
}

func TestPublicAddressesAreOpenButNeedTLS(t *testing.T) {
	d := dial.New(dial.Options{})
	for _, a := range addrs("1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1") {
		if !d.Permits(a) || d.PermitsPlain(a) {
			t.Errorf("%s: permits %v, without TLS %v", a, d.Permits(a), d.PermitsPlain(a))
		}
	}
	if d.Permits(netip.Addr{}) || d.AnyPlain() {
		t.Error("no address, or no network, counts as one")
	}
}

func TestAllowedNetworks(t *testing.T) {
	d := dial.New(dial.Options{Allowed: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("::ffff:192.168.7.0/120")}})
	for a, want := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "192.168.7.9": true, "192.168.8.9": false, "127.0.0.1": false} {
		if got := d.Permits(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s: %v", a, got)
		}
	}
}

// What could never be dialled is known before anything is sent; a name that nobody knows now may be known later.
func TestRefused(t *testing.T) {
	allowed := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}
	for _, c := range []struct {
		host   string
		found  []netip.Addr
		plain  bool
		refuse bool
	}{
		{"10.2.0.1", nil, false, true},
		{"1.1.1.1", nil, false, false},
		{"1.1.1.1", nil, true, true},
		{"10.1.2.3", nil, true, false},
		{"inside.example.com", addrs("10.2.0.1", "fd12::1"), false, true},
		{"both.example.com", addrs("10.2.0.1", "10.1.2.3"), true, false},
		{"later.example.com", nil, true, false},
	} {
		d := dial.New(dial.Options{Allowed: allowed, Resolver: &names{answers: [][]netip.Addr{c.found}}})
		err := d.Refused(t.Context(), c.host, c.plain)
		if (err != nil) != c.refuse || err != nil && !strings.Contains(err.Error(), c.host+": the address is in none of the allowed_networks") {
			t.Errorf("%s, plain %v: %v", c.host, c.plain, err)
		}
	}
}

// Of a name with many addresses both families are tried, in the order of the look-up otherwise: one of them may lead nowhere here.
func TestBothFamiliesAreDialled(t *testing.T) {
	for _, c := range []struct{ found, dialled []string }{
		{[]string{"2606:4700::1", "2606:4700::2", "2606:4700::3", "2606:4700::4", "1.1.1.1", "1.1.1.2"}, []string{"2606:4700::1", "1.1.1.1", "2606:4700::2", "1.1.1.2"}},
		{[]string{"::ffff:1.1.1.1", "2606:4700::1", "1.1.1.2"}, []string{"::ffff:1.1.1.1", "2606:4700::1", "1.1.1.2"}},
		{[]string{"1.1.1.1", "10.0.0.1", "1.1.1.2"}, []string{"1.1.1.1", "1.1.1.2"}},
	} {
		var dialled []string
		d := dial.New(dial.Options{Resolver: &names{answers: [][]netip.Addr{addrs(c.found...)}}})
		d.Deaf(func(address string) {
			host, _, _ := net.SplitHostPort(address)
			dialled = append(dialled, host)
		})
		if _, err := d.DialContext(t.Context(), "tcp", "mail.example.com:587"); err == nil {
			t.Fatal("somebody answered")
		}
		if !slices.Equal(dialled, c.dialled) {
			t.Errorf("of %v were dialled %v, want %v", c.found, dialled, c.dialled)
		}
	}
}

// What only TLS is spoken to is not called inside.
func TestPlainIsNotInside(t *testing.T) {
	d := dial.New(dial.Options{Resolver: &names{answers: [][]netip.Addr{addrs("1.1.1.1", "10.0.0.1")}}})
	_, err := d.DialPlain(t.Context(), "tcp", "mail.example.com:25")
	if e := refusedAs(t, err); e.Code != "not_allowed" || !strings.Contains(e.Hint, "choose TLS") || strings.Contains(e.Hint, "inside") {
		t.Errorf("got %v, %s", err, e.Hint)
	}
	_, err = d.DialPlain(t.Context(), "tcp", "10.0.0.1:25")
	if e := refusedAs(t, err); e.Code != "not_allowed" || !strings.Contains(e.Hint, "inside") {
		t.Errorf("got %v, %s", err, e.Hint)
	}
}

// D8.9: a name that changes its mind between look-up and dialling leads nowhere: there is one look-up, and each socket's
// address is judged again when it is dialled. What was found here is permitted each time, and what is dialled is not.
func TestD8_9_Rebinding(t *testing.T) {
	target := &counted{Listener: listen(t)}
	go func() { _ = http.Serve(target, nil) }()
	tcp := target.Addr().String()
	datagrams, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer datagrams.Close()
	for name, c := range map[string]struct {
		found string
		to    string
		dial  func(*dial.Dialer, string) (net.Conn, error)
	}{
		"with TLS":    {"1.1.1.1", tcp, func(d *dial.Dialer, a string) (net.Conn, error) { return d.DialContext(t.Context(), "tcp", a) }},
		"without TLS": {"10.1.2.3", tcp, func(d *dial.Dialer, a string) (net.Conn, error) { return d.DialPlain(t.Context(), "tcp", a) }},
		"datagrams": {"10.1.2.3", datagrams.LocalAddr().String(), func(d *dial.Dialer, a string) (net.Conn, error) {
			return d.DialUDP(t.Context(), "udp", a)
		}},
	} {
		n := &names{answers: [][]netip.Addr{addrs(c.found), addrs("127.0.0.1")}}
		d := dial.New(dial.Options{Resolver: n, Allowed: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}})
		d.Divert(c.to)
		conn, err := c.dial(d, "rebind.example.com:443")
		if err == nil {
			conn.Close()
			t.Errorf("%s: dialled %s", name, conn.RemoteAddr())
		} else if e := refusedAs(t, err); e.Code != "not_allowed" || e.Outcome != sallyport.NotSent || !e.Permanent {
			t.Errorf("%s: %v", name, err)
		}
		if n.asked.Load() != 1 {
			t.Errorf("%s: the name was looked up %d times", name, n.asked.Load())
		}
	}
	n := &names{answers: [][]netip.Addr{addrs("1.1.1.1")}}
	d := dial.New(dial.Options{Resolver: n})
	d.Divert(tcp)
	if resp, err := get(t, d.Client(nil), "https://rebind.example.com/"); err == nil {
		resp.Body.Close()
		t.Error("the client: it was asked")
	} else if e := refusedAs(t, err); e.Code != "not_allowed" {
		t.Errorf("the client: %v", err)
	}
	if n := target.taken.Load(); n != 0 {
		t.Errorf("the inside took %d connections", n)
	}
	n = &names{answers: [][]netip.Addr{addrs("127.0.0.1", "10.0.0.1", "::1")}}
	_, err = dial.New(dial.Options{Resolver: n}).DialContext(t.Context(), "tcp", "inside.example.com:443")
	if refusedAs(t, err).Code != "not_allowed" {
		t.Errorf("got %v", err)
	}
}

// counted is a listener that counts what it takes.
type counted struct {
	net.Listener
	taken atomic.Int32
}

func (c *counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.taken.Add(1)
	}
	return conn, err
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func get(t *testing.T, c *http.Client, address string) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	return c.Do(r)
}

// D8.9: neither a redirect nor another scheme leads elsewhere.
func TestD8_9_Client(t *testing.T) {
	var visited atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visited.Add(1) }))
	defer inside.Close()
	redirects := httptest.NewServer(http.RedirectHandler(inside.URL+"/admin", http.StatusTemporaryRedirect))
	defer redirects.Close()
	c := dial.New(dial.Options{Allowed: loopback}).Client(nil)
	resp, err := get(t, c, redirects.URL)
	if err != nil || resp.StatusCode != http.StatusTemporaryRedirect {
		t.Fatalf("got %v, %v", resp, err)
	}
	resp.Body.Close()

	guarded := dial.New(dial.Options{Resolver: &names{answers: [][]netip.Addr{addrs("127.0.0.1")}}}).Client(nil)
	for _, address := range []string{inside.URL, "http://sms.example.com:" + inside.URL[strings.LastIndex(inside.URL, ":")+1:],
		"file:///etc/passwd", "gopher://127.0.0.1/", "unix:///run/x.sock", "http://user:pass@127.0.0.1/", "http://1.1.1.1/"} {
		if resp, err := get(t, guarded, address); err == nil {
			resp.Body.Close()
			t.Errorf("%s was asked", address)
		} else if e := refusedAs(t, err); e.Outcome != sallyport.NotSent {
			t.Errorf("%s: %v", address, err)
		}
	}
	if visited.Load() != 0 {
		t.Errorf("the inside was visited %d times", visited.Load())
	}
}

// proxied counts what the proxy of the environment was asked.
var proxied atomic.Int32

// TestMain sets the proxy variables before anything is sent, for net/http reads them once in a process.
func TestMain(m *testing.M) {
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { proxied.Add(1) }))
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
		os.Setenv(name, proxy.URL)
		os.Setenv(strings.ToLower(name), proxy.URL)
	}
	os.Unsetenv("NO_PROXY")
	os.Unsetenv("no_proxy")
	status := m.Run()
	proxy.Close()
	os.Exit(status)
}

// D8.9: a proxy variable leads nowhere, although the proxy is in an allowed network and the target's name is none that
// net/http spares proxies for, as it does loopback.
func TestD8_9_Proxy(t *testing.T) {
	var visited atomic.Int32
	target := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visited.Add(1) })
	plain, secured := httptest.NewServer(target), httptest.NewTLSServer(target)
	defer plain.Close()
	defer secured.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secured.Certificate())
	c := dial.New(dial.Options{Allowed: loopback, Resolver: &names{answers: [][]netip.Addr{addrs("127.0.0.1")}}}).Client(roots)
	before := proxied.Load()
	for _, address := range []string{plain.URL, secured.URL} {
		named := strings.Replace(address, "127.0.0.1", "example.com", 1)
		resp, err := get(t, c, named)
		if err != nil {
			t.Errorf("%s: %v", named, err)
			continue
		}
		resp.Body.Close()
	}
	if n := proxied.Load() - before; n != 0 || visited.Load() != 2 {
		t.Errorf("the proxy was asked %d times, the gateways %d times", n, visited.Load())
	}
}

func TestD8_9_AnswerIsCapped(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 100 {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	resp, err := get(t, dial.New(dial.Options{Allowed: loopback}).Client(nil), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var over *http.MaxBytesError
	if body, err := io.ReadAll(resp.Body); len(body) != 64<<10 || !errors.As(err, &over) {
		t.Errorf("read %d bytes, %v", len(body), err)
	}
}

func TestCertificatesAreChecked(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = nil
	server.StartTLS()
	defer server.Close()
	d := dial.New(dial.Options{Allowed: loopback})
	_, err := get(t, d.Client(nil), server.URL)
	if e := refusedAs(t, err); e.Code != "tls" || e.Outcome != sallyport.NotSent {
		t.Errorf("got %v", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	resp, err := get(t, d.Client(roots), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.TLS == nil && resp.StatusCode != http.StatusNotFound {
		t.Errorf("got %v", resp.Status)
	}
	var _ tls.ConnectionState // the transport does not fill it for connections dialled by hand
}

// A server that is silent where TLS should begin is late, and not one with a wrong certificate.
func TestSilentWhereTLSBegins(t *testing.T) {
	silent := listen(t)
	d := dial.New(dial.Options{Allowed: loopback, Timeout: 50 * time.Millisecond})
	_, err := get(t, d.Client(nil), "https://"+silent.Addr().String())
	if e := refusedAs(t, err); e.Code != "timeout" || e.Outcome != sallyport.NotSent || !strings.Contains(e.Hint, "did not answer in time") {
		t.Errorf("got %v, %s", err, e.Hint)
	}
}

// What broke before the request left was surely not sent; what broke after may have been.
func TestOutcomes(t *testing.T) {
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.ReadAll(r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			conn.Close()
		}
	}))
	defer cut.Close()
	c := dial.New(dial.Options{Allowed: loopback}).Client(nil)
	_, err := get(t, c, cut.URL)
	if e := refusedAs(t, err); e.Outcome != sallyport.MaybeSent {
		t.Errorf("cut off: %v", err)
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	_, err = get(t, c, closed.URL)
	if e := refusedAs(t, err); e.Outcome != sallyport.NotSent || e.Code != "unreachable" {
		t.Errorf("nobody there: %v", err)
	}
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.ReadAll(r.Body) // until then the server does not notice that the client hung up
		<-r.Context().Done()
	}))
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, http.MethodPost, silent.URL, strings.NewReader("x"))
	_, err = c.Do(r)
	if e := refusedAs(t, err); e.Outcome != sallyport.MaybeSent || e.Code != "timeout" {
		t.Errorf("silent: %v", err)
	}
	var u *url.Error
	if !errors.As(err, &u) {
		t.Errorf("not behind a url.Error: %T", err)
	}
}
