package demo

import (
	"encoding/base32"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // pictures of the QR code come in these two forms
	_ "image/png"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"sallyport/internal/factor"
)

// entry is one account of the phone's authenticator app.
type entry struct {
	ID     string
	Issuer string
	Name   string
	secret []byte
}

// code is an entry as the phone shows it.
type code struct {
	entry
	Digits  string // in two groups of three
	Seconds int    // how long they still stand
}

// authenticator is the phone's app.
type authenticator struct {
	mu       sync.Mutex
	accounts []entry // newest first
	changed  func()
}

// mostPixels bounds a picture before it is decoded.
const mostPixels = 40_000_000

var (
	errNoKey     = errors.New("this is no key: 16 or more of the letters A to Z and the digits 2 to 7, or an otpauth address")
	errNoPicture = errors.New("this is no PNG or JPEG picture")
	errNoQR      = errors.New("no QR code is to be seen in this picture: take one of the whole code, with the white around it")
)

// addText takes a key as text, grouped base32 or an otpauth address, and shows it first.
func (a *authenticator) addText(text string, now time.Time) error {
	e, err := parseKey(strings.TrimSpace(text))
	if err != nil {
		return err
	}
	e.ID = fmt.Sprintf("%x", now.UnixNano())
	a.mu.Lock()
	a.accounts = slices.DeleteFunc(a.accounts, func(old entry) bool { return string(old.secret) == string(e.secret) })
	a.accounts = append([]entry{e}, a.accounts[:min(len(a.accounts), 49)]...)
	a.mu.Unlock()
	a.changed()
	return nil
}

// keep adds a key that was there from the beginning, behind the others.
func (a *authenticator) keep(uri string) error {
	e, err := parseKey(uri)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	e.ID = fmt.Sprintf("first-%d", len(a.accounts))
	a.accounts = append(a.accounts, e)
	return nil
}

// addPicture takes a picture with the QR code in it.
func (a *authenticator) addPicture(r io.ReadSeeker, now time.Time) error {
	shape, _, err := image.DecodeConfig(r)
	if err != nil || shape.Width*shape.Height > mostPixels {
		return errNoPicture
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return err
	}
	picture, _, err := image.Decode(r)
	if err != nil {
		return errNoPicture
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		return errNoPicture
	}
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		return errNoQR
	}
	return a.addText(found.GetText(), now)
}

func (a *authenticator) remove(id string) {
	a.mu.Lock()
	a.accounts = slices.DeleteFunc(a.accounts, func(e entry) bool { return e.ID == id })
	a.mu.Unlock()
	a.changed()
}

// codes are what the app shows now.
func (a *authenticator) codes(now time.Time) []code {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make([]code, 0, len(a.accounts))
	left := factor.Period - time.Duration(now.UnixNano())%factor.Period
	for _, e := range a.accounts {
		d := factor.Digits(e.secret, factor.StepAt(now))
		out = append(out, code{entry: e, Digits: d[:3] + " " + d[3:], Seconds: int((left + time.Second - 1) / time.Second)})
	}
	return out
}

// digits is the code that the app shows for an account, empty when there is none of that name.
func (a *authenticator) digits(name string, now time.Time) string {
	for _, c := range a.codes(now) {
		if c.Name == name {
			return strings.ReplaceAll(c.Digits, " ", "")
		}
	}
	return ""
}

func parseKey(text string) (entry, error) {
	if !strings.HasPrefix(strings.ToLower(text), "otpauth:") {
		secret, err := decodeKey(text)
		return entry{Name: "Typed key", secret: secret}, err
	}
	u, err := url.Parse(text)
	if err != nil || u.Host != "totp" {
		return entry{}, errNoKey
	}
	secret, err := decodeKey(u.Query().Get("secret"))
	if err != nil {
		return entry{}, err
	}
	issuer, name, found := strings.Cut(strings.TrimPrefix(u.Path, "/"), ":")
	if !found {
		issuer, name = u.Query().Get("issuer"), issuer
	}
	return entry{Issuer: strings.TrimSpace(issuer), Name: strings.TrimSpace(name), secret: secret}, nil
}

func decodeKey(text string) ([]byte, error) {
	text = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\t' || r == '\n' || r == '\r' || r == '=' || r == '\u00a0' {
			return -1
		}
		return r
	}, strings.ToUpper(text))
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	if err != nil || len(secret) < 10 || len(secret) > 128 {
		return nil, errNoKey
	}
	return secret, nil
}
