package console

import (
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
)

// The page after Save counts the servers that refuse, and names one that did not say so.
func TestRefusalWords(t *testing.T) {
	for want, r := range map[string]account.Refusal{
		"Everything older was refused everywhere after less than 1 ms.": {After: time.Microsecond},
		"Everything older was refused on 2 of 2 servers after 12 ms.":   {After: 12 * time.Millisecond, Nodes: 2},
		"Everything older was refused everywhere after 3 ms.":           {After: 3 * time.Millisecond, Nodes: 1},
		"Everything older was refused on 1 of 3 servers after 1000 ms. No answer within a second came from a, b: a server that cannot read the database refuses everything, but look after it.": {After: time.Second, Nodes: 3, Silent: "a, b"},
		"Everything older was refused here after 4 ms; the other servers could not be asked. One that cannot read the database refuses everything.":                                             {After: 4 * time.Millisecond, Unseen: true},
	} {
		if got := refusalWords(r); got != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
}

// TestEventWords: every type of event is read with the name of what it is about.
func TestEventWords(t *testing.T) {
	for _, d := range audit.Types {
		subject, _, _ := strings.Cut(string(d.Type), ".")
		if words := eventWords(string(d.Type)); subjects[subject] == "" || !strings.HasPrefix(words, subjects[subject]+": ") {
			t.Errorf("%s: %q", d.Type, words)
		}
	}
}

// TestMethodWord: sessions name what proved them, a recovery code too.
func TestMethodWord(t *testing.T) {
	for method, want := range map[string]string{"recovery": "Recovery code", "app": "Authenticator App", "off": "Off", "other": "other"} {
		if got := methodWord(method); got != want {
			t.Errorf("%s: %q", method, got)
		}
	}
}
