package console_test

import (
	"net/http"
	"testing"

	"sallyport"
)

// TestActsOnOneselfSaySo: whoever is about to end his own sessions reads that it is his, and nobody else does.
func TestActsOnOneselfSaySo(t *testing.T) {
	h := newHouse(t)
	one, other := h.add(sallyport.SuperAdmin), h.add(sallyport.SuperAdmin)
	b := h.signIn(one)
	h.signIn(other)
	h.add(sallyport.SuperAdmin)
	for act, own := range map[string]bool{"sign-out": true, "deactivate": true, "delete": true, "set-up": false} {
		p := b.get("/admin/technicians/"+string(one.ID)+"/"+act).wants(http.StatusOK, "Person 1")
		if own {
			p.wants(http.StatusOK, "This signs you out, too.")
		} else {
			p.lacks("signs you out")
		}
		b.get("/admin/technicians/"+string(other.ID)+"/"+act).wants(http.StatusOK, "Person 2").lacks("signs you out")
	}
}
