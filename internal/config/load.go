package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// DefaultFile is read where no other file is named and it exists.
const DefaultFile = "/etc/sallyport/sallyport.toml"

// byDefault is where a value comes from that nobody has set.
const byDefault = "default"

// fileVariable is the environment variable that names another.
const fileVariable = prefix + "CONFIG"

// Sources are where values come from, the later ones stronger: defaults, file, environment, flags.
type Sources struct {
	File   string                           // empty: SALLYPORT_CONFIG, else DefaultFile if it is there
	Lookup func(name string) (string, bool) // os.LookupEnv
	Flags  map[string]string                // key name to text
}

// Loaded is a configuration in force, and where each key's value came from.
type Loaded struct {
	Config
	File string            // the file that was read, empty when none was
	From map[string]string // key name to "default", "file", "environment SALLYPORT_…", "flag --…" or "credential"
	text string
}

// Load reads and checks a configuration. Its errors name file, line and key.
func Load(s Sources) (*Loaded, error) {
	l := &Loaded{From: map[string]string{}}
	for _, k := range keys {
		l.From[k.name] = byDefault
		if err := k.set(&l.Config, k.def); err != nil {
			return nil, err
		}
	}
	if err := l.readFile(s); err != nil {
		return nil, err
	}
	if err := l.override(s); err != nil {
		return nil, err
	}
	l.findKey(s)
	return l, l.validate()
}

func (l *Loaded) readFile(s Sources) error {
	path, named := s.File, s.File != ""
	if !named {
		path, named = s.Lookup(fileVariable)
	}
	if !named {
		path = DefaultFile
	}
	if path == "" {
		return fmt.Errorf("environment %s: the name of a file is needed", fileVariable)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	l.File, l.text = path, string(text)
	if err := l.checkTypes(); err != nil {
		return err
	}
	meta, err := toml.Decode(l.text, &l.Config)
	if err != nil {
		return l.parseError(err)
	}
	for _, k := range meta.Keys() { // the library would take one in other letters, too
		if !slices.ContainsFunc(keys, func(known key) bool { return known.name == k.String() }) {
			return fmt.Errorf("%s: there is no key %q", l.at(k.String()), k.String())
		}
	}
	for _, k := range keys {
		if meta.IsDefined(k.name) {
			l.From[k.name] = "file"
		}
	}
	return nil
}

// checkTypes says in words what kind of value a key needs; the library would say it in Go's.
func (l *Loaded) checkTypes() error {
	var values map[string]any
	if _, err := toml.Decode(l.text, &values); err != nil {
		return l.parseError(err)
	}
	for _, k := range keys {
		v, ok := values[k.name]
		if needs := k.needs(v); ok && needs != "" {
			return fmt.Errorf("%s: %s: %s", l.at(k.name), k.name, needs)
		}
	}
	return nil
}

func (l *Loaded) parseError(err error) error {
	var p toml.ParseError
	if errors.As(err, &p) {
		return fmt.Errorf("%s:%d: %s", l.File, p.Position.Line, p.Message)
	}
	return fmt.Errorf("%s: %w", l.File, err)
}

// at is "file:line" of a key or a table, or the file alone.
func (l *Loaded) at(name string) string {
	for i, line := range strings.Split(l.text, "\n") {
		before, _, ok := strings.Cut(line, "=")
		if ok && strings.Trim(strings.TrimSpace(before), `"'`) == name || strings.Trim(strings.TrimSpace(line), "[]") == name {
			return fmt.Sprintf("%s:%d", l.File, i+1)
		}
	}
	return l.File
}

func (l *Loaded) override(s Sources) error {
	for _, k := range keys {
		if text, ok := s.Lookup(k.Env()); ok {
			if err := k.set(&l.Config, text); err != nil {
				return fmt.Errorf("environment %s: %w", k.Env(), err)
			}
			l.From[k.name] = "environment " + k.Env()
		}
		if text, ok := s.Flags[k.name]; ok {
			if err := k.set(&l.Config, text); err != nil {
				return fmt.Errorf("%s: %w", k.flag(), err)
			}
			l.From[k.name] = k.flag()
		}
	}
	return nil
}
