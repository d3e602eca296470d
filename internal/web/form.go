package web

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxFields bounds how many fields one form may have.
const maxFields = 5000

// Form holds the fields of a request: only named ones, each once but for those that may repeat.
type Form struct{ values url.Values }

// ReadForm reads the body of a POST. Fields are the names that the form has; a name that ends in "*" may come any number
// of times. Anything else is refused with 400: an unknown field, a field sent twice, invalid UTF-8, NUL and control
// characters other than tab and line ends. The address's query is never looked at.
func ReadForm(r *http.Request, fields ...string) (Form, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return Form{}, bodyError(err)
	}
	return parse(string(body), fields, false)
}

// ReadQuery reads the address's query in the same way, but passes over names it does not know.
func ReadQuery(r *http.Request, fields ...string) (Form, error) {
	return parse(r.URL.RawQuery, fields, true)
}

func parse(raw string, fields []string, lenient bool) (Form, error) {
	if strings.Count(raw, "&") >= maxFields {
		return Form{}, BadRequest("The request has too many fields.")
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return Form{}, BadRequest("The request could not be read.").Because(err)
	}
	for name, all := range values {
		if err := checkField(name, all, fields); err != nil {
			if lenient && !known(name, fields) {
				delete(values, name)
				continue
			}
			return Form{}, err
		}
	}
	return Form{values: values}, nil
}

func known(name string, fields []string) bool {
	return !strings.HasSuffix(name, "*") && (slices.Contains(fields, name) || slices.Contains(fields, name+"*"))
}

func checkField(name string, all, fields []string) error {
	switch {
	case !known(name, fields):
		return BadRequest(fmt.Sprintf("The request has a field that this page does not know: %q.", cut(name, 40)))
	case len(all) > 1 && !slices.Contains(fields, name+"*"):
		return BadRequest(fmt.Sprintf("The request has the field %q more than once.", name))
	}
	for _, v := range all {
		if !utf8.ValidString(v) || strings.ContainsFunc(v, forbidden) {
			return BadRequest(fmt.Sprintf("The field %q has characters that cannot be typed.", name))
		}
	}
	return nil
}

func forbidden(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0x7f
}

// cut keeps at most n bytes of s, whole characters only.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "?")
	for len(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// Get returns the field's value, empty when it did not come.
func (f Form) Get(name string) string { return f.values.Get(name) }

// Has reports whether the field came at all.
func (f Form) Has(name string) bool { return f.values.Has(name) }

// All returns every value of a field that may repeat.
func (f Form) All(name string) []string { return f.values[name] }
