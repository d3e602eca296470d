package database

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// order holds every transaction that a test makes to the one order in which rows are taken (docs/adr/0027). It hears of
// each statement as its transaction asks for it.
type order struct {
	mu   sync.Mutex
	open map[uint64]*taken // by the number of the transaction
	fail func(string)
}

// taken is what one transaction has taken so far: tables, in the order of their first rows.
type taken struct{ tables, statements []string }

// watched is a hook for store.Options.Heard that fails t for a transaction which takes rows in another order.
func watched(t testing.TB) func(uint64, string) {
	o := &order{open: map[uint64]*taken{}, fail: func(why string) { t.Error(why) }}
	return o.heard
}

var (
	changes = regexp.MustCompile(`^\s*(INSERT INTO|UPDATE|DELETE FROM)\s+([a-z_]+)`)
	passing = "SKIP LOCKED" // waits for nobody
)

// heard looks at a statement.
func (o *order) heard(on uint64, statement string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if strings.HasPrefix(statement, "BEGIN") {
		o.open[on] = &taken{}
		return
	}
	tx := o.open[on]
	if tx == nil {
		return
	}
	if statement == "COMMIT" || statement == "ROLLBACK" {
		delete(o.open, on)
		return
	}
	tx.statements = append(tx.statements, statement)
	for _, table := range takes(statement) {
		if slices.Contains(tx.tables, table) {
			continue
		}
		if why := tx.wrong(table); why != "" {
			o.fail(why + ", in" + tx.said())
		}
		tx.tables = append(tx.tables, table)
	}
}

// said are the transaction's statements, each in a line of its own.
func (x *taken) said() string {
	var b strings.Builder
	for _, s := range x.statements {
		b.WriteString("\n\t" + strings.Join(strings.Fields(s), " "))
	}
	return b.String()
}

// takes are the tables whose rows a statement takes, those that follow by the rules between tables among them. A new row
// is nobody else's yet, but the one that it belongs to must stay.
//
// Each text is looked at once: there are few, and each is heard thousands of times.
func takes(statement string) []string {
	tables, known := looked.Load(statement)
	if !known {
		tables, _ = looked.LoadOrStore(statement, look(statement))
	}
	return tables.([]string)
}

var looked sync.Map // tables by statement

func look(statement string) []string {
	m := changes.FindStringSubmatch(statement)
	if m == nil || strings.Contains(statement, passing) {
		return nil
	}
	verb, table := m[1], m[2]
	switch {
	case verb == "INSERT INTO" && table == "code":
		return []string{"sign_in"}
	case verb == "INSERT INTO" && !strings.Contains(statement, "DO UPDATE"):
		return nil
	case table == "sign_in" && (verb == "DELETE FROM" || strings.Contains(statement, "SET hash =")):
		return []string{"sign_in", "code"}
	}
	return []string{table}
}

var (
	before = []string{"guess", "bucket"}
	his    = []string{"wrong_day", "factor", "recovery_code", "enrolment_code", "session", "sign_in", "code", "send", "link", "password_reset", "device"}
	chain  = []string{"sign_in", "code", "send"}
)

// wrong says why a table may not be the next whose rows are taken, empty where it may.
func (x *taken) wrong(table string) string {
	held := slices.Contains(x.tables, "technician")
	first := func(list []string) string {
		for _, t := range x.tables {
			if slices.Contains(list, t) {
				return t
			}
		}
		return ""
	}
	switch {
	case slices.Contains(before, table):
		if t := first(append([]string{"technician"}, his...)); t != "" {
			return table + " is taken after " + t
		}
	case table == "technician":
		if t := first(his); t != "" {
			return "technician is taken after " + t
		}
	case slices.Contains(his, table):
		at := slices.Index(chain, table)
		if t := first(his); t != "" && !held && (at < 0 || slices.Contains(his, t) && !slices.Contains(chain, t)) {
			return table + " is taken after " + t + " without the technician"
		}
		if at >= 0 {
			if t := first(chain[at+1:]); t != "" {
				return table + " is taken after " + t
			}
		}
	}
	return ""
}
