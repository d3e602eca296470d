package factor

import (
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/keyring"
)

// dry is a source of randomness that has none.
type dry struct{}

func (dry) Read([]byte) (int, error) { return 0, errors.New("no randomness") }

// makers are what must be random.
var makers = map[string]func(){
	"a code":              func() { NewCode() },
	"recovery codes":      func() { NewRecoveryCodes() },
	"an enrolment code":   func() { NewEnrolmentCode() },
	"a secret of the app": func() { NewSecret() },
	"a token":             func() { sallyport.NewToken() },
	"an id":               func() { sallyport.NewID() },
	"a key":               func() { keyring.Generate() },
}

// D11.18: where there is no randomness nothing is made: the process ends before it hands anything out.
func TestD11_18(t *testing.T) {
	if name := os.Getenv("DRY"); name != "" {
		rand.Reader = dry{}
		makers[name]()
		os.Stdout.WriteString("MADE\n")
		return
	}
	for name := range makers {
		cmd := exec.Command(os.Args[0], "-test.run=^TestD11_18$")
		cmd.Env = append(os.Environ(), "DRY="+name)
		out, err := cmd.CombinedOutput()
		if err == nil || strings.Contains(string(out), "MADE") || !strings.Contains(string(out), "random") {
			t.Errorf("%s is made without randomness: %v\n%s", name, err, out)
		}
	}
}
