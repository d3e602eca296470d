package store

import (
	"context"
	"strings"

	"sallyport"
)

// setUp is the condition that the factor f (of a left join) serves technician t's method, as Factor.Serves judges it.
const setUp = `(f.kind IS NOT NULL AND f.kind = t.method AND (
	f.kind = 'app' AND length(f.secret) > 0
	OR f.kind = 'email' AND f.address <> '' AND f.address = t.email
	OR f.kind = 'text' AND f.address <> '' AND f.address = t.phone))`

// orders are the columns that the list sorts by, as written in Filter.Sort. All but two have an index.
var orders = map[string]string{
	"name": "t.name_key", "username": "t.user_name_key", "role": "t.role", "status": "t.status", "method": "t.method",
	"last": "t.last_sign_in_at", "setup": setUp, "sessions": "COALESCE(live.n, 0)",
}

const (
	pageMost = 200       // rows a page
	pageLast = 1_000_000 // pages
)

// paging returns LIMIT and OFFSET for page number page, from 1, of size rows.
func paging(page, size int) (limit, offset int) {
	limit = min(max(size, 1), pageMost)
	return limit, (min(max(page, 1), pageLast) - 1) * limit
}

// Rows returns one page of the technicians list and how many rows all pages have together.
func (tx *Tx) Rows(ctx context.Context, f sallyport.Filter) ([]sallyport.Row, int, error) {
	idle, err := tx.liveIdle(ctx)
	if err != nil {
		return nil, 0, err
	}
	w, joins, err := rowsWhere(f)
	if err != nil {
		return nil, 0, err
	}
	var total int
	if _, err := tx.one(ctx, `SELECT count(*) FROM technician t`+joins+w.clause(), append(args{}, w.args...), &total); err != nil {
		return nil, 0, err
	}
	query := rowsQuery(f, w, joins, idle)
	rows, err := all(ctx, tx, scanRow, query, w.args)
	return rows, total, err
}

func rowsWhere(f sallyport.Filter) (*where, string, error) {
	w, joins := &where{}, ""
	if f.Search != "" {
		pattern, err := contains(f.Search)
		if err != nil {
			return nil, "", err
		}
		w.and(`t.search LIKE ? ESCAPE '!'`, pattern)
	}
	if f.Role != "" {
		w.and(`t.role = ?`, f.Role)
	}
	if f.Status != "" {
		w.and(`t.status = ?`, f.Status)
	}
	if f.Method != "" {
		w.and(`t.method = ?`, f.Method)
	}
	switch f.SetUp {
	case "yes":
		joins = ` LEFT JOIN factor f ON f.technician = t.id`
		w.terms = append(w.terms, setUp)
	case "no":
		joins = ` LEFT JOIN factor f ON f.technician = t.id`
		w.terms = append(w.terms, `NOT `+setUp, `t.method <> 'off'`)
		if f.Status == "" {
			w.terms = append(w.terms, `t.status <> 'deactivated'`)
		}
	}
	return w, joins, nil
}

// Matching returns the ids of those on the technicians list, in its order from its first page on, at most so many: by one
// statement, without what the list shows beside each.
func (tx *Tx) Matching(ctx context.Context, f sallyport.Filter, most int) ([]sallyport.TechnicianID, error) {
	w, joins, err := rowsWhere(f)
	if err != nil {
		return nil, err
	}
	idleAt := ""
	if strings.TrimPrefix(f.Sort, "-") == "sessions" {
		idle, err := tx.liveIdle(ctx)
		if err != nil {
			return nil, err
		}
		idleAt = w.place(idle)
	}
	order, down, joins := orderOf(f, joins, idleAt)
	return all(ctx, tx, func(r row) (id sallyport.TechnicianID, err error) { return id, r.Scan(&id) },
		`SELECT t.id FROM technician t`+joins+w.clause()+` ORDER BY `+turned(down, order, "t.name_key", "t.id")+` LIMIT `+w.place(most), w.args)
}

// orderOf is what f sorts by, whether downwards, and joins with what that needs beside; idleAt is where the idle time stands.
func orderOf(f sallyport.Filter, joins, idleAt string) (order string, down bool, with string) {
	name, down := strings.CutPrefix(f.Sort, "-")
	order, ok := orders[name]
	if !ok {
		name, order, down = "name", orders["name"], false
	}
	switch {
	case name == "setup" && joins == "":
		joins = ` LEFT JOIN factor f ON f.technician = t.id`
	case name == "sessions":
		joins += ` LEFT JOIN (SELECT s.technician, count(*) AS n FROM ` + sessionsFirst + `
			AND ` + liveFor(idleAt) + ` GROUP BY s.technician) live ON live.technician = t.id`
	}
	return order, down, joins
}

// rowsQuery first picks the page's ids, by an index where there is one, and only then reads what the page shows beside
// each of them.
func rowsQuery(f sallyport.Filter, w *where, joins string, idle int64) string {
	clause := w.clause()
	idleAt := w.place(idle)
	order, down, joins := orderOf(f, joins, idleAt)
	by := turned(down, "rank", "t.name_key", "t.id")
	limit, offset := paging(f.Page, f.Size)
	return `WITH page AS (SELECT t.id, ` + order + ` AS rank FROM technician t` + joins + clause +
		` ORDER BY ` + by + ` LIMIT ` + w.place(limit) + ` OFFSET ` + w.place(offset) + `)
	SELECT ` + technicianColumns + `, ` + setUp + `, COALESCE(f.kind, ''),
		(SELECT count(*) FROM session s WHERE s.technician = t.id AND ` + liveFor(idleAt) + `),
		(SELECT count(*) FROM recovery_code r WHERE r.technician = t.id AND r.used_at = 0),
		EXISTS (SELECT 1 FROM help_request h WHERE h.technician = t.id AND h.done_at = 0)
	FROM page JOIN technician t ON t.id = page.id LEFT JOIN factor f ON f.technician = t.id
	ORDER BY ` + by
}

// liveFor is usable with the idle time at another placeholder.
func liveFor(idleAt string) string { return strings.ReplaceAll(usable, "$1", idleAt) }

func turned(down bool, columns ...string) string {
	direction := ""
	if down {
		direction = " DESC"
	}
	return strings.Join(columns, direction+", ") + direction
}

func scanRow(r row) (sallyport.Row, error) {
	var t sallyport.Row
	err := r.Scan(append(technicianDest(&t.Technician), &t.SetUp, &t.FactorKind, &t.LiveSessions, &t.RecoveryLeft, &t.HelpRequested)...)
	return t, err
}

// sessionsFirst reads sessions s with their technicians t. CROSS JOIN keeps SQLite from beginning at the technicians, which it
// takes for few: it would read all who are active, and sort everybody's sessions for one page of them.
const sessionsFirst = `session s CROSS JOIN technician t WHERE t.id = s.technician`

// TeamCounts returns the numbers on the tabs and in the head of the technicians list.
func (tx *Tx) TeamCounts(ctx context.Context) (sallyport.TeamCounts, error) {
	n := sallyport.TeamCounts{ByMethod: make(map[sallyport.Method]int), Shares: make(map[sallyport.Method]sallyport.Share)}
	err := tx.each(ctx, `SELECT t.status, t.method, count(*), count(*) FILTER (WHERE `+setUp+`)
		FROM technician t LEFT JOIN factor f ON f.technician = t.id GROUP BY t.status, t.method`, nil, func(r row) error {
		var status sallyport.Status
		var method sallyport.Method
		var all, ready int
		if err := r.Scan(&status, &method, &all, &ready); err != nil {
			return err
		}
		n.Total += all
		n.SetUp += ready
		n.ByMethod[method] += all
		if status != sallyport.Deactivated {
			share := n.Shares[method]
			n.Shares[method] = sallyport.Share{All: share.All + all, Ready: share.Ready + ready}
		}
		switch status {
		case sallyport.Invited:
			n.Invited += all
		case sallyport.Active:
			n.Active += all
		case sallyport.Deactivated:
			n.Deactivated += all
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	idle, err := tx.liveIdle(ctx)
	if err != nil {
		return n, err
	}
	_, err = tx.one(ctx, `SELECT (SELECT count(DISTINCT technician) FROM password_reset WHERE waiting AND `+resetLive+`),
		(SELECT count(*) FROM help_request WHERE done_at = 0),
		(SELECT count(*) FROM `+sessionsFirst+` AND `+usable+`)`,
		args{idle}, &n.WaitingResets, &n.HelpRequests, &n.LiveSessions)
	return n, err
}

// Sessions returns one page of everybody's usable sessions, the one used last first, and how many there are.
func (tx *Tx) Sessions(ctx context.Context, f sallyport.SessionFilter) ([]sallyport.SessionRow, int, error) {
	idle, err := tx.liveIdle(ctx)
	if err != nil {
		return nil, 0, err
	}
	w := &where{terms: []string{usable}, args: args{idle}}
	if f.Technician != "" {
		w.and(`s.technician = ?`, f.Technician)
	}
	if f.Except != (sallyport.Hash{}) {
		w.and(`s.hash <> ?`, f.Except)
	}
	if f.Search != "" {
		pattern, err := contains(f.Search)
		if err != nil {
			return nil, 0, err
		}
		at := w.place(pattern)
		w.terms = append(w.terms, `(t.search LIKE `+at+` ESCAPE '!' OR lower(s.address) LIKE `+at+` ESCAPE '!' OR lower(s.browser) LIKE `+at+` ESCAPE '!')`)
	}
	from := ` FROM ` + sessionsFirst + ` AND ` + strings.Join(w.terms, ` AND `)
	var total int
	if _, err := tx.one(ctx, `SELECT count(*)`+from, append(args{}, w.args...), &total); err != nil {
		return nil, 0, err
	}
	limit, offset := paging(f.Page, f.Size)
	query := `SELECT ` + sessionColumns + `, t.user_name, t.first_name, t.last_name, t.role` + from +
		` ORDER BY s.used_at DESC, s.hash DESC LIMIT ` + w.place(limit) + ` OFFSET ` + w.place(offset)
	rows, err := all(ctx, tx, scanSessionRow, query, w.args)
	return rows, total, err
}

func scanSessionRow(r row) (sallyport.SessionRow, error) {
	var s sallyport.SessionRow
	var t sallyport.Technician
	err := r.Scan(append(sessionDest(&s.Session), &s.UserName, &t.FirstName, &t.LastName, &s.Role)...)
	t.UserName = s.UserName
	s.Name = t.Name()
	return s, err
}
