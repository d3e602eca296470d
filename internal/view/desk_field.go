package view

import "slices"

// Field is one text field of a form with what was typed into it.
type Field struct {
	Name         string
	Label        string
	Value        string
	Type         string // text when empty
	Hint         string
	Autocomplete string
	Inputmode    string
	Required     bool
	Max          int  // characters; 0: no limit in the page
	Rows         int  // more than 0 makes it a text area
	Mono         bool // figures, addresses, codes
	Wrong        string
}

// DescribedBy names the elements that explain the field.
func (f Field) DescribedBy() string { return describedBy(f.Name, f.Hint, f.Wrong) }

// Select is a field with a list of choices.
type Select struct {
	Name    string
	Label   string
	Options []Option
	Hint    string
	Wrong   string
}

// DescribedBy names the elements that explain the field.
func (s Select) DescribedBy() string { return describedBy(s.Name, s.Hint, s.Wrong) }

// chosen reports whether another choice than the empty one is made.
func (s Select) chosen() bool {
	return slices.ContainsFunc(s.Options, func(o Option) bool { return o.Selected && o.Value != "" })
}

// Option is one choice.
type Option struct {
	Value    string
	Label    string
	Selected bool
}

// Options marks the chosen one.
func Options(chosen string, valueAndLabel ...string) []Option {
	out := make([]Option, 0, len(valueAndLabel)/2)
	for i := 0; i+1 < len(valueAndLabel); i += 2 {
		out = append(out, Option{Value: valueAndLabel[i], Label: valueAndLabel[i+1], Selected: valueAndLabel[i] == chosen})
	}
	return out
}

// Check is a box to tick.
type Check struct {
	Name    string
	Label   string
	Hint    string
	Checked bool
	Wrong   string
}

// DescribedBy names the elements that explain the field.
func (c Check) DescribedBy() string { return describedBy(c.Name, c.Hint, c.Wrong) }

// Hidden is a value that a form carries along.
type Hidden struct{ Name, Value string }

func describedBy(name, hint, wrong string) string {
	switch {
	case hint != "" && wrong != "":
		return name + "-hint " + name + "-error"
	case hint != "":
		return name + "-hint"
	case wrong != "":
		return name + "-error"
	}
	return ""
}
