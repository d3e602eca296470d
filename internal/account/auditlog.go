package account

import (
	"context"
	"io"
	"strings"
	"time"

	"sallyport"
	"sallyport/internal/audit"
)

const (
	eventsUsual  = 100
	eventsMost   = 500
	eventsAtOnce = 1000 // rows that an export holds in memory
)

// Events returns audit events, the newest first; Before of the filter leads to the next page. It needs audit.read.
func (s *Service) Events(ctx context.Context, actor sallyport.Actor, f sallyport.EventFilter) ([]sallyport.Event, error) {
	if f.Limit < 1 {
		f.Limit = eventsUsual
	}
	f.Limit = min(f.Limit, eventsMost)
	var events []sallyport.Event
	err := s.store.Read(ctx, func(tx Tx) error {
		_, err := judge(ctx, tx, actor, sallyport.ReadAudit)
		if err != nil {
			return err
		}
		events, err = tx.Events(ctx, f)
		return err
	})
	return events, err
}

// ExportEvents judges and records an export of the audit log in one of the formats, and returns the way to write it,
// the newest event first. It needs audit.export. What happens after it is called does not stand in it.
func (s *Service) ExportEvents(ctx context.Context, actor sallyport.Actor, f sallyport.EventFilter, format string) (Export, error) {
	if format != FormatCSV && format != FormatLines {
		return Export{}, s.noted(ctx, actor, "", sallyport.InvalidField("format", "Please choose CSV or JSON lines."))
	}
	var now time.Time
	var newest int64
	err := s.attempt(ctx, actor, "", func(tx Tx) error {
		w, err := judge(ctx, tx, actor, sallyport.ExportAudit)
		if err != nil {
			return err
		}
		now = w.now
		e := entry{what: audit.AuditExported, after: map[string]string{"format": format, "filter": filterWords(f)}}
		if err := s.record(ctx, tx, w, e); err != nil {
			return err
		}
		last, err := tx.Events(ctx, sallyport.EventFilter{Type: string(audit.AuditExported), Limit: 1})
		if len(last) > 0 {
			newest = last[0].ID
		}
		return err
	})
	if err != nil {
		return Export{}, err
	}
	if f.Before == 0 || f.Before > newest {
		f.Before = newest
	}
	return s.export(ctx, f, format, now), nil
}

func (s *Service) export(ctx context.Context, f sallyport.EventFilter, format string, now time.Time) Export {
	e := Export{ContentType: "text/csv; charset=utf-8; header=present", FileName: "audit-" + now.UTC().Format("20060102T150405Z") + "." + format}
	if format == FormatLines {
		e.ContentType = "application/jsonl; charset=utf-8"
	}
	e.Write = func(w io.Writer) error { return s.stream(ctx, f, format, w) }
	return e
}

// stream writes page after page, each read in a short transaction of its own, so that a slow reader holds up nobody.
func (s *Service) stream(ctx context.Context, f sallyport.EventFilter, format string, w io.Writer) error {
	f.Limit = eventsAtOnce
	for first := true; ; first = false {
		var events []sallyport.Event
		err := s.store.Read(ctx, func(tx Tx) (err error) {
			events, err = tx.Events(ctx, f)
			return err
		})
		if err != nil {
			return err
		}
		if len(events) == 0 && !first {
			return nil
		}
		if err := writeEvents(w, events, format, first); err != nil {
			return err
		}
		if len(events) < eventsAtOnce {
			return nil
		}
		f.Before = events[len(events)-1].ID
	}
}

func writeEvents(w io.Writer, events []sallyport.Event, format string, first bool) error {
	if format == FormatLines {
		return audit.WriteJSONL(w, events)
	}
	if first {
		return audit.WriteCSV(w, events)
	}
	return audit.WriteCSV(&behead{w: w}, events)
}

// behead drops the first line: the head that only the first page of a file has.
type behead struct {
	w    io.Writer
	done bool
}

func (b *behead) Write(p []byte) (int, error) {
	if b.done {
		return b.w.Write(p)
	}
	_, rest, found := strings.Cut(string(p), "\n")
	b.done = found
	if rest == "" {
		return len(p), nil
	}
	_, err := io.WriteString(b.w, rest)
	return len(p), err
}

// filterWords puts a filter into the event of an export.
func filterWords(f sallyport.EventFilter) string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	add("search", f.Search)
	add("type", f.Type)
	add("actor", string(f.Actor))
	add("target", string(f.Target))
	if !f.From.IsZero() {
		add("from", f.From.UTC().Format(time.RFC3339))
	}
	if !f.Until.IsZero() {
		add("until", f.Until.UTC().Format(time.RFC3339))
	}
	return strings.Join(parts, " ")
}
