package config

import (
	"fmt"
	"io"
	"net/url"
	"reflect"
	"strings"
)

// Print writes the configuration in force as TOML, each line with where its value came from. It holds no secret: the
// key and the certificate's key are named by their files only, a password in the database's address is left out, and so is
// what follows the host in the webhook's, which many receivers take for one.
func (l *Loaded) Print(w io.Writer) error {
	file := "none"
	if l.File != "" {
		file = l.File
	}
	if _, err := fmt.Fprintf(w, "# configuration file: %s\n", file); err != nil {
		return err
	}
	for _, k := range keys {
		c := l.Config
		if without := hides[k.hide]; without != nil {
			field := reflect.ValueOf(&c).Elem().Field(k.index)
			field.SetString(without(field.String()))
		}
		if _, err := fmt.Fprintf(w, "%-50s # %s\n", k.name+" = "+k.get(c), l.From[k.name]); err != nil {
			return err
		}
	}
	return nil
}

// hides are the ways to leave out what may be secret in a value, by the name that a key's tag gives.
var hides = map[string]func(string) string{"password": withoutPassword, "path": withoutPath}

// withoutPassword is a database's address as it may be shown.
func withoutPassword(address string) string {
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil {
		return "(set, but not readable)"
	}
	if _, has := u.User.Password(); has {
		u.User = url.UserPassword(u.User.Username(), "xxxxx")
	}
	query := u.Query()
	for _, name := range []string{"password", "sslpassword"} {
		if query.Has(name) {
			query.Set(name, "xxxxx")
			u.RawQuery = query.Encode()
		}
	}
	return u.String()
}

// withoutPath is a webhook's address as it may be shown: its path or query may be all that a receiver asks for.
func withoutPath(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Path == "" && u.RawQuery == "" {
		return address // what validate has accepted does parse
	}
	return u.Scheme + "://" + u.Host + "/xxxxx"
}

// Example writes a commented file with every key at its default, as init does. Data is the folder that is filled in.
func Example(w io.Writer, data string) error {
	var b strings.Builder
	b.WriteString("# Configuration of Sallyport. A line without # in front is in force; the others show the default.\n" +
		"# Each key may also be given as an environment variable: SALLYPORT_ and the key in capitals.\n")
	c := Config{}
	for _, k := range keys {
		if err := k.set(&c, k.def); err != nil {
			return err
		}
		b.WriteString("\n" + wrap(k.help))
		if k.example != "" {
			example := Config{}
			if err := k.set(&example, k.example); err != nil {
				return err
			}
			b.WriteString("# For example: " + k.name + " = " + k.get(example) + "\n")
		}
		if k.name == "data" && data != "" {
			b.WriteString("data = " + quote(data) + "\n")
			continue
		}
		b.WriteString("#" + k.name + " = " + k.get(c) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// wrap breaks text into comment lines of at most 100 characters.
func wrap(text string) string {
	var b strings.Builder
	line := "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > 100 {
			b.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
	return b.String()
}
