package console_test

import (
	"context"
	"net/http"
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

// TestLastPageOfAServerThatDrewNone: whoever signs himself out through a server that has drawn no page yet, as one behind a load
// balancer, still reads whose house it is.
func TestLastPageOfAServerThatDrewNone(t *testing.T) {
	h := newHouse(t)
	file, err := os.ReadFile("../account/testdata/lossy.webp")
	if err != nil {
		t.Fatal(err)
	}
	h.write(func(ctx context.Context, tx *store.Tx) error {
		s := sallyport.DefaultSettings()
		s.Organisation = "Northwind IT"
		if err := tx.PutMeta(ctx, "logo", file); err != nil {
			return err
		}
		return tx.PutSettings(ctx, s)
	})
	h.add(sallyport.SuperAdmin)
	me := h.add(sallyport.SuperAdmin)
	p := h.signIn(me).send("/admin/technicians/"+string(me.ID)+"/sign-out").wants(http.StatusOK, "Done, and you are signed out")
	if !strings.Contains(p.body, `alt="Northwind IT"`) {
		t.Errorf("the page is another's:\n%.900s", p.body)
	}
}
