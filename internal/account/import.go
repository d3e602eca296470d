package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"sallyport"
	"sallyport/internal/audit"
)

// PreviewImport reads a CSV file and says what Import would do with it: whom it would add, or what is wrong in which
// line. It needs technicians.write and changes nothing.
func (s *Service) PreviewImport(ctx context.Context, actor sallyport.Actor, r io.Reader) (Batch, error) {
	return s.importing(ctx, actor, r, s.store.Read, nil)
}

// Import adds every technician of a CSV file with an invitation, in one transaction, or none of them and says what is
// wrong in which line. It needs technicians.write, and a fresh proof where one of them may change other technicians.
// What was refused is an event, as with Add.
func (s *Service) Import(ctx context.Context, actor sallyport.Actor, r io.Reader) (Batch, error) {
	run := func(ctx context.Context, f func(Tx) error) error { return s.attempt(ctx, actor, "", f) }
	b, err := s.importing(ctx, actor, r, run, s.bringAll)
	if err == nil && !b.Done {
		err = s.recordRefusal(ctx, actor, "", b.refusal())
	}
	return b, err
}

// refusal is why a batch was not imported, each field once.
func (b Batch) refusal() error {
	var fields []sallyport.Field
	seen := map[string]bool{"": true} // the file itself
	for _, p := range b.Problems {
		if !seen[p.Field] {
			fields = append(fields, sallyport.Field{Name: p.Field})
		}
		seen[p.Field] = true
	}
	refused := sallyport.E(sallyport.Invalid, "import", "Nothing was imported.")
	refused.Fields = fields
	return refused
}

// importing is the frame of both. A batch with problems is no error, and nothing of it is stored.
func (s *Service) importing(ctx context.Context, actor sallyport.Actor, r io.Reader,
	run func(context.Context, func(Tx) error) error, then func(context.Context, Tx, who, *Batch) error) (Batch, error) {
	rows, problems, err := readFile(r)
	if err != nil {
		return Batch{}, err
	}
	var b Batch
	err = run(ctx, func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.WriteTechnicians)
		if err != nil {
			return err
		}
		b = Batch{Problems: problems}
		if err := s.readBatch(ctx, tx, w, rows, &b); err != nil {
			return err
		}
		if len(b.Problems) > 0 || then == nil {
			return nil
		}
		return then(ctx, tx, w, &b)
	})
	if err != nil {
		return Batch{}, err
	}
	b.cut()
	return b, nil
}

// readBatch reads each row as Add would, and compares the rows with one another.
func (s *Service) readBatch(ctx context.Context, tx Tx, w who, rows []csvRow, b *Batch) error {
	open, err := readWays(ctx, tx)
	if err != nil {
		return err
	}
	b.WillSend = open.email
	keys, skeletons := map[string]int{}, map[string]ImportRow{}
	for _, row := range rows {
		t, err := s.newcomer(ctx, tx, w, row.form)
		var known *sallyport.Error
		switch {
		case err == nil:
		case errors.As(err, &known) && known.Kind == sallyport.Invalid:
			b.wrong(row.line, known.Fields)
		default:
			return err
		}
		read := ImportRow{Line: row.line, Technician: t}
		if t.UserNameKey != "" {
			b.compare(read, keys, skeletons)
		}
		b.Rows = append(b.Rows, read)
	}
	return nil
}

func (b *Batch) wrong(line int, fields []sallyport.Field) {
	for _, f := range fields {
		if !b.said(line, f.Name) {
			b.Problems = append(b.Problems, LineProblem{line, f.Name, f.Message})
		}
	}
}

// said: the reader of the file has refused that cell already, in better words.
func (b *Batch) said(line int, field string) bool {
	for _, p := range b.Problems {
		if p.Line == line && p.Field == field {
			return true
		}
	}
	return false
}

// compare refuses a user name that another line of the same file has, or that looks like it.
func (b *Batch) compare(row ImportRow, keys map[string]int, skeletons map[string]ImportRow) {
	t := row.Technician
	if line, ok := keys[t.UserNameKey]; ok {
		b.Problems = append(b.Problems, LineProblem{row.Line, FieldUserName, fmt.Sprintf("Line %d has this user name already.", line)})
		return
	}
	keys[t.UserNameKey] = row.Line
	like, ok := skeletons[t.Skeleton]
	if ok && !(plain(like.Technician.UserNameKey) && plain(t.UserNameKey)) {
		b.Problems = append(b.Problems, LineProblem{row.Line, FieldUserName, fmt.Sprintf("This looks like the user name in line %d.", like.Line)})
		return
	}
	if !ok || plain(like.Technician.UserNameKey) {
		skeletons[t.Skeleton] = row
	}
}

// mostProblems is how many problems are shown of one file.
const mostProblems = 100

// cut leaves nothing to add where something is wrong, and puts the problems into the order of the file.
func (b *Batch) cut() {
	if len(b.Problems) == 0 {
		return
	}
	b.Rows = nil
	slices.SortStableFunc(b.Problems, func(x, y LineProblem) int { return x.Line - y.Line })
	lines := map[int]bool{}
	for _, p := range b.Problems {
		lines[p.Line] = true
	}
	b.Lines = len(lines)
	if n := len(b.Problems) - mostProblems; n > 0 {
		b.Problems, b.More = b.Problems[:mostProblems], n
	}
}

// bringAll stores everybody of a batch.
func (s *Service) bringAll(ctx context.Context, tx Tx, w who, b *Batch) error {
	for i := range b.Rows {
		row := &b.Rows[i]
		if err := mayBring(w, row.Technician); err != nil {
			return err
		}
		invited, err := s.welcome(ctx, tx, w, row.Technician, audit.TechnicianImported)
		if err != nil {
			return err
		}
		row.ID, row.Invitation = row.Technician.ID, invited.Link
	}
	b.Done = true
	return nil
}
