package config

import (
	"strings"
	"testing"
)

// What is misspelt is named with what was probably meant, and never with its value.
func TestUnreadVariablesAreNamed(t *testing.T) {
	for name, near := range map[string]string{
		"SALLYPORT_LISTN": "SALLYPORT_LISTEN", "SALLYPORT_PUBLICURL": "SALLYPORT_PUBLIC_URL", "SALLYPORT_PUBLIC_ULR": "SALLYPORT_PUBLIC_URL",
		"SALLYPORT_TRUSTED_PROXY": "SALLYPORT_TRUSTED_PROXIES", "SALLYPORT_KEYS": "SALLYPORT_KEY", "SALLYPORT_CONFIGS": "SALLYPORT_CONFIG",
		"SALLYPORT_log_level": "SALLYPORT_LOG_LEVEL", "SALLYPORT_LISTEN_PORT": "", "SALLYPORT_PASSWORD": "", "SALLYPORT_": "",
	} {
		said := Unread([]string{"PATH=/bin", "SALLYPORT_LISTEN=127.0.0.1:1", name + "=hunter2"})
		if len(said) != 1 || !strings.Contains(said[0], name+" is none") || strings.Contains(said[0], "hunter2") {
			t.Errorf("%s: %q", name, said)
			continue
		}
		meant := ": " + near + " may be meant"
		if near == "" {
			meant = `"sallyport config" prints the keys`
		}
		if !strings.Contains(said[0], meant) {
			t.Errorf("%s: %q lacks %q", name, said[0], meant)
		}
	}
}

func TestReadVariablesAreNotNamed(t *testing.T) {
	environment := []string{"SALLYPORT_CONFIG=/x", "SALYPORT_LISTEN=x", "HOME=/", "SALLYPORT_LISTN"}
	for _, k := range keys {
		environment = append(environment, k.Env()+"=x")
	}
	// As Kubernetes gives them for the services sallyport and sallyport-web.
	for _, name := range []string{"SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_8080_TCP", "PORT_8080_TCP_PROTO", "PORT_8080_TCP_PORT", "PORT_8080_TCP_ADDR"} {
		environment = append(environment, "SALLYPORT_"+name+"=x", "SALLYPORT_WEB_"+name+"=x")
	}
	if said := Unread(environment); len(said) != 0 {
		t.Errorf("%q", said)
	}
}
