package account_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/account"
)

const goodFile = "\xef\xbb\xbffirst_name,last_name,user_name,email,phone,role,method\r\n" +
	"Dana,Reyes,,dana@northwind.example,+1 425 555 0100,Reports Manager,\r\n" +
	"\"Novak, \"\"Ilya\"\"\",,ilya,ilya@northwind.example,,read-only,app\r\n"

// D9.14: a good file, with a byte order mark and quotation, adds everybody with an invitation.
func TestD9_14Good(t *testing.T) {
	h := newHouse(t)
	actor := h.session(h.add(sallyport.SuperAdmin))
	n := len(h.events())
	preview, err := h.PreviewImport(ctx, actor, strings.NewReader(goodFile))
	if err != nil || len(preview.Problems) != 0 || len(preview.Rows) != 2 || preview.Done || preview.WillSend {
		t.Fatalf("preview %+v, %v", preview, err)
	}
	dana := preview.Rows[0].Technician
	if preview.Rows[0].Line != 2 || dana.UserName != "dana@northwind.example" || dana.Phone != "+14255550100" || dana.Role != sallyport.ReportsManager || dana.Method != sallyport.MethodApp {
		t.Errorf("%+v", dana)
	}
	if len(h.since(n)) != 0 || len(h.team()) != 1 {
		t.Error("a preview added somebody")
	}
	done, err := h.Import(ctx, actor, strings.NewReader(goodFile))
	if err != nil || !done.Done || len(done.Rows) != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	for _, row := range done.Rows {
		now := h.technician(row.ID)
		if now.Status != sallyport.Invited || len(now.Password) != 0 || !h.alive(row.Invitation) {
			t.Errorf("%+v", now)
		}
	}
	if got := h.since(n); !slices.Equal(got, []string{"technician.imported", "technician.imported"}) {
		t.Errorf("events %v", got)
	}
	again, err := h.Import(ctx, actor, strings.NewReader(goodFile))
	if err != nil || again.Done || len(again.Problems) != 2 || again.Problems[0].Line != 2 || again.Problems[0].Field != "user_name" {
		t.Errorf("a second time: %+v, %v", again.Problems, err)
	}
}

// D9.14: empty lines before the heading are no part of the file, whatever separates its cells.
func TestD9_14EmptyLines(t *testing.T) {
	h := newHouse(t)
	actor := h.session(h.add(sallyport.SuperAdmin))
	for _, sep := range []string{",", ";"} {
		file := "\xef\xbb\xbf\r\n\n" + strings.ReplaceAll("email,role\r\n\r\ndana@northwind.example,admin\r\n", ",", sep)
		b, err := h.PreviewImport(ctx, actor, strings.NewReader(file))
		if err != nil || len(b.Problems) != 0 || len(b.Rows) != 1 || b.Rows[0].Line != 5 {
			t.Errorf("%q: %+v, %v", sep, b, err)
		}
	}
}

// D9.14: a file with anything wrong adds nobody, and says what and in which line.
func TestD9_14Bad(t *testing.T) {
	h := newHouse(t)
	h.add(sallyport.SuperAdmin)
	actor := h.session(h.add(sallyport.Admin))
	head := "email,role,method,first_name\n"
	good := "a@northwind.example,read-only,app,A\n"
	many := strings.Builder{}
	many.WriteString("email,role\n")
	for i := range account.ImportMostRows + 1 {
		fmt.Fprintf(&many, "p%d@x.example,read-only\n", i)
	}
	for name, c := range map[string]struct {
		file  string
		line  int
		field string
		says  string
	}{
		"empty":                    {"", 1, "", "empty"},
		"a heading alone":          {head, 2, "", "no technician"},
		"a column that is unknown": {"email,role,generation\n" + "a@x.example,admin,0\n", 1, "", `"generation"`},
		"a column far down":        {"\r\n\r\nemail,role,generation\r\n" + "a@x.example,admin,0\r\n", 3, "", `"generation"`},
		"a column twice":           {"email,role,email\n", 1, "email", "twice"},
		"no column for the role":   {"email\na@x.example\n", 1, "role", "missing"},
		"UTF-16":                   {"\xff\xfee\x00m\x00", 1, "", "UTF-16"},
		"Latin-1 in line 3":        {head + good + "j@x.example,read-only,app,J\xfcrgen\n", 3, "", "UTF-8"},
		"UTF-7 stays as it is":     {head + good + "+AGE-,read-only,app,\n", 3, "email", ""},
		"a NUL byte":               {head + good + "b@x.example,read-only,app,B\x00\n", 3, "", "NUL"},
		"a sign nobody can type":   {head + good + "b@x.example,read-only,app,B\x0b\n", 3, "", "control character"},
		"a spreadsheet":            {"PK\x03\x04....", 1, "", "spreadsheet"},
		"a quotation mark":         {head + good + "b@x.example,\"read-only,app,B\n", 3, "", "CSV"},
		"too few cells":            {head + good + "b@x.example,read-only\n", 3, "", "2 cells"},
		"no such role":             {head + good + "b@x.example,root,app,B\n", 3, "role", `"root"`},
		"no such method":           {head + good + "b@x.example,read-only,sms,B\n", 3, "method", `"sms"`},
		"a role above the actor":   {head + good + "b@x.example,Super Admin,app,B\n", 3, "role", "Nobody gives"},
		"a method without gateway": {head + good + "b@x.example,read-only,email,B\n", 3, "method", "Email Settings"},
		"half bad":                 {head + good + "not an address,read-only,app,B\n" + good, 3, "email", ""},
		"the same name twice":      {head + good + "b@x.example,read-only,app,B\n" + "A@NORTHWIND.example,read-only,app,A\n", 4, "user_name", "Line 2"},
		"a formula as an address":  {head + "=cmd()|'/c calc'!A1,read-only,app,B\n", 2, "email", ""},
		"too many rows":            {many.String(), account.ImportMostRows + 2, "", "5,000"},
		"too large":                {head + strings.Repeat(" ", account.ImportMostBytes), 1, "", "1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			n := len(h.events())
			for i, try := range []func() (account.Batch, error){
				func() (account.Batch, error) { return h.PreviewImport(ctx, actor, strings.NewReader(c.file)) },
				func() (account.Batch, error) { return h.Import(ctx, actor, strings.NewReader(c.file)) },
			} {
				b, err := try()
				if err != nil || b.Done || len(b.Rows) != 0 || len(b.Problems) == 0 {
					t.Fatalf("%+v, %v", b, err)
				}
				if p := b.Problems[0]; p.Line != c.line || p.Field != c.field || !strings.Contains(p.Message, c.says) {
					t.Errorf("%+v", p)
				}
				if got := h.since(n); len(got) != i { // a preview leaves no trace, a refused import does
					t.Errorf("events %v", got)
				}
			}
			e := h.events()[n]
			if reason := strings.TrimSuffix("import: "+c.field, ": "); e.Type != "save.refused" || e.Actor != actor.ID || !strings.HasPrefix(e.Reason, reason) {
				t.Errorf("event %+v", e)
			}
			if len(h.team()) != 2 {
				t.Error("somebody was added")
			}
		})
	}
}

// A million rows are refused after a megabyte, and a reader that fails is an error.
func TestD9_14Huge(t *testing.T) {
	h := newHouse(t)
	actor := h.session(h.add(sallyport.SuperAdmin))
	r := &endless{line: []byte("p@x.example,read-only\n")}
	b, err := h.Import(ctx, actor, r)
	if err != nil || b.Done || len(b.Problems) != 1 || r.read > 2*account.ImportMostBytes {
		t.Errorf("%+v, %v after %d bytes", b, err, r.read)
	}
	broken := errors.New("connection lost")
	if _, err := h.Import(ctx, actor, &endless{fail: broken}); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

// TestImportSaysNoMoreThanIsRead: a heading of countless columns and lines without a second cell are refused after what the
// limits allow, not in a message for each.
func TestImportSaysNoMoreThanIsRead(t *testing.T) {
	h := newHouse(t)
	actor := h.session(h.add(sallyport.SuperAdmin))
	for name, c := range map[string]struct {
		file  string
		wrong int // problems in all
		says  string
	}{
		"unknown columns":        {strings.Repeat("a,", 500_000) + "role,email\n", 1, "This heading has 500002 columns. Known are: first_name,"},
		"known ones, many times": {strings.Repeat("a,", 100_000) + strings.Repeat("role,", 100_000) + "email\n", 1, "200001 columns"},
		"a hundred columns":      {strings.Repeat("a,", 98) + "role,email\n", 98, `There is no column "a"`},
		"lines of one cell":      {"email,role\n" + strings.Repeat("a\n", 400_000), account.ImportMostRows + 1, "This line has 1 cells"},
		"and good ones after it": {"email,role\n" + strings.Repeat("a\n", 200_000) + strings.Repeat("a@x.example,king\n", 30_000), account.ImportMostRows + 1, "This line has 1 cells"},
	} {
		b, err := h.PreviewImport(ctx, actor, strings.NewReader(c.file))
		if err != nil || len(b.Problems)+b.More != c.wrong || !strings.Contains(b.Problems[0].Message, c.says) {
			t.Errorf("%s: %d problems, the first %+v, %v", name, len(b.Problems)+b.More, b.Problems[:min(1, len(b.Problems))], err)
		}
	}
}

type endless struct {
	line []byte
	read int
	fail error
}

func (e *endless) Read(p []byte) (int, error) {
	if e.fail != nil {
		return 0, e.fail
	}
	n := copy(p, bytes.Repeat(e.line, len(p)/len(e.line)+1))
	e.read += n
	return n, nil
}

// Whoever may not add technicians learns nothing from a file, and one who brings an Admin must prove himself again.
func TestImportRights(t *testing.T) {
	h := newHouse(t)
	reader := h.session(h.add(sallyport.AppsAndReportsManager))
	if _, err := h.PreviewImport(ctx, reader, strings.NewReader(goodFile)); !errors.Is(err, sallyport.ErrForbidden) {
		t.Errorf("%v", err)
	}
	actor := h.session(h.add(sallyport.SuperAdmin))
	h.clock.Add(20 * 60 * 1e9)
	if _, err := h.Import(ctx, actor, strings.NewReader("email,role\na@x.example,admin\n")); !errors.Is(err, sallyport.ErrStepUp) {
		t.Errorf("%v", err)
	}
	if b, err := h.Import(ctx, actor, strings.NewReader("email;role\na@x.example;read-only\n")); err != nil || !b.Done {
		t.Errorf("%+v, %v", b, err)
	}
}

func (h *house) team() []sallyport.Row {
	h.t.Helper()
	page, err := h.List(ctx, host, sallyport.Filter{Size: 200})
	if err != nil {
		h.t.Fatal(err)
	}
	return page.Rows
}

func FuzzImport(f *testing.F) {
	f.Add([]byte(goodFile))
	f.Add([]byte("email;role\na@x.example;admin\n"))
	f.Add([]byte("email,role\n\"a\n"))
	h := newHouse(f)
	h.add(sallyport.SuperAdmin)
	f.Fuzz(func(t *testing.T, file []byte) {
		b, err := h.PreviewImport(ctx, host, bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if (len(b.Problems) == 0) == (len(b.Rows) == 0) {
			t.Fatalf("%d problems and %d rows", len(b.Problems), len(b.Rows))
		}
	})
}
