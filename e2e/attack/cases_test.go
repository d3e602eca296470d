package attack

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// cases is how many rows each group of docs/attack-cases.md has.
var cases = map[string]int{"D1.": 22, "D2.": 15, "D3.": 13, "D4.": 15, "D5.": 16, "D6.": 17, "D7.": 12, "D8.": 15, "D9.": 14, "D10.": 14, "D11.": 20, "W": 63}

var (
	caseRow   = regexp.MustCompile(`^\| ([DW][0-9.]+) \|[^|]+\|([^|]+)\|$`)
	namedTest = regexp.MustCompile("`([a-z0-9/]+)\\.(Test\\w+)`")
)

// TestCases holds docs/attack-cases.md to the tree: every case has its row, every row names a test or says in words why
// there is none, every named test exists, and every test of this package that is named after a case stands there.
func TestCases(t *testing.T) {
	text, err := os.ReadFile("../../docs/attack-cases.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if found := caseRow.FindStringSubmatch(strings.TrimSpace(line)); found != nil {
			if rows[found[1]] != "" {
				t.Errorf("%s stands there twice", found[1])
			}
			rows[found[1]] = found[2]
		}
	}
	total := 0
	for group, n := range cases {
		total += n
		for i := 1; i <= n; i++ {
			if len(strings.TrimSpace(rows[fmt.Sprint(group, i)])) < 10 {
				t.Errorf("%s%d has no row, or an empty one", group, i)
			}
		}
	}
	if len(rows) != total {
		t.Errorf("%d rows, and %d cases are known", len(rows), total)
	}
	known := map[string]map[string]bool{}
	for _, found := range namedTest.FindAllStringSubmatch(string(text), -1) {
		if known[found[1]] == nil {
			known[found[1]] = testsIn(t, filepath.Join("../..", found[1]))
		}
		if !known[found[1]][found[2]] {
			t.Errorf("there is no %s in %s", found[2], found[1])
		}
	}
	for name := range testsIn(t, ".") {
		if regexp.MustCompile(`^Test[DW]\d`).MatchString(name) && !strings.Contains(string(text), "`e2e/attack."+name+"`") {
			t.Errorf("%s stands in no row", name)
		}
	}
}

// testsIn are the names of the tests in a folder.
func testsIn(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	names, set := map[string]bool{}, token.NewFileSet()
	for _, path := range files {
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}
