package store

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// open by design: hashes, salts, the tree, and entries of meta that are no secret.
var unsealed = []string{"recovery_code.hash", "enrolment_code.hash", "sign_in.hash", "sign_in.session", "code.sign_in", "code.hash", "session.hash",
	"ended_session.hash", "device.hash", "link.hash", "outbox.link", "event.actor_salt", "event.actor_mark", "event.target_salt", "event.target_mark",
	"audit_hash.hash", "audit_tree.root"}

// Every column of bytes is either one that a rotation of the key seals again, or known not to be sealed.
func TestEverySealedColumnIsKnown(t *testing.T) {
	db, err := Open(t.Context(), Options{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	known := slices.Clone(unsealed)
	for _, c := range sealedColumns {
		known = append(known, c.table+"."+c.column)
	}
	err = db.Read(t.Context(), func(tx *Tx) error {
		return tx.each(context.Background(), `SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.type = 'BLOB'`, nil, func(r row) error {
			var table, column string
			err := r.Scan(&table, &column)
			if at := table + "." + column; !slices.Contains(known, at) && !strings.HasPrefix(table, "goose") {
				t.Errorf("%s: is it sealed? Then it belongs into sealedColumns", at)
			}
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}
