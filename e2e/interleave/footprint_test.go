package interleave

import (
	"database/sql"
	"regexp"
	"strings"
	"sync"
)

// tables is a set of tables.
type tables uint64

// footprint is what a statement, or a transaction so far, does to which tables.
type footprint struct {
	reads   tables
	writes  tables
	appends tables // of writes: rows with keys of their own were added, nothing else
	holds   tables // rows that must stay, because what was written refers to them
	drops   tables // rows that went, or whose key changed
}

func (f footprint) and(o footprint) footprint {
	changed := f.writes&^f.appends | o.writes&^o.appends
	return footprint{reads: f.reads | o.reads, writes: f.writes | o.writes, appends: (f.appends | o.appends) &^ changed,
		holds: f.holds | o.holds, drops: f.drops | o.drops}
}

// sees is what matters to a transaction of what others wrote before it began.
func (f footprint) sees() tables { return f.reads | f.writes&^f.appends | f.holds }

// locks reports whether one may have to wait for the other. A row that was added with a key of its own is seen by nobody
// before its transaction has ended.
func (f footprint) locks(o footprint) bool { return f.meets(o) != 0 }

// meets are the tables in whose rows one may have to wait for the other.
func (f footprint) meets(o footprint) tables {
	return f.writes&o.writes&^(f.appends|o.appends) | f.holds&o.drops | f.drops&o.holds
}

// rules says when the order of two statements of two acts may matter.
type rules func(a, b step) bool

// bySnapshot lets the order matter where two statements may wait for each other's rows, and between a COMMIT of something
// and the moment at which another transaction takes its snapshot or commits too. A read between two such moments reads its
// snapshot, whenever it is sent. To wait for a transaction and see it end is the same as to come when it has ended
// (docs/adr/0044).
func bySnapshot(a, b step) bool {
	switch {
	case a.ends && b.ends:
		return a.commits() && b.commits()
	case a.ends:
		return b.opens && a.commits() && a.writes&b.may != 0
	case b.ends:
		return a.opens && b.commits() && b.writes&a.may != 0
	}
	return a.locks(b.footprint)
}

// byTable knows nothing of snapshots: the order matters wherever two statements touch one table and one of them writes.
func byTable(a, b step) bool {
	return bySnapshot(a, b) || a.reads&b.writes != 0 || a.writes&b.reads != 0
}

// schema knows the tables of a database and which refers to which.
type schema struct {
	number map[string]int
	refers []reference
	known  sync.Map // footprints by statement
}

type reference struct {
	child, parent    string
	deletes, renames bool // the child's row follows
}

func readSchema(db *sql.DB) (*schema, error) {
	s := &schema{number: map[string]int{}}
	rows, err := db.Query(`SELECT c.relname, coalesce(p.relname, ''), coalesce(f.confdeltype = 'c', false), coalesce(f.confupdtype = 'c', false)
		FROM pg_class c LEFT JOIN pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f' LEFT JOIN pg_class p ON p.oid = f.confrelid
		WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r reference
		if err := rows.Scan(&r.child, &r.parent, &r.deletes, &r.renames); err != nil {
			return nil, err
		}
		if _, ok := s.number[r.child]; !ok {
			s.number[r.child] = len(s.number)
		}
		if r.parent != "" {
			s.refers = append(s.refers, r)
		}
	}
	return s, rows.Err()
}

func (s *schema) set(name string) tables {
	n, ok := s.number[name]
	if !ok {
		return 0
	}
	return 1 << n
}

var (
	named = regexp.MustCompile(`(?i)\b(?:FROM|JOIN|INTO|UPDATE)\s+([a-z_]+)`)
	head  = regexp.MustCompile(`(?i)^\s*(INSERT INTO|UPDATE|DELETE FROM)\s+([a-z_]+)`)
)

// of says what a statement does.
func (s *schema) of(statement string) footprint {
	if f, ok := s.known.Load(statement); ok {
		return f.(footprint)
	}
	f := s.read(statement)
	s.known.Store(statement, f)
	return f
}

// read reads from a statement's text what it does.
func (s *schema) read(statement string) footprint {
	var f footprint
	for _, m := range named.FindAllStringSubmatch(statement, -1) {
		f.reads |= s.set(m[1])
	}
	m := head.FindStringSubmatch(statement)
	if m == nil {
		return f
	}
	verb, table := strings.ToUpper(m[1]), m[2]
	f.writes = s.set(table)
	switch {
	case verb == "DELETE FROM":
		f.drops = f.writes
	case verb == "INSERT INTO" && !strings.Contains(strings.ToUpper(statement), "ON CONFLICT"):
		f.appends, f.reads = f.writes, f.reads&^f.writes
	}
	s.follow(&f, verb)
	return f
}

// follow adds what the rules between tables do along with a statement.
func (s *schema) follow(f *footprint, verb string) {
	for _, r := range s.refers {
		child, parent := s.set(r.child), s.set(r.parent)
		if f.writes&child != 0 && verb != "DELETE FROM" {
			f.holds |= parent
		}
		if f.writes&parent != 0 && (verb == "DELETE FROM" && r.deletes || verb == "UPDATE" && r.renames) {
			f.writes |= child
			f.drops |= parent
		}
	}
}
