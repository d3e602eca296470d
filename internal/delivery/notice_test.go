package delivery

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sallyport"
)

var update = flag.Bool("update", false, "write the golden file anew")

// Every text as it arrives, so that a change of words is seen in a review.
func TestNoticesGolden(t *testing.T) {
	full := NoticeData{Organisation: "Northwind IT", Name: "Dana Reyes", UserName: "dana.reyes@northwind.example", By: "Mara Voss", Who: "Ilya Novak",
		What: "email address", Method: sallyport.MethodApp, Number: "4711", Left: 2, Link: "https://login.northwind.example/reset/TOKEN",
		At: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Until: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), Address: "192.0.2.1", Browser: "Firefox on Windows"}
	bare := NoticeData{Organisation: "Northwind IT"}
	var all strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(notices)) {
		for _, data := range []NoticeData{full, bare} {
			l, err := write(kind, data)
			if err != nil {
				t.Fatal(err)
			}
			all.WriteString("=== " + string(kind) + "\nSubject: " + l.Subject + "\n\n" + l.Text + "\n")
		}
	}
	path := filepath.Join("testdata", "notices.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), all.String()); diff != "" {
		t.Error(diff)
	}
}
