package store

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// insert is how rows of one table are stored, one or many by one statement.
type insert struct {
	one   string // the statement for one row
	head  string // what stands before the rows
	row   []string
	tail  string // what comes after them
	width int    // arguments of a row
}

// inserting reads the statement of one row: its head up to VALUES, the row with its arguments as $1, $2 and so on, and
// what follows.
func inserting(head, row, tail string) insert {
	i := insert{one: head + row + tail, head: head, row: strings.Split(row, "$"), tail: tail}
	for _, part := range i.row[1:] {
		place, _ := placeOf(part)
		i.width = max(i.width, place)
	}
	return i
}

// placeOf is the number that a part of a row begins with, and what comes after it.
func placeOf(part string) (int, string) {
	rest := strings.TrimLeft(part, "0123456789")
	place, _ := strconv.Atoi(part[:len(part)-len(rest)])
	return place, rest
}

// of is the statement for n rows.
func (i insert) of(n int) string {
	if n == 1 {
		return i.one
	}
	text := []byte(i.head)
	for at := range n {
		if at > 0 {
			text = append(text, ", "...)
		}
		text = append(text, i.row[0]...)
		for _, part := range i.row[1:] {
			place, rest := placeOf(part)
			text = strconv.AppendInt(append(text, '$'), int64(at*i.width+place), 10)
			text = append(text, rest...)
		}
	}
	return string(append(text, i.tail...))
}

// insertAll stores a list by few statements, in its order. Nobody waits for their answers.
func insertAll[T any](ctx context.Context, tx *Tx, i insert, list []T, row func(T) (args, error)) error {
	for part := range inserted(tx, list) {
		var a args
		for _, v := range part {
			more, err := row(v)
			if err != nil {
				return err
			}
			a = append(a, more...)
		}
		if err := tx.later(ctx, nil, i.of(len(part)), a); err != nil {
			return err
		}
	}
	return nil
}

// inserted cuts a list into the pieces that one statement stores each. On SQLite that is one row: no statement has to
// travel there, and to find the thousands of arguments of many rows takes five times as long as to store them one by one.
func inserted[T any](tx *Tx, list []T) iter.Seq[[]T] {
	if tx.db.Shared() {
		return inSteps(list)
	}
	return slices.Chunk(list, 1)
}

// sure is row for insertAll where a row can always be written.
func sure[T any](row func(T) args) func(T) (args, error) {
	return func(v T) (args, error) { return row(v), nil }
}
