package store_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

var technicianByIndex = regexp.MustCompile(`SEARCH t USING (COVERING )?INDEX|SCAN t\b`)

// What lists or counts everybody's sessions begins at the sessions on SQLite, which has looked at no table: from each it goes
// to its technician. A page of them is not sorted.
func TestSessionsAreReadFromTheSessions(t *testing.T) {
	db := open(t, t.TempDir(), time.Now)
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		var failed error
		for _, f := range []sallyport.SessionFilter{{}, {Search: "firefox"}, {Except: sallyport.Hash{1}}} {
			_, _, err := tx.Sessions(t.Context(), f)
			failed = errors.Join(failed, err)
		}
		_, err := tx.TeamCounts(t.Context())
		return errors.Join(failed, err)
	})
	if err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, query := range db.Prepared() {
		if !strings.Contains(query, "FROM session s") {
			continue
		}
		judged++
		lines, err := db.Plan(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		if plan := strings.Join(lines, "\n"); technicianByIndex.MatchString(plan) || strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") {
			t.Errorf("%s\n%s", query, plan)
		}
	}
	if judged != 7 {
		t.Errorf("%d statements were looked at", judged)
	}
}

// Who needs a gateway is looked for among the factors at once, however many they are beside the memory of one statement: not by
// reading them anew for each technician.
func TestWhoNeedsAGatewayIsJoined(t *testing.T) {
	l := newTeam(t, 5000)
	db := openOneByOne(t, l.server.URL(l.name)+"&work_mem=64")
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		_, total, err := tx.TechniciansNeeding(t.Context(), sallyport.MethodApp, 10)
		if total != 5000 {
			t.Errorf("%d need it", total)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, query := range db.Prepared() {
		if !strings.Contains(query, "kind = $1") {
			continue
		}
		judged++
		lines, err := db.Plan(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		if plan := strings.Join(lines, "\n"); strings.Contains(plan, "SubPlan") {
			t.Errorf("%s\n%s", query, plan)
		}
	}
	if judged != 2 {
		t.Errorf("%d statements were looked at", judged)
	}
}
