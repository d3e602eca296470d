package migrations_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	comment = regexp.MustCompile(`--[^\n]*`)
	adds    = regexp.MustCompile(`^(CREATE (TABLE|INDEX) |CREATE UNIQUE INDEX \w+ ON \w+ \(.*\) WHERE |` +
		`ALTER TABLE \w+ ADD COLUMN [^,]* NOT NULL DEFAULT [^,]*$|ALTER TABLE \w+ SET \(((fillfactor|vacuum_truncate) = \w+(, )?)+\)$)`)
)

// onlyAdds says what a step does that the program before it would not survive, empty where it does nothing of the kind.
func onlyAdds(step string) string {
	for statement := range strings.SplitSeq(comment.ReplaceAllString(step, ""), ";") {
		statement = strings.Join(strings.Fields(statement), " ")
		if statement != "" && !adds.MatchString(statement) {
			return statement
		}
	}
	return ""
}

// D11.9: while nodes get a new version one by one, one of the version before works on the newer schema. It can, for steps
// only add: tables, indexes, and columns that have a value where nobody names them (docs/adr/0047), or say how PostgreSQL
// keeps rows.
func TestStepsOnlyAdd(t *testing.T) {
	steps, err := filepath.Glob("*/*.sql")
	if err != nil || len(steps) < 10 {
		t.Fatalf("%d steps, %v", len(steps), err)
	}
	for _, path := range steps {
		if strings.HasSuffix(path, "00001_begin.sql") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if what := onlyAdds(string(text)); what != "" {
			t.Errorf("%s: %s", path, what)
		}
	}
	for _, bad := range []string{"DROP TABLE link;", "ALTER TABLE link DROP COLUMN x;", "ALTER TABLE link RENAME COLUMN x TO y;", "ALTER TABLE link ADD COLUMN x BIGINT NOT NULL;",
		"CREATE UNIQUE INDEX one ON link (x);", "CREATE TABLE a (x BIGINT); -- more\nDELETE FROM link;", "UPDATE link SET x = 1;",
		"ALTER TABLE link SET SCHEMA other;", "ALTER TABLE link SET UNLOGGED;", "ALTER TABLE link SET (fillfactor = 85), DROP COLUMN x;",
		"ALTER TABLE link ADD COLUMN x BIGINT NOT NULL DEFAULT 0, DROP COLUMN y;", "ALTER TABLE link ALTER COLUMN x SET NOT NULL;"} {
		if onlyAdds(bad) == "" {
			t.Errorf("%q is let through", bad)
		}
	}
}
