package delivery

import (
	"maps"
	"slices"
	"strings"

	"sallyport"
)

// checker looks at a whole form and gathers what is wrong with it.
type checker struct {
	kind    Kind
	network Network
	values  map[string]string // cleaned, with defaults; secrets too
	fields  []sallyport.Field
}

func (c *checker) wrong(name, message string) {
	for _, f := range c.fields {
		if f.Name == name {
			return // the first reason is enough
		}
	}
	c.fields = append(c.fields, sallyport.Field{Name: name, Message: message})
}

func (c *checker) fail(err error) {
	if err == nil {
		return
	}
	for _, f := range fieldsOf(err) {
		c.wrong(f.Name, f.Message)
	}
}

// draft is a checked form, ready to be stored.
type draft struct {
	settings map[string]string
	secrets  map[string]string
	cleared  []string // labels of secrets that a change of the other side took away
}

// read checks form against the kind and what was stored before (secrets may be nil). A secret that was left empty is
// kept, unless the other side changed: then it is cleared, for it was given to somebody else.
func (c *checker) read(form map[string]string, before *sallyport.Gateway, secrets map[string]string) (draft, error) {
	k := c.kind
	for _, f := range k.Fields {
		c.values[f.Name] = clean(f, form[f.Name])
	}
	moved := before == nil || before.Kind != k.Kind || slices.ContainsFunc(k.Fields, func(f FormField) bool {
		return f.identity && before.Settings[f.Name] != c.values[f.Name]
	})
	d := draft{settings: map[string]string{}, secrets: map[string]string{}}
	for _, f := range k.Fields {
		lost := f.Secret && c.values[f.Name] == "" && moved && secrets[f.Name] != ""
		if f.Secret && c.values[f.Name] == "" && !moved {
			c.values[f.Name] = secrets[f.Name]
		}
		if lost {
			d.cleared = append(d.cleared, f.Label)
		}
		c.one(f, lost)
	}
	k.check(c)
	for _, f := range k.Fields {
		into := d.settings
		if f.Secret {
			into = d.secrets
		}
		if v := c.values[f.Name]; v != "" {
			into[f.Name] = v
		}
	}
	return d, sallyport.InvalidFields(c.fields)
}

// one checks a single field.
func (c *checker) one(f FormField, lost bool) {
	v := c.values[f.Name]
	switch {
	case v == "" && lost && f.Required:
		c.wrong(f.Name, "Please type it again: it was given for another server, and is not sent to this one.")
	case v == "" && f.Required:
		c.wrong(f.Name, "Please fill this in.")
	case v == "":
	case len(f.Choices) > 0:
		if !slices.ContainsFunc(f.Choices, func(o Choice) bool { return o.Value == v }) {
			c.wrong(f.Name, "Please choose one of the values that are offered.")
		}
	case f.check != nil:
		c.fail(f.check(f.Name, v))
	}
}

// clean takes away what nobody means to type. A secret stays as it is, but for line ends at its own end.
func clean(f FormField, v string) string {
	if f.Lines {
		v = strings.ReplaceAll(v, "\r\n", "\n")
	}
	if f.Secret && !f.Lines {
		return strings.TrimRight(v, "\r\n")
	}
	if v = strings.TrimSpace(v); v == "" {
		return f.Default
	}
	return v
}

// secretNames are the names of the secrets that are there, for pages.
func secretNames(secrets map[string]string) []string { return slices.Sorted(maps.Keys(secrets)) }
