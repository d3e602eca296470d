package account

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"sallyport"
)

// What one imported file may hold.
const (
	ImportMostBytes = 1 << 20
	ImportMostRows  = 5000

	importMostColumns = 100 // of which all but seven are unknown
)

// importColumns are the columns that a file may have, in any order.
var importColumns = []string{FieldFirstName, FieldLastName, FieldUserName, FieldEmail, FieldPhone, FieldRole, FieldMethod}

// csvRow is one line of a file, as it was read.
type csvRow struct {
	line int
	form Form
}

// csvFile is what was read of a file, and what is wrong with it.
type csvFile struct {
	rows     []csvRow
	problems []LineProblem
}

// readFile reads a CSV file (RFC 4180, UTF-8 with or without a byte order mark, comma or semicolon). Problems are in
// words for whoever made the file; the error is for a reader that failed.
func readFile(r io.Reader) (csvFile, error) {
	text, err := io.ReadAll(io.LimitReader(r, ImportMostBytes+1))
	if err != nil {
		return csvFile{}, err
	}
	if problem := wholeFile(text); problem != nil {
		return csvFile{problems: []LineProblem{*problem}}, nil
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	in := csv.NewReader(bytes.NewReader(text))
	in.FieldsPerRecord = -1
	in.Comma = separator(text)
	heading, err := in.Read()
	if err != nil {
		return csvFile{problems: []LineProblem{csvProblem(err, 1)}}, nil
	}
	line, _ := in.FieldPos(0)
	columns, problems := readHeading(heading, line)
	if len(problems) > 0 {
		return csvFile{problems: problems}, nil
	}
	rows, problems := readRows(in, columns)
	return csvFile{rows, problems}, nil
}

// wholeFile refuses what is no CSV file in UTF-8 before a line of it is read.
func wholeFile(text []byte) *LineProblem {
	refuse := func(line int, message string) *LineProblem { return &LineProblem{Line: line, Message: message} }
	switch {
	case len(text) > ImportMostBytes:
		return refuse(1, "This file is larger than 1 MiB. Please split it.")
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return refuse(1, "This file is written in UTF-16. Please save it as CSV in UTF-8.")
	case bytes.HasPrefix(text, []byte("PK\x03\x04")), bytes.HasPrefix(text, []byte("\xd0\xcf\x11\xe0")):
		return refuse(1, "This is a spreadsheet. Please save it as CSV in UTF-8.")
	case len(bytes.TrimSpace(text)) == 0:
		return refuse(1, "This file is empty.")
	}
	for i, line := range bytes.Split(text, []byte("\n")) {
		if !utf8.Valid(line) {
			return refuse(i+1, "This line is not written in UTF-8. Please save the file as CSV in UTF-8.")
		}
		if bytes.IndexByte(line, 0) >= 0 {
			return refuse(i+1, "This line holds a NUL byte. Please save the file as CSV in UTF-8.")
		}
		if bytes.ContainsFunc(line, untyped) {
			return refuse(i+1, "This line holds a control character. Please take it out.")
		}
	}
	return nil
}

// untyped reports a sign that no form takes: after its preview such a file could not be sent.
func untyped(r rune) bool { return r < 0x20 && r != '\t' && r != '\r' || r == 0x7f }

// separator is what the heading is separated with: some spreadsheets write a semicolon.
func separator(text []byte) rune {
	heading, _, _ := bytes.Cut(bytes.TrimLeft(text, "\r\n"), []byte("\n"))
	if bytes.IndexByte(heading, ',') < 0 && bytes.IndexByte(heading, ';') >= 0 {
		return ';'
	}
	return ','
}

// readHeading finds out which column is which, in the line where they stand. A column that nobody knows is refused, never
// ignored.
func readHeading(heading []string, line int) ([]string, []LineProblem) {
	var columns []string
	var problems []LineProblem
	if len(heading) > importMostColumns {
		return nil, []LineProblem{{line, "", fmt.Sprintf("This heading has %d columns. Known are: %s.", len(heading), strings.Join(importColumns, ", "))}}
	}
	for _, cell := range heading {
		name := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(cell)), " ", "_")
		switch {
		case !slices.Contains(importColumns, name):
			problems = append(problems, LineProblem{line, "", fmt.Sprintf("There is no column %q. Known are: %s.", clip(cell), strings.Join(importColumns, ", "))})
		case slices.Contains(columns, name):
			problems = append(problems, LineProblem{line, name, "This column stands twice."})
		}
		columns = append(columns, name)
	}
	for _, needed := range []string{FieldEmail, FieldRole} {
		if !slices.Contains(columns, needed) {
			problems = append(problems, LineProblem{line, needed, "This column is missing."})
		}
	}
	return columns, problems
}

func readRows(in *csv.Reader, columns []string) (rows []csvRow, problems []LineProblem) {
	for n := 0; ; n++ {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, append(problems, csvProblem(err, 0))
		}
		line, _ := in.FieldPos(0)
		if n == ImportMostRows {
			return nil, append(problems, LineProblem{line, "", "This file has more than 5,000 rows. Please split it."})
		}
		if len(cells) != len(columns) {
			problems = append(problems, LineProblem{line, "", fmt.Sprintf("This line has %d cells; the heading has %d.", len(cells), len(columns))})
			continue
		}
		form, wrong := readCells(columns, cells)
		for _, f := range wrong {
			problems = append(problems, LineProblem{line, f.Name, f.Message})
		}
		rows = append(rows, csvRow{line, form})
	}
	if len(rows) == 0 && len(problems) == 0 {
		problems = append(problems, LineProblem{2, "", "There is no technician in this file."})
	}
	return rows, problems
}

func csvProblem(err error, line int) LineProblem {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return LineProblem{parse.StartLine, "", "This line cannot be read as CSV: a quotation mark is missing or stands in the wrong place."}
	}
	return LineProblem{line, "", "This line cannot be read as CSV."}
}

// readCells makes a form of one line. A role and a method may be given by name or by id.
func readCells(columns, cells []string) (form Form, wrong []sallyport.Field) {
	for i, column := range columns {
		cell := strings.TrimSpace(cells[i])
		switch column {
		case FieldFirstName:
			form.FirstName = cell
		case FieldLastName:
			form.LastName = cell
		case FieldUserName:
			form.UserName = cell
		case FieldEmail:
			form.Email = cell
		case FieldPhone:
			form.Phone = cell
		case FieldRole:
			role, ok := roleByWord(cell)
			form.Role = role
			if !ok {
				wrong = append(wrong, sallyport.Field{Name: column, Message: fmt.Sprintf("There is no role %q. Known are: %s.", clip(cell), roleWords())})
			}
		case FieldMethod:
			method, ok := methodByWord(cell)
			form.Method = method
			if !ok {
				wrong = append(wrong, sallyport.Field{Name: column, Message: fmt.Sprintf("There is no method %q. Known are: app, email, text, off.", clip(cell))})
			}
		}
	}
	return form, wrong
}

// roleWords are the ids of all roles.
func roleWords() string {
	var ids []string
	for _, r := range sallyport.BuiltInRoles {
		ids = append(ids, string(r.ID))
	}
	return strings.Join(ids, ", ")
}

func roleByWord(word string) (sallyport.RoleID, bool) {
	for _, r := range sallyport.BuiltInRoles {
		if strings.EqualFold(word, string(r.ID)) || strings.EqualFold(word, r.Name) {
			return r.ID, true
		}
	}
	return "", false
}

// methodByWord reads a method; none is the usual one.
func methodByWord(word string) (sallyport.Method, bool) {
	if word == "" {
		return sallyport.MethodApp, true
	}
	for _, m := range sallyport.Methods {
		if strings.EqualFold(word, string(m)) || strings.EqualFold(word, m.String()) {
			return m, true
		}
	}
	return "", false
}

// clip shows at most the first characters of what stood in a cell.
func clip(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
