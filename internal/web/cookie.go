package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sallyport"
)

// Cookie is one of Sallyport's cookies. Each carries one token and nothing else.
type Cookie struct {
	Name   string
	secure bool
	life   time.Duration // 0: until the browser closes
}

// Cookies are the three that exist, named after the public address: https means the __Host- prefix and Secure always;
// plain http, which is for loopback only, puts the port into the name because browsers share cookies between ports.
type Cookies struct {
	Session Cookie // who is signed in
	SignIn  Cookie // the sign-in under way in this browser
	Device  Cookie // a browser that signed in before
}

// deviceLife is how long a browser is remembered as one that signed in before.
const deviceLife = 365 * 24 * time.Hour

// NewCookies names the cookies for a public address such as https://door.example or http://localhost:8080.
func NewCookies(public string) (Cookies, error) {
	u, err := url.Parse(public)
	if err != nil {
		return Cookies{}, fmt.Errorf("web: public address: %w", err)
	}
	switch u.Scheme {
	case "https":
		return named(func(part string) string { return "__Host-sallyport" + part }, true), nil
	case "http":
		port := u.Port()
		if port == "" {
			port = "80"
		}
		return named(func(part string) string { return "sallyport" + part + "-" + port }, false), nil
	}
	return Cookies{}, errors.New("web: the public address must begin with https:// or http://")
}

func named(name func(part string) string, secure bool) Cookies {
	return Cookies{
		Session: Cookie{Name: name(""), secure: secure},
		SignIn:  Cookie{Name: name("-signin"), secure: secure},
		Device:  Cookie{Name: name("-device"), secure: secure, life: deviceLife},
	}
}

// Read returns the token that the request carries. No cookie, a malformed one and two of one name are all the same: none.
func (c Cookie) Read(r *http.Request) (sallyport.Token, bool) {
	v := scan(r.Header["Cookie"], c.Name)
	return sallyport.Token(v), v != ""
}

// Set gives the token to the browser.
func (c Cookie) Set(w http.ResponseWriter, t sallyport.Token) {
	c.write(w, t.Reveal(), int(c.life/time.Second))
}

// Clear takes the cookie back from the browser.
func (c Cookie) Clear(w http.ResponseWriter) { c.write(w, "", -1) }

func (c Cookie) write(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: c.Name, Value: value, Path: "/", MaxAge: maxAge,
		Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// tokenLength is the length of a token's text.
const tokenLength = 43

// scan finds the one well-formed token under name in the Cookie header's lines, without allocating; else "".
func scan(lines []string, name string) string {
	found, count := "", 0
	for _, line := range lines {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			for pair != "" && (pair[0] == ' ' || pair[0] == '\t') {
				pair = pair[1:]
			}
			if len(pair) > len(name) && pair[len(name)] == '=' && pair[:len(name)] == name {
				found = pair[len(name)+1:]
				count++
			}
		}
	}
	if count != 1 || !tokenText(found) {
		return ""
	}
	return found
}

func tokenText(s string) bool {
	if len(s) != tokenLength {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
