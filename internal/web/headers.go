package web

import (
	"net/http"
	"slices"
)

// contentPolicy is design's Content-Security-Policy: own scripts, styles and pictures, nothing else, in no frame.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// headers are the ready-made header lines of every answer. The keys are in canonical form and the slices are shared by
// all answers; a handler that wants another value sets a new slice (http.Header.Set does), never changes one.
type headers struct{ all []headerLine }

type headerLine struct {
	key   string
	value []string
}

func newHeaders(https bool) headers {
	lines := []headerLine{
		{"Cache-Control", []string{"no-store"}},
		{"Content-Security-Policy", []string{contentPolicy}},
		{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
		{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
		{"Permissions-Policy", []string{"camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"}},
		// same-origin, not no-referrer: with no-referrer browsers send "Origin: null" with our own forms.
		{"Referrer-Policy", []string{"same-origin"}},
		{"X-Content-Type-Options", []string{"nosniff"}},
	}
	if https {
		lines = append(lines, headerLine{"Strict-Transport-Security", []string{"max-age=63072000"}})
	}
	return headers{all: lines}
}

func (h headers) put(to http.Header) {
	for i := range h.all {
		to[h.all[i].key] = h.all[i].value
	}
}

// empty are the same headers for an answer without a body, where two can say in fewer words that nothing is allowed:
// net/http looks at every byte of every header of every answer.
func (h headers) empty() headers {
	short := map[string]string{"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Permissions-Policy": "camera=()"}
	out := headers{all: slices.Clone(h.all)}
	for i, line := range out.all {
		if value, ok := short[line.key]; ok {
			out.all[i].value = []string{value}
		}
	}
	return out
}
