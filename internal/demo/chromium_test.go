package demo

import (
	"bytes"
	"flag"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	chromium "sallyport/internal/testkit/browser"
)

// The tour in a real browser: two windows side by side, as the terminal proposes it.
func TestTourInChromium(t *testing.T) {
	window := chromium.New(t)
	v := visit(t, "")
	bench := window.Page()
	bench.Open(v.workbench)
	bench.WaitText("let in")
	look(t, bench, "begin")

	admin := chromium.New(t).Page()
	admin.Open(v.door)
	admin.Fill("User name", v.boss.UserName)
	admin.Fill("Password", v.boss.Password)
	admin.Click("Continue")
	admin.WaitText("code")
	admin.Fill("code", v.digits(v.boss.UserName))
	admin.Press("Enter")
	admin.WaitText("Technicians and Roles")
	keep(t, admin, "technicians", 700)
	admin.Click("Sam Okafor")
	admin.Check("Authenticator App")
	admin.WaitText("is signed out of 3 browsers")
	keep(t, admin, "edit", 1196)
	admin.Click("Save and sign out")

	bench.WaitText("ms after Save")
	bench.WaitText("Mara Voss")
	if red := bench.Count(".pane.out"); red != 3 {
		t.Errorf("%d browsers are red", red)
	}
	look(t, bench, "red")
	keep(t, bench, "workbench", 340)

	sam := v.member("Sam Okafor")
	own := chromium.New(t).Page()
	own.Open(v.door)
	own.Fill("User name", sam.UserName)
	own.Fill("Password", sam.Password)
	own.Click("Continue")
	own.WaitText("Scan")
	keep(t, own, "set-up", 820)
	picture := filepath.Join(t.TempDir(), "screen.png")
	own.Screenshot(picture, 1280, true)
	bench.Upload("Picture of the QR code", picture)
	bench.WaitText(sam.UserName)
	own.Fill("6 digits", v.digits(sam.UserName))
	own.Press("Enter")
	own.WaitText("recovery codes")
	bench.Click("How you sign in to Northwind IT was changed") // folded, and with the focus on it
	bench.WaitText("A second factor was set up")
	if focus := bench.Focused(); !strings.Contains(focus, "summary") {
		t.Errorf("the focus is on %s", focus)
	}
}

// look takes pictures of the page and lets axe judge it, in light and dark, wide and narrow.
func look(t *testing.T, p *chromium.Page, name string) {
	t.Helper()
	for _, width := range []int{1280, 390} {
		for _, dark := range []bool{false, true} {
			p.View(width, dark)
			if p.TooWide() {
				t.Errorf("%s, %d wide: the page scrolls sideways", name, width)
			}
			for _, violation := range p.Axe() {
				t.Errorf("%s, %d wide, dark %v: %v", name, width, dark, violation)
			}
			if *pictures != "" {
				p.Screenshot(filepath.Join(*pictures, strings.Join([]string{"workbench", name, map[int]string{1280: "wide", 390: "narrow"}[width], map[bool]string{false: "light", true: "dark"}[dark] + ".png"}, "-")), width, dark)
			}
		}
	}
	p.View(1280, false)
}

var pictures = flag.String("pictures", "", "folder for pictures of the workbench")

var readme = flag.String("readme", "", "folder for the pictures that the README shows")

// keep makes a picture for the README, cut at a height that holds what matters and none of the run's passwords.
func keep(t *testing.T, p *chromium.Page, name string, height int) {
	t.Helper()
	if *readme == "" {
		return
	}
	path := filepath.Join(*readme, name+".png")
	chromium.Eval[bool](p, "(scrollTo(0, 0), true)") // or what is sticky stands lower than a reader finds it
	p.Screenshot(path, 1280, false)
	if err := cut(path, height); err != nil {
		t.Error(err)
	}
}

// cut keeps the upper part of a picture.
func cut(path string, height int) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	whole, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return err
	}
	b := whole.Bounds()
	part := image.NewNRGBA(image.Rect(0, 0, b.Dx(), min(b.Dy(), height)))
	draw.Draw(part, part.Bounds(), whole, b.Min, draw.Src)
	var out bytes.Buffer
	if err := png.Encode(&out, part); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}
