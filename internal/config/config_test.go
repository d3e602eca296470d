package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func load(t *testing.T, file string, env, flags map[string]string) (*Loaded, error) {
	t.Helper()
	s := Sources{Flags: flags, Lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}
	if file != "" {
		s.File = filepath.Join(t.TempDir(), "sallyport.toml")
		if err := os.WriteFile(s.File, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Load(s)
}

func TestNothingIsNeededOnLoopback(t *testing.T) {
	l, err := load(t, "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Public("127.0.0.1:8080"); got != "http://localhost:8080" {
		t.Errorf("public address %q", got)
	}
	if l.Key != filepath.Join(l.Data, "key") {
		t.Errorf("key at %q", l.Key)
	}
}

func TestStrongerSourcesWinAndAreNamed(t *testing.T) {
	file := "data = \"/a\"\nlisten = \"127.0.0.1:1\"\nlog_level = \"warn\"\ntrusted_proxies = [\"127.0.0.1\"]\n"
	l, err := load(t, file, map[string]string{"SALLYPORT_LISTEN": "127.0.0.1:2", "SALLYPORT_LOG_LEVEL": "debug", "SALLYPORT_ALLOWED_NETWORKS": "10.0.0.0/8, 127.0.0.1"},
		map[string]string{"log_level": "error"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]string{
		"data": {`"/a"`, "file"}, "listen": {`"127.0.0.1:2"`, "environment SALLYPORT_LISTEN"}, "log_level": {`"error"`, "flag --log-level"},
		"allowed_networks": {`["10.0.0.0/8", "127.0.0.1"]`, "environment SALLYPORT_ALLOWED_NETWORKS"}, "log_format": {`"json"`, "default"},
	}
	var printed strings.Builder
	if err := l.Print(&printed); err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if w, ok := want[k.name]; ok {
			if k.get(l.Config) != w[0] || l.From[k.name] != w[1] {
				t.Errorf("%s = %s from %s, want %v", k.name, k.get(l.Config), l.From[k.name], w)
			}
			if !strings.Contains(printed.String(), k.name+" = "+w[0]) || !strings.Contains(printed.String(), "# "+w[1]) {
				t.Errorf("%s is not printed", k.name)
			}
		}
	}
	if len(l.Networks()) != 2 || l.Networks()[1].String() != "127.0.0.1/32" {
		t.Errorf("networks %v", l.Networks())
	}
}

func TestWrongValuesNameFileLineAndKey(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"unknown key":          {"# one\n\nlissten = \"x\"\n", `sallyport.toml:3: there is no key "lissten"`},
		"capitals":             {"log_level = \"warn\"\nLOG_LEVEL = \"debug\"\n", `sallyport.toml:2: there is no key "LOG_LEVEL"`},
		"unknown table":        {"[smtp]\nhost = \"x\"\n", `there is no key "smtp`},
		"table with a line":    {"data = \"a\"\n[smtp]\nhost = \"x\"\n", `sallyport.toml:2: there is no key "smtp"`},
		"no text":              {"data = \"a\"\nlisten = 5\n", `sallyport.toml:2: listen: a text in quotation marks is needed, like "127.0.0.1:8080"`},
		"no number":            {"connections = \"many\"\n", "sallyport.toml:1: connections: a whole number is needed, like 8192"},
		"no list":              {"trusted_proxies = \"127.0.0.1\"\n", `sallyport.toml:1: trusted_proxies: a list of texts is needed, like ["127.0.0.1", "::1"]`},
		"a list of numbers":    {"trusted_proxies = [127]\n", `sallyport.toml:1: trusted_proxies: a list of texts is needed`},
		"syntax":               {"data = \"a\"\nlisten = \n", "sallyport.toml:2:"},
		"no port":              {"listen = \"127.0.0.1\"\n", "sallyport.toml:1: listen:"},
		"wild port":            {"listen = \"127.0.0.1:70000\"\n", "not a port"},
		"name":                 {"listen = \"door.example:80\"\n", "not an IP address"},
		"plain http for all":   {"listen = \"0.0.0.0:80\"\n", "which others can reach"},
		"the address named":    {"log_level = \"warn\"\nlisten = \"0.0.0.0:80\"\n", "sallyport.toml:2: listen: 0.0.0.0:80, which others can reach"},
		"the certificate":      {"\ntls_cert = \"a\"\ntls_key = \"b\"\n", "sallyport.toml:2: tls_cert: with tls_cert"},
		"the key alone":        {"\ntls_key = \"b\"\n", "sallyport.toml:2: tls_key: tls_cert and tls_key"},
		"the secret alone":     {"\naudit_webhook_secret = \"b\"\n", "sallyport.toml:2: audit_webhook_secret: audit_webhook and"},
		"plain http, public":   {"public_url = \"http://door.example\"\n", "loopback only"},
		"https without tls":    {"public_url = \"https://door.example\"\n", "trusted_proxies"},
		"cert without key":     {"tls_cert = \"a\"\n", "together"},
		"http with cert":       {"tls_cert = \"a\"\ntls_key = \"b\"\n", "begins with https"},
		"path in address":      {"public_url = \"https://door.example/x\"\n", "not an address"},
		"query in address":     {"public_url = \"https://door.example?\"\ntrusted_proxies = [\"127.0.0.1\"]\n", "not an address"},
		"fragment in address":  {"public_url = \"https://door.example/#\"\ntrusted_proxies = [\"127.0.0.1\"]\n", "not an address"},
		"user in address":      {"public_url = \"https://a:b@door.example\"\n", "not an address"},
		"port of an address":   {"public_url = \"https://door.example:70000\"\n", "port that there is not"},
		"every proxy":          {"trusted_proxies = [\"0.0.0.0/0\"]\n", "everybody"},
		"every proxy, mapped":  {"trusted_proxies = [\"::ffff:0.0.0.0/96\"]\n", "everybody"},
		"every net, mapped":    {"allowed_networks = [\"::ffff:0:0/96\"]\n", "everybody"},
		"port 0":               {"public_url = \"https://door.example:0\"\ntrusted_proxies = [\"127.0.0.1\"]\n", "port that there is not"},
		"no proxy":             {"trusted_proxies = [\"nginx\"]\n", "not an address or a network"},
		"level":                {"log_level = \"loud\"\n", "not one of"},
		"few connections":      {"connections = 63\n", "64 to 1000000"},
		"negative rate":        {"requests_per_second = -1\n", "0 or more"},
		"syslog scheme":        {"audit_syslog = \"http://x:1\"\n", "does not begin with"},
		"syslog port":          {"audit_syslog = \"tls://logs.example\"\n", "a host and a port"},
		"syslog wild port":     {"audit_syslog = \"tls://logs.example:65536\"\n", "a host and a port"},
		"syslog socket":        {"audit_syslog = \"unix://dev/log\"\n", "unix:///dev/log"},
		"syslog ca":            {"audit_syslog = \"udp://10.0.0.1:514\"\naudit_syslog_ca = \"x\"\n", "tls:// only"},
		"webhook secret":       {"audit_webhook = \"https://siem.example\"\n", "together"},
		"webhook address":      {"audit_webhook = \"ftp://siem.example\"\naudit_webhook_secret = \"x\"\n", "https://"},
		"webhook wild port":    {"audit_webhook = \"https://siem.example:65536/\"\naudit_webhook_secret = \"x\"\n", "https://"},
		"operations elsewhere": {"operations = \"here\"\n", "operations:"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, c.file, nil, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
		})
	}
}

// What is wrong with a flag or a variable is named as it was typed.
func TestWrongValuesNameFlagAndVariable(t *testing.T) {
	for want, c := range map[string]struct{ env, flags map[string]string }{
		"flag --public-url: public_url: plain http":               {nil, map[string]string{"public_url": "http://door.example"}},
		"flag --listen: listen: 0.0.0.0:80, which others":         {nil, map[string]string{"listen": "0.0.0.0:80"}},
		"environment SALLYPORT_LISTEN: listen: 0.0.0.0:80, which": {map[string]string{"SALLYPORT_LISTEN": "0.0.0.0:80"}, nil},
		"environment SALLYPORT_CONFIG: the name of a file":        {map[string]string{"SALLYPORT_CONFIG": ""}, nil},
	} {
		if _, err := load(t, "", c.env, c.flags); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// A file that somebody names and that is not there is not passed over, as the usual one is: without it a server would begin
// with other settings, and another data folder.
func TestNamedFileMustBeThere(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.toml")
	nothing := func(string) (string, bool) { return "", false }
	named := func(name string) (string, bool) { return missing, name == fileVariable }
	for _, s := range []Sources{{File: missing, Lookup: nothing}, {Lookup: named}} {
		if _, err := Load(s); err == nil || !strings.Contains(err.Error(), missing) {
			t.Errorf("%v", err)
		}
	}
}

// A port that the system chooses is the public one too.
func TestAnyPort(t *testing.T) {
	if l, err := load(t, "listen = \"127.0.0.1:0\"\n", nil, nil); err != nil || l.Public("127.0.0.1:4711") != "http://localhost:4711" {
		t.Errorf("%v", err)
	}
}

func TestPlainHTTPBehindAListedProxy(t *testing.T) {
	l, err := load(t, "listen = \"0.0.0.0:8080\"\npublic_url = \"https://door.example/\"\ntrusted_proxies = [\"10.0.0.7\"]\n", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !l.OnlyProxies() || l.Public("") != "https://door.example" {
		t.Errorf("only proxies %v, public %q", l.OnlyProxies(), l.Public(""))
	}
	if l, err = load(t, "", nil, nil); err != nil || l.OnlyProxies() {
		t.Errorf("on loopback: only proxies %v, %v", l.OnlyProxies(), err)
	}
}

func TestPublicAddressIsWrittenAsBrowsersDo(t *testing.T) {
	for given, want := range map[string]string{"https://Door.Example:443/": "https://door.example", "https://door.example:8443": "https://door.example:8443",
		"https://door.example:": "https://door.example", "https://door.example:0443": "https://door.example", "https://door.example:08443/": "https://door.example:8443", "https://[2001:DB8::1]:443": "https://[2001:db8::1]",
		"https://[2001:DB8:0:0::0001]": "https://[2001:db8::1]", "https://[2001:db8:0::1]:8443/": "https://[2001:db8::1]:8443",
		"HTTPS://door.example": "https://door.example", "http://localhost:80": "http://localhost"} {
		if got := (Config{PublicURL: given}).Public(""); got != want {
			t.Errorf("%s: %s, want %s", given, got, want)
		}
	}
	if _, err := load(t, "public_url = \"https://tür.example\"\ntrusted_proxies = [\"127.0.0.1\"]\n", nil, nil); err == nil || !strings.Contains(err.Error(), "xn--") {
		t.Errorf("%v", err)
	}
}

func TestCredentialHoldsTheKey(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, credential), []byte("x"), 0o400); err != nil {
		t.Fatal(err)
	}
	l, err := load(t, "", map[string]string{"CREDENTIALS_DIRECTORY": folder}, nil)
	if err != nil || l.Key != filepath.Join(folder, credential) || l.From["key"] != "credential" {
		t.Fatalf("key %q from %q, %v", l.Key, l.From["key"], err)
	}
	unseen := filepath.Join(folder, credential, "folder") // in which nobody can look, as in one that lets nobody in
	l, err = load(t, "", map[string]string{"CREDENTIALS_DIRECTORY": unseen}, nil)
	if err != nil || l.Key != filepath.Join(unseen, credential) || l.From["key"] != "credential" {
		t.Errorf("not seen: key %q from %q, %v", l.Key, l.From["key"], err)
	}
	l, err = load(t, "", map[string]string{"CREDENTIALS_DIRECTORY": t.TempDir()}, nil) // of others
	if err != nil || l.Key != filepath.Join(l.Data, "key") {
		t.Errorf("others: key %q from %q, %v", l.Key, l.From["key"], err)
	}
}

func TestExampleIsAValidFileWithEveryKey(t *testing.T) {
	var b strings.Builder
	if err := Example(&b, "/srv/x \"y\""); err != nil {
		t.Fatal(err)
	}
	l, err := load(t, b.String(), nil, nil)
	if err != nil || l.Data != "/srv/x \"y\"" {
		t.Fatalf("data %q, %v", l.Data, err)
	}
	// With every line put in force it still reads, so no key of the example is misspelt.
	all := b.String()
	for _, k := range keys {
		all = strings.Replace(all, "\n#"+k.name+" = ", "\n"+k.name+" = ", 1)
	}
	l, err = load(t, all, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if l.From[k.name] != "file" && k.name != "key" {
			t.Errorf("%s is not in the example", k.name)
		}
	}
	if n := reflect.TypeFor[Config]().NumField(); n != len(keys) {
		t.Errorf("%d fields, %d keys", n, len(keys))
	}
}

// What may be a secret within an address is not printed.
func TestAddressesAreShownWithoutSecrets(t *testing.T) {
	file := "database = \"postgres://sallyport:hunter2@127.0.0.1/sallyport\"\naudit_webhook = \"https://siem.example/hunter2?token=hunter2\"\naudit_webhook_secret = \"/s\"\n"
	l, err := load(t, file, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var printed strings.Builder
	if err := l.Print(&printed); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"postgres://sallyport:xxxxx@127.0.0.1/sallyport"`, `"https://siem.example/xxxxx"`} {
		if !strings.Contains(printed.String(), want) {
			t.Errorf("%s is not in\n%s", want, &printed)
		}
	}
	if strings.Contains(printed.String(), "hunter2") {
		t.Error("a secret is printed")
	}
	if l.AuditWebhook != "https://siem.example/hunter2?token=hunter2" {
		t.Error("the address in use has changed")
	}
}
