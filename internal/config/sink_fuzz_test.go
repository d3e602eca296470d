package config

import (
	"net/url"
	"strings"
	"testing"
)

// The address of a sink is refused without repeating what may be a password in it, or says one place in one way.
func FuzzSink(f *testing.F) {
	for _, a := range []string{"unix:///dev/log", "udp://10.0.0.1:514", "tls://logs.example.com:6514", "tls://u:hunter2hunter2@logs.example:6514", "https://u:hunter2hunter2@siem.example/x", "tcp://:1", "tls://logs.example", "unix://dev/log", "tls://[::1]:6514", "http://siem.example:80/a?b=c", "ftp://hunter2hunter2", "tls://logs.example:6514/hunter2hunter2", "tls://%zz"} {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, address string) {
		for name, check := range map[string]func(string) error{"syslog": checkSyslog, "webhook": checkWebhook} {
			err := check(address)
			if err != nil {
				if strings.Contains(err.Error(), "hunter2") {
					t.Errorf("%s: %q: the password is in %q", name, address, err)
				}
				continue
			}
			if u, err := url.Parse(address); address != "" && (err != nil || u.User != nil || u.Fragment != "" || u.Scheme != "unix" && u.Hostname() == "") {
				t.Errorf("%s takes %q, which leads nowhere: %v", name, address, err)
			}
		}
	})
}
