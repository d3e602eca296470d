package view

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Door is what every sign-in page has around its one thing. Pages embed it and add the methods Title, the one thing to
// do (h1 and the window's title), and Lead, why it appears now (may be empty).
type Door struct {
	Organisation string
	Logo         *Picture // nil: the first letter stands for it
	Problem      *Problem // what was refused, nil when nothing was
	Notice       string   // what happened meanwhile, said politely
	Back         string   // the page to go back to, where a live session is proved once more; empty in a sign-in
	Return       string   // the page that the sign-in under way was begun for; empty where that is the first one
	Whose        string   // user name of the sign-in under way, which its forms bring back
	Who          string   // user name of the sign-in under way; empty leaves out "not you?"
	Wide         bool     // for the own page, which holds more than one thing
	RequestID    string   // of the request, on error pages
	Stay         *Stay    // nil: nobody is signed in
}

// Picture is the organisation's logo, beside its name.
type Picture struct {
	Address       string
	Width, Height int // pixels; they keep its place while it loads
}

// Leave is the word of the way out: who proves a session once more is signed in, and stays so.
func (d Door) Leave() string {
	if d.Back != "" {
		return "Not now"
	}
	return "Start again"
}

// Mark is the letter that stands for the organisation where it has no logo.
func (d Door) Mark() string {
	r, _ := utf8.DecodeRuneInString(strings.TrimSpace(d.Organisation))
	if r == utf8.RuneError {
		return "S"
	}
	return string(unicode.ToUpper(r))
}
