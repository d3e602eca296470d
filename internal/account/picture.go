package account

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"sallyport"
)

const (
	MaxLogo     = 64 << 10 // bytes of the logo's file
	minLogoSide = 16       // pixels
	maxLogoSide = 1024     // pixels
)

// Logo is the organisation's picture. It is shared by all who ask and must not be changed.
type Logo struct {
	Type          string // media type: image/png, image/jpeg or image/webp
	Width, Height int    // pixels
	Tag           string // names the content, 16 hexadecimal digits
	File          []byte
}

// Address is where browsers find the picture. The tag in it makes a changed logo another address.
func (l *Logo) Address() string { return "/logo?v=" + l.Tag }

// String describes the logo in one line, without its content.
func (l *Logo) String() string {
	if l == nil {
		return "none"
	}
	return fmt.Sprintf("%s, %d by %d pixels, %d bytes, %s", l.Type, l.Width, l.Height, len(l.File), l.Tag)
}

func (l *Logo) file() []byte {
	if l == nil {
		return []byte{}
	}
	return l.File
}

// newLogo judges a file by what is in it, never by its name.
func newLogo(file []byte) (*Logo, error) {
	if len(file) == 0 {
		return nil, wrongLogo("The file is empty.")
	}
	if len(file) > MaxLogo {
		return nil, wrongLogo(fmt.Sprintf("Please give a picture of at most %d KiB.", MaxLogo>>10))
	}
	f, ok := formatOf(file)
	if !ok {
		return nil, wrongLogo("Please give a picture in PNG, JPEG or WebP. SVG is not accepted, because it can carry script.")
	}
	size, err := f.size(file)
	if err != nil {
		return nil, wrongLogo("This picture is damaged.").Because(err)
	}
	if w, h := size.X, size.Y; min(w, h) < minLogoSide || max(w, h) > maxLogoSide {
		return nil, wrongLogo(fmt.Sprintf("Please give a picture with %d to %d pixels a side. This one has %d by %d.", minLogoSide, maxLogoSide, w, h))
	}
	if err := f.whole(file); err != nil {
		return nil, wrongLogo("This picture is damaged.").Because(err)
	}
	sum := sha256.Sum256(file)
	return &Logo{Type: f.media, Width: size.X, Height: size.Y, Tag: hex.EncodeToString(sum[:8]), File: file}, nil
}

func wrongLogo(text string) *sallyport.Error { return sallyport.InvalidField("logo", text) }

// format is a kind of picture that every browser draws and that cannot carry script.
type format struct {
	media string
	is    func(file []byte) bool
	size  func(file []byte) (image.Point, error)
	whole func(file []byte) error // decodes all of it; its sides are known to be in bounds
}

var formats = []format{
	{"image/png", begins("\x89PNG\r\n\x1a\n"), pngSize, func(file []byte) error { _, err := png.Decode(bytes.NewReader(file)); return err }},
	{"image/jpeg", begins("\xff\xd8\xff"), jpegSize, func(file []byte) error { _, err := jpeg.Decode(bytes.NewReader(file)); return err }},
	{"image/webp", isWebP, webpSize, webpWhole},
}

func formatOf(file []byte) (format, bool) {
	for _, f := range formats {
		if f.is(file) {
			return f, true
		}
	}
	return format{}, false
}

func begins(magic string) func([]byte) bool {
	return func(file []byte) bool { return bytes.HasPrefix(file, []byte(magic)) }
}

func pngSize(file []byte) (image.Point, error) {
	c, err := png.DecodeConfig(bytes.NewReader(file))
	return image.Pt(c.Width, c.Height), err
}

func jpegSize(file []byte) (image.Point, error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(file))
	return image.Pt(c.Width, c.Height), err
}

func isWebP(file []byte) bool {
	return len(file) >= 16 && string(file[:4]) == "RIFF" && string(file[8:12]) == "WEBP"
}

var errWebP = errors.New("account: not a picture by RFC 9649")

// webpSize reads the sides from the head of the first chunk (RFC 9649, sections 2.5 to 2.7; for VP8, RFC 6386, section
// 9.1; for VP8L, RFC 9649, section 3.4). The standard library does not decode WebP.
func webpSize(file []byte) (image.Point, error) {
	if len(file) < 30 {
		return image.Point{}, errWebP
	}
	kind, head := string(file[12:16]), file[20:30]
	switch {
	case kind == "VP8 " && head[0]&1 == 0 && bytes.Equal(head[3:6], []byte{0x9d, 0x01, 0x2a}):
		return image.Pt(int(binary.LittleEndian.Uint16(head[6:])&0x3fff), int(binary.LittleEndian.Uint16(head[8:])&0x3fff)), nil
	case kind == "VP8L" && head[0] == 0x2f:
		bits := binary.LittleEndian.Uint32(head[1:])
		return image.Pt(int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1), nil
	case kind == "VP8X":
		return image.Pt(threeBytes(head[4:])+1, threeBytes(head[7:])+1), nil
	}
	return image.Point{}, errWebP
}

func threeBytes(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// webpWhole walks the chunks: they fill the file to its last byte, and one of them holds a picture.
func webpWhole(file []byte) error {
	if int64(binary.LittleEndian.Uint32(file[4:]))+8 != int64(len(file)) {
		return errWebP
	}
	drawn := false
	for rest := file[12:]; len(rest) > 0; {
		if len(rest) < 8 {
			return errWebP
		}
		size := int64(binary.LittleEndian.Uint32(rest[4:]))
		size += 8 + size&1 // a chunk of odd length is filled up by one byte
		if size > int64(len(rest)) {
			return errWebP
		}
		kind := string(rest[:4])
		drawn = drawn || kind == "VP8 " || kind == "VP8L" || kind == "ANMF"
		rest = rest[size:]
	}
	if !drawn {
		return errWebP
	}
	return nil
}
