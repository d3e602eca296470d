package account

import (
	"context"
	"fmt"
	"io"
	"slices"

	"sallyport"
	"sallyport/internal/audit"
)

// PreviewImport reads a CSV file and says what Import would do with it: whom it would add, or what is wrong in which
// line. It needs technicians.write and changes nothing.
func (s *Service) PreviewImport(ctx context.Context, actor sallyport.Actor, r io.Reader) (Batch, error) {
	f, err := readFile(r)
	if err != nil {
		return Batch{}, err
	}
	return importing(ctx, actor, f, s.store.Read, nil)
}

// Import adds every technician of a CSV file with an invitation, in one transaction, or none of them and says what is
// wrong in which line. It needs technicians.write, and a fresh proof where one of them may change other technicians.
// What was refused is an event, as with Add.
func (s *Service) Import(ctx context.Context, actor sallyport.Actor, r io.Reader) (Batch, error) {
	f, err := readFile(r)
	if err != nil {
		return Batch{}, err
	}
	// It is looked at first, as a preview does, so that nobody is held up for a file of which nothing comes.
	read := func(ctx context.Context, look func(Tx) error) error {
		return s.noted(ctx, actor, "", s.store.Read(ctx, look))
	}
	b, err := importing(ctx, actor, f, read, mayBringAll)
	if err == nil && len(b.Problems) == 0 {
		b, err = importing(ctx, actor, f, s.alone(actor), s.bringAll)
	}
	if err == nil && !b.Done {
		err = audit.Leave(ctx, s.store.Write, audit.Refused{Actor: actor}, b.refusal())
	}
	return b, err
}

// alone runs an act that adds many as attempt does, while nobody else changes technicians.
func (s *Service) alone(actor sallyport.Actor) running {
	return func(ctx context.Context, f func(Tx) error) error {
		return s.attempt(ctx, actor, "", func(tx Tx) error {
			if err := tx.HoldTeam(ctx); err != nil {
				return err
			}
			return f(tx)
		})
	}
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

// running is how a transaction is run.
type running func(context.Context, func(Tx) error) error

// importing is the frame of all. A batch with problems is no error, and nothing of it is stored.
func importing(ctx context.Context, actor sallyport.Actor, f csvFile, run running, then func(context.Context, Tx, who, *Batch) error) (Batch, error) {
	var b Batch
	err := run(ctx, func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.WriteTechnicians)
		if err != nil {
			return err
		}
		b = f.batch()
		if err := b.read(ctx, tx, w, f.rows); err != nil {
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

// batch begins with what the reader of the file has refused.
func (f csvFile) batch() Batch {
	b := Batch{Problems: slices.Clone(f.problems), said: make(map[cell]bool, len(f.problems))}
	for _, p := range f.problems {
		b.said[cell{p.Line, p.Field}] = true
	}
	return b
}

// read reads each row as Add would, and compares the rows with one another.
func (b *Batch) read(ctx context.Context, tx Tx, w who, rows []csvRow) error {
	b.WillSend = w.open.email
	drafts := make([]draft, len(rows))
	for i, row := range rows {
		drafts[i] = beginForm(w, sallyport.Technician{}, row.form)
	}
	stored, err := readNamesakes(ctx, tx, drafts)
	if err != nil {
		return err
	}
	keys, skeletons := map[string]int{}, map[string]ImportRow{}
	for i, row := range rows {
		d := &drafts[i]
		if err := d.refuseTaken(ctx, stored); err != nil {
			return err
		}
		d.finish(w, row.form)
		b.wrong(row.line, d.wrong)
		read := ImportRow{Line: row.line, Technician: d.newcomer(w)}
		if d.named {
			b.compare(read, keys, skeletons)
		}
		b.Rows = append(b.Rows, read)
	}
	return nil
}

// wrong adds what is wrong in a line, but for cells that the reader of the file has refused already, in better words.
func (b *Batch) wrong(line int, fields []sallyport.Field) {
	for _, f := range fields {
		if at := (cell{line, f.Name}); !b.said[at] {
			b.said[at] = true
			b.Problems = append(b.Problems, LineProblem{line, f.Name, f.Message})
		}
	}
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
	if !ok {
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
