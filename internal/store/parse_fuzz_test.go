package store

import (
	"database/sql"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// The address of a database is refused, or leads to places on this machine and to verified TLS alone. No error repeats a
// password.
func FuzzAddress(f *testing.F) {
	for _, a := range []string{"postgres://u:hunter2hunter2@db.example/sallyport", "postgres://u:hunter2hunter2@db.example/x?sslmode=require", "postgresql://u@/x?host=/run/postgresql",
		"postgres://u:hunter2hunter2@127.0.0.1,db.example/x?sslmode=disable", "postgres://u:hunter2hunter2@db.example:port/x", "host=db.example password=hunter2hunter2", "postgres://u:hunter2hunter2@[::1]:5432/x?sslmode=disable",
		"postgres://u:hunter2hunter2@db.example/x?host=127.0.0.1&sslmode=disable", "postgres://u:hunter2hunter2@db.example/x?sslmode=disable&sslmode=verify-full", "postgres://", "postgres://u:%zzhunter2hunter2@h/x",
		"postgres://u:hunter2hunter2@localhost/x?password=hunter2hunter2&hostaddr=10.0.0.1", "postgres://u:hunter2hunter2@h/x?sslrootcert=hunter2hunter2"} {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if u, err := url.Parse(address); err != nil || namesFiles(u.Query()) {
			return // it would read a file of this machine
		}
		cfg, err := postgresConfig(address)
		if err != nil {
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q: the password is in %q", address, err)
			}
			return
		}
		for _, at := range places(cfg) {
			if !local(at.Host) && (at.TLSConfig == nil || at.TLSConfig.InsecureSkipVerify || at.TLSConfig.ServerName != at.Host) {
				t.Errorf("%q goes to %q unverified", address, at.Host)
			}
		}
		if cfg.Database == "" || cfg.RuntimeParams["statement_timeout"] == "" {
			t.Errorf("%q: no database, or no bounds: %v", address, cfg.RuntimeParams)
		}
	})
}

func namesFiles(q url.Values) bool {
	return q.Has("passfile") || q.Has("servicefile") || q.Has("service") || q.Has("sslcert") || q.Has("sslkey")
}

// Stored JSON is what was encoded, or an error; never a part of it.
func FuzzStored(f *testing.F) {
	for _, s := range []string{"", `{"a":"b"}`, `["a"]`, "null", `{"a":1}`, `{"a":"b"} {}`, "{", `{"a":"b","a":"c"}`, `{"\ud800":""}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := decode[map[string]string](s)
		if err == nil {
			again, err := encodeText(m)
			if err != nil {
				return // text that is refused at the door
			}
			if back, err := decode[map[string]string](again); err != nil || !maps.Equal(back, m) {
				t.Errorf("%q: %q became %q, %v", s, m, back, err)
			}
		}
		list, err := decode[[]string](s)
		if err != nil {
			return
		}
		again, err := encode(list)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decode[[]string](again); err != nil || !slices.Equal(back, list) {
			t.Errorf("%q: %q became %q, %v", s, list, back, err)
		}
	})
}

// A search finds a text by its letters and by nothing else: what LIKE would read as a wildcard is a letter too.
func FuzzSearch(f *testing.F) {
	for _, s := range [][2]string{{"Dana Reyes", "REY"}, {"100%", "%"}, {"a_b", "_"}, {"wow!", "!"}, {"!%", "!%"}, {"\\", "\\"}, {"Straße", "SS"}, {"İ", "i"}, {"\u212a", "k"}, {"", ""}} {
		f.Add(s[0], s[1])
	}
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	f.Fuzz(func(t *testing.T, text, search string) {
		pattern, err := contains(search)
		if len(search) > searchLimit != (err != nil) || err != nil || !storable(text) || !storable(search) {
			return
		}
		var found bool
		if err := db.QueryRow(`SELECT $1 LIKE $2 ESCAPE '!'`, foldText(text), pattern).Scan(&found); err != nil {
			t.Fatal(err)
		}
		if want := strings.Contains(strings.ToLower(text), strings.ToLower(search)); found != want {
			t.Errorf("%q in %q: %v by %q", search, text, found, pattern)
		}
	})
}
