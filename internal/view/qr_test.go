package view

import (
	"fmt"
	"image"
	"image/color"
	"regexp"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"pgregory.net/rapid"
)

var runs = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

// paint draws the path as a browser would, four pixels a module.
func paint(t interface{ Fatalf(string, ...any) }, q QR) *image.Gray {
	const scale = 4
	img := image.NewGray(image.Rect(0, 0, q.Size*scale, q.Size*scale))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	if rest := runs.ReplaceAllString(q.Path, ""); rest != "" {
		t.Fatalf("the path holds something else: %q", rest)
	}
	for _, m := range runs.FindAllStringSubmatch(q.Path, -1) {
		var x, y, n, back int
		if _, err := fmt.Sscan(strings.Join(m[1:], " "), &x, &y, &n, &back); err != nil || n != back {
			t.Fatalf("a run that does not close: %s", m[0])
		}
		if x < quiet || y < quiet || x+n > q.Size-quiet || y >= q.Size-quiet {
			t.Fatalf("a run in the quiet zone: %s", m[0])
		}
		for py := y * scale; py < (y+1)*scale; py++ {
			for px := x * scale; px < (x+n)*scale; px++ {
				img.SetGray(px, py, color.Gray{})
			}
		}
	}
	return img
}

// TestQRIsReadBack reads drawn codes with a decoder of other people.
func TestQRIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := "otpauth://totp/" + rapid.StringMatching(`[A-Za-z0-9%@._-]{1,120}`).Draw(t, "label") + "?secret=" + rapid.StringMatching(`[A-Z2-7]{32}`).Draw(t, "secret")
		q, err := NewQR(text)
		if err != nil {
			t.Fatalf("%v", err)
		}
		if q.Pixels < 180 || q.Pixels%q.Size != 0 {
			t.Fatalf("%d pixels for %d modules", q.Pixels, q.Size)
		}
		bmp, err := gozxing.NewBinaryBitmapFromImage(paint(t, q))
		if err != nil {
			t.Fatalf("%v", err)
		}
		got, err := qrcode.NewQRCodeReader().Decode(bmp, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true})
		if err != nil {
			t.Fatalf("not readable: %v", err)
		}
		if got.GetText() != text {
			t.Fatalf("read %q, want %q", got.GetText(), text)
		}
	})
}

func TestQRTooLong(t *testing.T) {
	if _, err := NewQR(strings.Repeat("x", 5000)); err == nil {
		t.Error("5000 bytes were drawn")
	}
}
