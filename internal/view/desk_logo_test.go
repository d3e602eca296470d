package view

import (
	"strings"
	"testing"
)

func deskWithLogo() Page {
	d := frame("Saved, and you are signed out")
	d.Logo = &Picture{Address: "/logo?v=0123456789abcdef", Width: 240, Height: 96}
	return Ended{Desk: d}
}

// TestDeskLogo: the logo stands for the name, which is read out once.
func TestDeskLogo(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	body, err := r.Bytes(deskWithLogo())
	if err != nil {
		t.Fatal(err)
	}
	want := `<img class="desk-logo" src="/logo?v=0123456789abcdef" width="240" height="96" alt="Northwind IT"> <bdi aria-hidden="true">Northwind IT</bdi>`
	if !strings.Contains(string(body), want) {
		t.Errorf("the page lacks %s:\n%s", want, body)
	}
	checkPlain(t, string(body))
}

func TestDeskLogoLook(t *testing.T) { lookAt(t, map[string]Page{"logo": deskWithLogo()}) }
