package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sallyport/internal/testkit/team"
)

// checkSecrets looks for everything that only its owner may have, in all files of the run (I7).
func checkSecrets(t *testing.T, folder string, accounts []*account) {
	t.Helper()
	all := secrets{}
	for _, a := range accounts {
		all.add(a.Key)
		for token := range a.seen {
			all.add(token)
		}
	}
	all.add(team.Password)
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("no files in %s: %v", folder, err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // the socket
		}
		for _, s := range all.in(string(text)) {
			t.Errorf("I7: %s holds a secret in the clear: %.4s…", filepath.Base(path), s)
		}
	}
}

// secrets are looked for all at once, by how they begin.
type secrets map[string][]string

const beginning = 8

func (s secrets) add(secret string) {
	if len(secret) < beginning {
		panic("too short to be told from chance")
	}
	s[secret[:beginning]] = append(s[secret[:beginning]], secret)
}

// in returns the secrets that stand in a text.
func (s secrets) in(text string) (found []string) {
	for i := range max(0, len(text)-beginning+1) {
		for _, secret := range s[text[i:i+beginning]] {
			if strings.HasPrefix(text[i:], secret) && !slices.Contains(found, secret) {
				found = append(found, secret)
			}
		}
	}
	return found
}

// Secrets are found wherever they stand, also where several begin alike.
func TestSecretsAreFound(t *testing.T) {
	s := secrets{}
	for _, secret := range []string{"abcdefgh-one", "abcdefgh-two", "12345678"} {
		s.add(secret)
	}
	for text, want := range map[string]string{
		"": "[]", "1234567": "[]", "12345678": "[12345678]", "xabcdefgh-twoabcdefgh-tw": "[abcdefgh-two]",
		"abcdefgh-oneabcdefgh-two 12345678 12345678": "[abcdefgh-one abcdefgh-two 12345678]", "abcdefgh-thr": "[]",
	} {
		if got := fmt.Sprint(s.in(text)); got != want {
			t.Errorf("%q: found %s, want %s", text, got, want)
		}
	}
}
