package store

import (
	"context"
	"encoding/hex"
	"strconv"
)

// sealedColumn is a column whose values are sealed. Each is bound to its place: row says which row's name is in it, key
// which row it is.
type sealedColumn struct{ table, column, key, row, where string }

// sealedColumns are all of them. A test holds the list against the schema.
var sealedColumns = []sealedColumn{
	{"technician", "password", "id", "id", ""},
	{"factor", "secret", "technician", "technician", ""},
	{"sign_in", "pending", "hash", "COALESCE(technician, '')", ""},
	{"gateway", "sealed", "channel || '/' || slot", "channel || '/' || slot", ""},
	{"outbox", "sealed", "id", "id", ""},
	{"kept", "sealed", "id", "owner || '/' || id", ""},
	{"meta", "value", "name", "name", " AND name = 'dummy_password'"},
}

// A sealed value begins with its form's version and the id of its key.
const (
	sealedHead  = 5
	sealedKeyAt = 2 // counted from 1
	sealedKeyID = 4
)

// Sealed is one sealed value with the place that it is bound to.
type Sealed struct {
	Table, Row, Column string
	Value              []byte

	of  sealedColumn
	key any
}

// SealedCursor is how far a walk over all sealed values has come. The zero one is the beginning.
type SealedCursor struct {
	column int
	after  any
}

// SealedOtherwise returns up to most values that do not begin with head, from where at stands, and where to go on. Of a
// table that holds several rows of one technician, or that is worked off by others, it returns one: who writes it waits
// for nobody while he holds another (docs/adr/0027).
func (tx *Tx) SealedOtherwise(ctx context.Context, head []byte, at SealedCursor, most int) (found []Sealed, next SealedCursor, err error) {
	if at.Over() {
		return nil, at, nil
	}
	c := sealedColumns[at.column]
	if c.table != "technician" && c.table != "factor" {
		most = 1
	}
	query := `SELECT ` + c.key + `, ` + c.row + `, ` + c.column + ` FROM ` + c.table + ` WHERE length(` + c.column + `) > 0
		AND substr(` + c.column + `, 1, ` + strconv.Itoa(sealedHead) + `) <> $1` + c.where
	a := args{head, most}
	if at.after != nil {
		query, a = query+` AND `+c.key+` > $3`, append(a, at.after)
	}
	found, err = all(ctx, tx, func(r row) (Sealed, error) {
		s := Sealed{Table: c.table, Column: c.column, of: c}
		err := r.Scan(&s.key, &s.Row, &s.Value)
		return s, err
	}, query+` ORDER BY `+c.key+` LIMIT $2`, a)
	if err != nil || len(found) == 0 {
		return nil, SealedCursor{column: at.column + 1}, err
	}
	return found, SealedCursor{at.column, found[len(found)-1].key}, nil
}

// Over reports whether the walk has come to its end.
func (c SealedCursor) Over() bool { return c.column >= len(sealedColumns) }

// PutSealed puts a value in the place of s, unless s was changed meanwhile: then it reports false.
func (tx *Tx) PutSealed(ctx context.Context, s Sealed, value []byte) (bool, error) {
	c := s.of
	if c.table == "" {
		return false, nil // from no walk
	}
	return tx.did(ctx, `UPDATE `+c.table+` SET `+c.column+` = $1 WHERE `+c.key+` = $2 AND `+c.column+` = $3`, args{value, s.key, s.Value})
}

// SealedCounts says how many values each key seals, by its id in hexadecimal digits. It reads every one of them.
func (tx *Tx) SealedCounts(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	for _, c := range sealedColumns {
		err := tx.each(ctx, `SELECT substr(`+c.column+`, `+strconv.Itoa(sealedKeyAt)+`, `+strconv.Itoa(sealedKeyID)+`), COUNT(*) FROM `+c.table+
			` WHERE length(`+c.column+`) > 0`+c.where+` GROUP BY 1`, nil, func(r row) error {
			var id []byte
			n := 0
			err := r.Scan(&id, &n)
			counts[hex.EncodeToString(id)] += n
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return counts, nil
}
