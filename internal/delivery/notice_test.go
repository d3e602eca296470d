package delivery

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/testkit/golden"
)

// Every text as it arrives, so that a change of words is seen in a review.
func TestNoticesGolden(t *testing.T) {
	full := NoticeData{Organisation: "Northwind IT", Name: "Dana Reyes", UserName: "dana.reyes@northwind.example", By: "Mara Voss", Who: "Ilya Novak",
		What: "email address", Method: sallyport.MethodApp, Number: "4711", Left: 2, Link: "https://login.northwind.example/reset/TOKEN",
		At: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Until: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), Address: "192.0.2.1", Browser: "Firefox on Windows"}
	bare := NoticeData{Organisation: "Northwind IT"}
	shut := NoticeData{Organisation: "Northwind IT", Shut: true}
	var all strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(notices)) {
		for _, data := range []NoticeData{full, bare, shut} {
			l, err := write(kind, data)
			if err != nil {
				t.Fatal(err)
			}
			if data.Shut && strings.HasSuffix(all.String(), l.Text+"\n") {
				continue // it says the same as without
			}
			all.WriteString("=== " + string(kind) + "\nSubject: " + l.Subject + "\n\n" + l.Text + "\n")
		}
	}
	golden.File(t, filepath.Join("testdata", "notices.golden"), all.String())
}

// Whose method is Off has no second factor that his session could have asked for.
func TestSessionEndedNamesWhatWasAskedFor(t *testing.T) {
	for method, want := range map[sallyport.Method]string{sallyport.MethodOff: "asked for your password again", sallyport.MethodText: "asked for your second factor again"} {
		l, err := write(NoticeSessionEnded, NoticeData{Organisation: "Northwind IT", Method: method})
		if err != nil || !strings.Contains(l.Text, want) {
			t.Errorf("%s: %v\n%s", method, err, l.Text)
		}
	}
}
