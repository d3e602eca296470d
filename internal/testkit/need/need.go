// Package need says which programs of the machine a test needs.
//
// It owns one decision: a test whose program is missing is skipped with its name, unless SALLYPORT_REQUIRE_ALL=1 says
// that nothing may be left out; then it fails. It knows nothing of what the programs do. Begin with Program.
package need

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Program returns the path of the first of names that is there: a program on the search path or in a system folder, or
// a file named by its whole path. Where none is, the test is skipped, or fails under SALLYPORT_REQUIRE_ALL=1.
func Program(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, ok := find(name); ok {
			return path
		}
	}
	Missing(t, names[0])
	return ""
}

// Missing skips the test for the want of what, or fails it under SALLYPORT_REQUIRE_ALL=1.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("SALLYPORT_REQUIRE_ALL") == "1" {
		t.Fatalf("%s is missing, and SALLYPORT_REQUIRE_ALL=1 leaves nothing out (scripts/prepare installs it)", what)
	}
	t.Skipf("%s is missing here (scripts/prepare installs it)", what)
}

func find(name string) (string, bool) {
	if path, err := exec.LookPath(name); err == nil {
		return path, true
	}
	for _, folder := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin"} {
		if path := filepath.Join(folder, name); !filepath.IsAbs(name) && isFile(path) {
			return path, true
		}
	}
	return name, filepath.IsAbs(name) && isFile(name)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
