package store

import (
	"fmt"
	"strings"
)

// where collects conditions, written with ? and numbered here, so that every combination is one text to prepare.
type where struct {
	terms []string
	args  args
}

func (w *where) and(term string, value any) {
	w.terms = append(w.terms, strings.Replace(term, "?", w.place(value), 1))
}

// place takes one more argument and returns its placeholder.
func (w *where) place(value any) string {
	w.args = append(w.args, value)
	return fmt.Sprintf("$%d", len(w.args))
}

func (w *where) clause() string {
	if len(w.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.terms, " AND ")
}
