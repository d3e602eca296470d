package app

import (
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"sallyport"
)

// Where sessions are checked from memory, a database that is away is no reason to be ready.
func TestNotReadyWithoutTheDatabase(t *testing.T) {
	ctx, c := t.Context(), testCore(t, time.Now)
	ready := func() int {
		w := httptest.NewRecorder()
		newOperations(c).handler().ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
		return w.Code
	}
	go c.session.Run(ctx)
	for asked := ^uint64(0); asked != c.db.Stats().Statements; runtime.Gosched() { // until no look-up asks the database any more
		asked = c.db.Stats().Statements
		if _, err := c.session.Usable(ctx, sallyport.Hash{1}); err != nil {
			t.Fatal(err)
		}
	}
	if code := ready(); code != 200 {
		t.Errorf("with its database: %d", code)
	}
	if err := c.db.Close(); err != nil {
		t.Fatal(err)
	}
	if code := ready(); code != 503 {
		t.Errorf("without: %d", code)
	}
}
