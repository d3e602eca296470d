package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// key is one field of Config by name, found by reflection so that the struct stays the only list.
type key struct {
	name, def, help, example string
	index                    int
	hide                     string // what part of the value may be secret, by a name of hides; empty: none
}

var keys = func() []key {
	var out []key
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		out = append(out, key{name: tag.Get("toml"), def: tag.Get("default"), help: tag.Get("help"), example: tag.Get("example"), index: i, hide: tag.Get("hide")})
	}
	return out
}()

// Env is the name of k's environment variable.
func (k key) Env() string { return prefix + strings.ToUpper(k.name) }

// flag names k's flag, as it is typed.
func (k key) flag() string { return "flag --" + strings.ReplaceAll(k.name, "_", "-") }

// set reads text, as an environment variable or a flag gives it. Lists are separated by commas.
func (k key) set(c *Config, text string) error {
	field := reflect.ValueOf(c).Elem().Field(k.index)
	switch field.Interface().(type) {
	case string:
		field.SetString(text)
	case int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%s: %q is not a whole number", k.name, text)
		}
		field.SetInt(int64(n))
	case []string:
		field.Set(reflect.ValueOf(split(text)))
	}
	return nil
}

// needs says what kind of value k needs where v, as the file has it, is another; it is empty where v is of that kind.
func (k key) needs(v any) string {
	switch reflect.TypeFor[Config]().Field(k.index).Type.Kind() {
	case reflect.Int:
		if _, ok := v.(int64); !ok {
			return "a whole number is needed, like " + k.def
		}
	case reflect.Slice:
		if items, ok := v.([]any); !ok || slices.ContainsFunc(items, func(item any) bool { _, ok := item.(string); return !ok }) {
			return "a list of texts is needed, like " + list(split(k.example))
		}
	default:
		if _, ok := v.(string); !ok {
			return "a text in quotation marks is needed, like " + quote(cmp.Or(k.example, k.def))
		}
	}
	return ""
}

// get is the value as TOML.
func (k key) get(c Config) string {
	switch v := reflect.ValueOf(c).Field(k.index).Interface().(type) {
	case int:
		return strconv.Itoa(v)
	case []string:
		return list(v)
	default:
		return quote(fmt.Sprint(v))
	}
}

func split(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func list(items []string) string {
	quoted := make([]string, len(items))
	for i, item := range items {
		quoted[i] = quote(item)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// quote is s as a TOML basic string, which knows fewer escapes than Go.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, "\\u%04X", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
