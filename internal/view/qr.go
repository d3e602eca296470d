package view

import (
	"strconv"
	"strings"

	"rsc.io/qr"
)

// quiet is the white margin that ISO/IEC 18004 asks for, in modules.
const quiet = 4

// leastPixels is the smallest width at which phones read the code from a screen without effort.
const leastPixels = 200

// QR is a QR code as one SVG path, drawn black on white whatever the page's colours are.
type QR struct {
	Size   int    // modules to a side, quiet zone included
	Pixels int    // CSS pixels to a side: a whole number per module, so that edges are crisp
	Path   string // the black modules, run by run
}

// NewQR draws text at error correction level M. It fails when the text is too long for any QR code.
func NewQR(text string) (QR, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return QR{}, err
	}
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; {
			n := run(code, x, y)
			if n > 0 {
				writeRun(&path, x+quiet, y+quiet, n)
			}
			x += max(n, 1)
		}
	}
	size := code.Size + 2*quiet
	return QR{Size: size, Pixels: size * max(4, (leastPixels+size-1)/size), Path: path.String()}, nil
}

// run is how many black modules follow one another from x to the right.
func run(code *qr.Code, x, y int) int {
	n := 0
	for x+n < code.Size && code.Black(x+n, y) {
		n++
	}
	return n
}

// writeRun draws a rectangle n wide and 1 high.
func writeRun(b *strings.Builder, x, y, n int) {
	length := strconv.Itoa(n)
	for _, s := range []string{"M", strconv.Itoa(x), " ", strconv.Itoa(y), "h", length, "v1h-", length, "z"} {
		b.WriteString(s)
	}
}
