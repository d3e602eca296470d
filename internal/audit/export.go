package audit

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"sallyport"
)

// timeForm is RFC 3339 in UTC with microseconds, of one width, so that lines sort by it.
const timeForm = "2006-01-02T15:04:05.000000Z"

// Columns are the head of the CSV export, in order.
var Columns = []string{"id", "at", "type", "outcome", "actor_kind", "actor", "actor_name", "target", "target_name",
	"before", "after", "address", "browser", "request_id", "reason"}

// WriteCSV writes events with a head line, by RFC 4180. Each field goes through Cell, so that a spreadsheet runs none.
func WriteCSV(w io.Writer, events []sallyport.Event) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(Columns); err != nil {
		return err
	}
	for _, e := range events {
		fields := []string{strconv.FormatInt(e.ID, 10), e.At.UTC().Format(timeForm), e.Type, e.Outcome, string(e.ActorKind), string(e.Actor),
			e.ActorName, string(e.Target), e.TargetName, object(e.Before), object(e.After), e.Address, e.Browser, e.RequestID, e.Reason}
		for i := range fields {
			fields[i] = Cell(fields[i])
		}
		if err := out.Write(fields); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// Cell makes a CSV field that no spreadsheet takes for a formula: an apostrophe is put before one that begins, after
// white space and what cannot be seen, with a sign that begins a formula, and before one that begins with an apostrophe.
func Cell(s string) string {
	rest := strings.TrimLeftFunc(s, func(r rune) bool { return r <= ' ' || r == '\u00a0' || r == '\ufeff' || r == '\u3000' })
	if strings.HasPrefix(s, "'") || len(s) > 0 && s[0] < ' ' || startsFormula(rest) {
		return "'" + s
	}
	return s
}

func startsFormula(s string) bool {
	for _, sign := range []string{"=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"} {
		if strings.HasPrefix(s, sign) {
			return true
		}
	}
	return false
}

// FromCell takes back what Cell did.
func FromCell(s string) string { return strings.TrimPrefix(s, "'") }

// object is before or after as JSON with its keys in order, empty when nothing changed.
func object(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(m); err != nil {
		return "" // a map of strings always encodes
	}
	return strings.TrimSpace(b.String())
}

// line is an event as JSON. Its names are those of the CSV's columns.
type line struct {
	ID         int64             `json:"id"`
	At         string            `json:"at"`
	Type       string            `json:"type"`
	Outcome    string            `json:"outcome"`
	ActorKind  string            `json:"actor_kind"`
	Actor      string            `json:"actor,omitempty"`
	ActorName  string            `json:"actor_name,omitempty"`
	Target     string            `json:"target,omitempty"`
	TargetName string            `json:"target_name,omitempty"`
	Before     map[string]string `json:"before,omitempty"`
	After      map[string]string `json:"after,omitempty"`
	Address    string            `json:"address,omitempty"`
	Browser    string            `json:"browser,omitempty"`
	RequestID  string            `json:"request_id,omitempty"`
	Reason     string            `json:"reason,omitempty"`
}

// WriteJSONL writes one JSON object and one line end per event.
func WriteJSONL(w io.Writer, events []sallyport.Event) error {
	out := json.NewEncoder(w)
	for _, e := range events {
		err := out.Encode(lineOf(e))
		if err != nil {
			return err
		}
	}
	return nil
}

// ParseTime reads the time of an exported event.
func ParseTime(s string) (time.Time, error) { return time.Parse(timeForm, s) }
