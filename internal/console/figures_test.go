package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

// TestFigures: the last 30 days by method, with the numbers behind the chart; what is older is not among them.
func TestFigures(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.add(sallyport.SuperAdmin))
	b.get("/admin/audit").wants(http.StatusOK, "Figures")
	b.get("/admin/audit/figures").wants(http.StatusOK, "Nobody has signed in within the last 30 days.", "1 of 1")
	now := h.clock.Now()
	today := now.UTC().Truncate(24 * time.Hour)
	for _, e := range []struct {
		at     time.Time
		method string
	}{{now, "app"}, {today, "app"}, {today.Add(-time.Microsecond), "text"}, {today.AddDate(0, 0, -29), "recovery"}, {today.AddDate(0, 0, -29).Add(-time.Microsecond), "off"}} {
		err := h.db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.InsertEvent(t.Context(), sallyport.Event{At: e.at, Type: "signin.finished", After: map[string]string{"method": e.method}})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	p := b.get("/admin/audit/figures").wants(http.StatusOK, "Authenticator App 2", "Text Message 1", "Recovery code 1", "4 sign-ins; the most on one day: 2").lacks("Password only")
	if n := strings.Count(p.body, `<rect class="part-`); n != 3+3+2 {
		t.Errorf("%d rectangles, want three in the legend, three in the chart and two of the share", n)
	}
}
