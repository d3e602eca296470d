package httpsms

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// template is a body with placeholders, taken apart once so that filling in cannot change its form.
type template struct {
	json any         // the decoded JSON document, nil for a form
	form [][2]string // names and values of a form, in their order
}

var placeholders = regexp.MustCompile(`\{(to|text|from|id|secret)\}`)

func parse(format, body string) (template, error) {
	switch format {
	case "json":
		return parseJSON(body)
	case "form":
		return parseForm(body)
	}
	return template{}, fmt.Errorf("httpsms: unknown format %q", format)
}

func parseJSON(body string) (template, error) {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var t template
	if err := d.Decode(&t.json); err != nil {
		return t, fmt.Errorf("httpsms: %w", err)
	}
	if d.More() || t.json == nil {
		return t, errors.New("httpsms: one JSON document is needed")
	}
	return t, nil
}

func parseForm(body string) (template, error) {
	t := template{form: [][2]string{}}
	for line := range strings.Lines(body) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		if !found || name == "" {
			return t, fmt.Errorf("httpsms: %q is not name=value", line)
		}
		t.form = append(t.form, [2]string{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	if len(t.form) == 0 {
		return t, errors.New("httpsms: the body is empty")
	}
	return t, nil
}

// fill writes the body with values in the place of placeholders, and its content type.
func (t template) fill(values map[string]string) (body, kind string, err error) {
	one := func(s string) string {
		// One pass: a placeholder inside a value stays as it is.
		return placeholders.ReplaceAllStringFunc(s, func(p string) string { return values[p] })
	}
	if t.form == nil {
		b, err := json.Marshal(walk(t.json, one))
		return string(b), "application/json", err
	}
	var out strings.Builder
	for i, pair := range t.form {
		if i > 0 {
			out.WriteByte('&')
		}
		out.WriteString(url.QueryEscape(pair[0]) + "=" + url.QueryEscape(one(pair[1])))
	}
	return out.String(), "application/x-www-form-urlencoded; charset=utf-8", nil
}

// walk copies a JSON document with each string filled in; names stay as they are.
func walk(v any, one func(string) string) any {
	switch v := v.(type) {
	case string:
		return one(v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = walk(item, one)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, item := range v {
			out[name] = walk(item, one)
		}
		return out
	}
	return v
}
