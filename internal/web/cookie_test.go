package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport"
)

// TestD4_3: two cookies of one name, long, quoted and non-ASCII ones.
func TestD4_3(t *testing.T) {
	c, err := NewCookies(public)
	if err != nil {
		t.Fatal(err)
	}
	good, other := sallyport.NewToken().Reveal(), sallyport.NewToken().Reveal()
	name := c.Session.Name
	for title, tc := range map[string]struct {
		lines []string
		found bool
	}{
		"one":              {[]string{name + "=" + good}, true},
		"among others":     {[]string{"a=b; " + name + "=" + good + ";c"}, true},
		"without a space":  {[]string{"a=b;" + name + "=" + good}, true},
		"in a second line": {[]string{"a=b", name + "=" + good}, true},
		"twice":            {[]string{name + "=" + good + "; " + name + "=" + other}, false},
		"twice the same":   {[]string{name + "=" + good + "; " + name + "=" + good}, false},
		"in two lines":     {[]string{name + "=" + good, name + "=" + other}, false},
		"good and bad":     {[]string{name + "=" + good + "; " + name + "=x"}, false},
		"good and empty":   {[]string{name + "=; " + name + "=" + good}, false},
		"8 KiB":            {[]string{name + "=" + strings.Repeat("a", 8192)}, false},
		"quoted":           {[]string{name + `="` + good + `"`}, false},
		"non-ASCII":        {[]string{name + "=" + good[:42] + "é"}, false},
		"short":            {[]string{name + "=" + good[:42]}, false},
		"another case":     {[]string{strings.ToUpper(name) + "=" + good}, false},
		"longer name":      {[]string{name + "x=" + good}, false},
		"none":             {nil, false},
	} {
		r := &http.Request{Header: http.Header{"Cookie": tc.lines}}
		if got, ok := c.Session.Read(r); ok != tc.found || ok && got.Reveal() != good {
			t.Errorf("%s: found %v", title, ok)
		}
	}
}

func FuzzCookie(f *testing.F) {
	f.Add("a=b; __Host-sallyport=" + strings.Repeat("a", 43))
	f.Fuzz(func(t *testing.T, line string) {
		v := scan([]string{line}, "__Host-sallyport")
		if v != "" && (len(v) != 43 || strings.Count(line, "__Host-sallyport="+v) != 1) {
			t.Errorf("%q: %q", line, v)
		}
	})
}

func TestCookieScanDoesNotAllocate(t *testing.T) {
	lines := []string{"theme=dark; a=b; __Host-sallyport=" + sallyport.NewToken().Reveal()}
	if n := testing.AllocsPerRun(100, func() { scan(lines, "__Host-sallyport") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestD4_2: the attributes of every cookie.
func TestD4_2(t *testing.T) {
	for address, want := range map[string][]string{
		public:                  {"__Host-sallyport", "__Host-sallyport-signin", "__Host-sallyport-device"},
		"http://localhost:8080": {"sallyport-8080", "sallyport-signin-8080", "sallyport-device-8080"},
		"http://localhost":      {"sallyport-80", "sallyport-signin-80", "sallyport-device-80"},
	} {
		all, err := NewCookies(address)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range []Cookie{all.Session, all.SignIn, all.Device} {
			h := http.Header{}
			w := headerOnly{h}
			c.Set(w, sallyport.NewToken())
			c.Clear(w)
			got := (&http.Response{Header: h}).Cookies()
			if len(got) != 2 || got[1].MaxAge >= 0 || got[1].Value != "" {
				t.Fatalf("%s: %v", c.Name, got)
			}
			for _, g := range got {
				if g.Name != want[i] || g.Path != "/" || g.Domain != "" || !g.HttpOnly || g.SameSite != http.SameSiteLaxMode || g.Secure != strings.HasPrefix(address, "https") {
					t.Errorf("%s", g)
				}
			}
			if life := time.Duration(got[0].MaxAge) * time.Second; (i == 2) != (life == 365*24*time.Hour) {
				t.Errorf("%s lives %s", c.Name, life)
			}
		}
	}
	if _, err := NewCookies("ftp://x"); err == nil {
		t.Error("ftp")
	}
}

type headerOnly struct{ h http.Header }

func (w headerOnly) Header() http.Header { return w.h }

func (headerOnly) Write(b []byte) (int, error) { return len(b), nil }

func (headerOnly) WriteHeader(int) {}
