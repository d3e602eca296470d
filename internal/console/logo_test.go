package console_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/store"
)

// TestLogoAtTheDesk: every Admin page shows the organisation's logo where one is set.
func TestLogoAtTheDesk(t *testing.T) {
	for name, file := range map[string]string{"none": "", "set": "../account/testdata/lossy.webp"} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			if file != "" {
				picture, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				h.write(func(ctx context.Context, tx *store.Tx) error { return tx.PutMeta(ctx, "logo", picture) })
			}
			b := h.signIn(h.add(sallyport.SuperAdmin))
			for _, path := range []string{"/admin/technicians", "/admin/audit"} {
				page := b.get(path).body
				if got := strings.Contains(page, `width="120" height="48" alt="Sallyport"`); got != (file != "") {
					t.Errorf("%s shows a logo: %v", path, got)
				}
			}
		})
	}
}
