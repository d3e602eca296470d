package config

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// A file is refused with an error, or is a configuration whose networks can be read and that reads the same again.
func FuzzFile(f *testing.F) {
	for _, text := range []string{"", "listen = \"127.0.0.1:8080\"\n", "public_url = \"https://id.example\"\ntrusted_proxies = [\"10.0.0.0/8\"]\n",
		"listen = 7", "unknown = 1", "[listen]\n", "allowed_networks = [\"::/129\"]", "log_level = \"\\u0000\"", "a = [[[[[[", "\xef\xbb\xbflisten = \"x\""} {
		f.Add([]byte(text))
	}
	nothing := func(string) (string, bool) { return "", false }
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "sallyport.toml")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		one, err := Load(Sources{File: path, Lookup: nothing})
		if err != nil {
			return
		}
		if len(one.Config.Proxies()) != len(one.Config.TrustedProxies) || len(one.Config.Networks()) != len(one.Config.AllowedNetworks) {
			t.Errorf("networks were lost: %+v", one.Config)
		}
		two, err := Load(Sources{File: path, Lookup: nothing})
		if err != nil || !reflect.DeepEqual(one.Config, two.Config) {
			t.Errorf("not the same twice: %v", err)
		}
	})
}
