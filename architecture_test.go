package sallyport_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The import table of docs/ARCHITECTURE.md. A package that stands in no row may not exist; one that imports what its row
// does not name fails here.

// layer is a row of the table.
type layer int

const (
	words layer = iota
	rules
	useCases
	adapters
	faces
	wiring
	testOnly // imported by tests and by benchmarks, never by the product
)

// row is what one package may import beside the standard library and its layer's share.
type row struct {
	layer layer
	also  []string // packages of ours, by their path below internal/
	libs  []string // modules, or packages below them
}

const (
	xcrypto = "golang.org/x/crypto/"
	xtext   = "golang.org/x/text/"
	sqlite  = "modernc.org/sqlite"
)

// table has a row for each package, by its path in the module. An entry that ends in "/" stands for all below it.
var table = map[string]row{
	"":                          {layer: words},
	"internal/login":            {layer: rules},
	"internal/factor":           {layer: rules, libs: []string{xcrypto, xtext}},
	"internal/policy":           {layer: rules},
	"internal/audit":            {layer: rules, libs: []string{"golang.org/x/mod/sumdb/"}},
	"internal/ledger":           {layer: useCases},
	"internal/ledger/file":      {layer: adapters},
	"internal/ledger/syslog":    {layer: adapters},
	"internal/ledger/webhook":   {layer: adapters},
	"internal/puzzle":           {layer: rules},
	"internal/keyring":          {layer: rules, libs: []string{xcrypto}},
	"internal/identity":         {layer: rules, libs: []string{xtext, "golang.org/x/net/idna"}},
	"internal/account":          {layer: useCases},
	"internal/session":          {layer: useCases},
	"internal/delivery":         {layer: useCases},
	"internal/delivery/dial":    {layer: adapters},
	"internal/delivery/smtp":    {layer: adapters, also: []string{"delivery/dial"}, libs: []string{"github.com/wneessen/go-mail"}},
	"internal/delivery/twilio":  {layer: adapters, also: []string{"delivery/dial"}},
	"internal/delivery/httpsms": {layer: adapters, also: []string{"delivery/dial"}},
	"internal/delivery/vonage":  {layer: adapters, also: []string{"delivery/dial"}},
	"internal/delivery/kannel":  {layer: adapters, also: []string{"delivery/dial"}},
	"internal/delivery/smpp":    {layer: adapters, also: []string{"delivery/dial"}, libs: []string{"github.com/linxGnu/gosmpp/data", "github.com/linxGnu/gosmpp/pdu"}},
	"internal/store":            {layer: adapters, also: []string{"store/migrations"}, libs: []string{sqlite, "github.com/jackc/pgx/v5", "github.com/pressly/goose/v3"}},
	"internal/store/migrations": {layer: adapters, libs: []string{"github.com/pressly/goose/v3"}},
	"internal/view":             {layer: adapters, libs: []string{"rsc.io/qr"}},
	"internal/web":              {layer: adapters, also: []string{"view"}, libs: []string{"golang.org/x/time/rate"}},
	"internal/subprocess":       {layer: adapters},
	"internal/selfservice":      {layer: faces},
	"internal/console":          {layer: faces},
	"internal/control":          {layer: faces, libs: []string{"golang.org/x/sys/"}},
	"internal/config":           {layer: wiring, libs: []string{"github.com/BurntSushi/toml"}},
	"internal/app":              {layer: wiring},
	"internal/demo":             {layer: wiring},
	"cmd/sallyport":             {layer: wiring},
	"internal/store/storetest":  {layer: testOnly},
	"internal/testkit/":         {layer: testOnly},
	"e2e":                       {layer: testOnly},
	"e2e/":                      {layer: testOnly},
	"bench":                     {layer: testOnly},
	"bench/":                    {layer: testOnly},
	"docs/spec":                 {layer: testOnly},
}

// source is one parsed file of the module.
type source struct {
	path   string // in the module, with slashes
	folder string // of it, "" for the root
	test   bool
	file   *ast.File
	lines  int
}

func TestArchitectureImports(t *testing.T) {
	for _, s := range sources(t) {
		r, known := rowOf(s.folder)
		if !known {
			t.Errorf("%s: package %q stands in no row of the import table", s.path, s.folder)
			continue
		}
		if s.test {
			continue
		}
		for _, spec := range s.file.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			if path == "unsafe" && (s.path != "internal/factor/arena.go" || spec.Name == nil || spec.Name.Name != "_") {
				t.Errorf("%s: internal/factor/arena.go alone links to functions that are not exported, and nothing is unsafe beyond that", s.path)
			}
			if why := refused(s.folder, r, path); why != "" {
				t.Errorf("%s imports %s: %s", s.path, path, why)
			}
		}
	}
}

// refused says why the package in folder may not import path, empty when it may.
func refused(folder string, r row, path string) string {
	if ours, is := strings.CutPrefix(path+"/", "sallyport/"); is {
		return refusedOurs(r, strings.TrimSuffix(ours, "/"))
	}
	if !strings.Contains(strings.SplitN(path, "/", 2)[0], ".") {
		return refusedStandard(folder, r, path)
	}
	if r.layer >= wiring && folder != "internal/config" {
		return ""
	}
	if !slices.ContainsFunc(r.libs, func(lib string) bool { return path == lib || strings.HasPrefix(path, strings.TrimSuffix(lib, "/")+"/") }) {
		return "not among its libraries"
	}
	return ""
}

func refusedOurs(r row, path string) string {
	target, known := rowOf(path)
	switch {
	case !known:
		return "it stands in no row"
	case slices.Contains(r.also, strings.TrimPrefix(path, "internal/")), r.layer == testOnly:
		return ""
	case target.layer == testOnly:
		return "the product does not import what is for tests"
	case path == "internal/config" && r.layer != wiring:
		return "only the wiring knows the configuration"
	case r.layer == wiring, target.layer == words:
		return ""
	case r.layer == useCases && target.layer == rules, r.layer == rules && target.layer == rules:
		return ""
	case r.layer == faces && (target.layer == rules || target.layer == useCases || path == "internal/web" || path == "internal/view"):
		return ""
	}
	return "its layer may not"
}

func refusedStandard(folder string, r row, path string) string {
	switch {
	case path == "math/rand" || path == "math/rand/v2":
		return "randomness comes from crypto/rand"
	case path == "database/sql" && !strings.HasPrefix(folder, "internal/store") && r.layer != testOnly:
		return "only the store speaks SQL"
	case path == "net/http" && r.layer <= useCases:
		return "words, rules and use cases know no HTTP"
	case path == "C" || path == "unsafe" && folder != "internal/factor": // docs/adr/0061-hash-memory-is-kept.md
		return "no cgo, nothing unsafe"
	}
	return ""
}

func rowOf(folder string) (row, bool) {
	if r, ok := table[folder]; ok {
		return r, true
	}
	for i := strings.LastIndexByte(folder, '/'); i > 0; i = strings.LastIndexByte(folder[:i], '/') {
		if r, ok := table[folder[:i+1]]; ok {
			return r, true
		}
	}
	return row{}, false
}

func TestArchitectureSizes(t *testing.T) {
	for _, s := range sources(t) {
		if !s.test && s.lines > 400 {
			t.Errorf("%s has %d lines; 400 is the most that anybody should have to read at once", s.path, s.lines)
		}
		if s.path == "cmd/sallyport/main.go" && s.lines > 60 {
			t.Errorf("%s has %d lines; main has 60 at most", s.path, s.lines)
		}
	}
}

func TestArchitectureEveryPackageSaysWhatItOwns(t *testing.T) {
	said := map[string]bool{}
	for _, s := range sources(t) {
		if !s.test {
			said[s.folder] = said[s.folder] || s.file.Doc != nil
		}
	}
	for folder, is := range said {
		if !is {
			t.Errorf("package %q has no comment that says what it owns", folder)
		}
		for _, bad := range []string{"util", "utils", "common", "helper", "helpers", "types", "model", "models"} {
			if filepath.Base(folder) == bad {
				t.Errorf("package %q has a name that says nothing", folder)
			}
		}
	}
}

// Tests wait for conditions, never for a time.
func TestArchitectureNoSleepInTests(t *testing.T) {
	for _, s := range sources(t) {
		if r, _ := rowOf(s.folder); !s.test && r.layer != testOnly {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := call.X.(*ast.Ident); ok && pkg.Name == "time" && call.Sel.Name == "Sleep" {
				t.Errorf("%s sleeps", s.path)
			}
			return true
		})
	}
}

// sources parses every Go file of the module but those of hidden folders, test data and the tools' own module.
func sources(t *testing.T) []source {
	t.Helper()
	var list []source
	set := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules" || path == "tools" || path == "bin") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(set, path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), ".")
		list = append(list, source{path: filepath.ToSlash(path), folder: folder, test: strings.HasSuffix(name, "_test.go"),
			file: file, lines: strings.Count(string(text), "\n")})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 10 {
		t.Fatalf("only %d files found", len(list))
	}
	return list
}

// The table itself is held to what it must refuse, so that a loosened rule is noticed.
func TestArchitectureRefuses(t *testing.T) {
	for _, c := range []struct {
		from, path string
		fine       bool
	}{
		{"", "net/http", false}, {"", "time", true}, {"", "database/sql", false}, {"", "sallyport/internal/login", false},
		{"internal/login", "sallyport", true}, {"internal/login", "net/http", false}, {"internal/login", "sallyport/internal/store", false},
		{"internal/factor", "golang.org/x/crypto/argon2", true}, {"internal/login", "golang.org/x/crypto/argon2", false},
		{"internal/account", "sallyport/internal/store", false}, {"internal/account", "sallyport/internal/session", false},
		{"internal/account", "sallyport/internal/policy", true}, {"internal/account", "sallyport/internal/config", false},
		{"internal/store", "database/sql", true}, {"internal/store", "sallyport/internal/view", false},
		{"internal/web", "sallyport/internal/view", true}, {"internal/view", "sallyport/internal/web", false},
		{"internal/delivery/smtp", "sallyport/internal/delivery", false}, {"internal/delivery/smtp", "sallyport/internal/delivery/dial", true},
		{"internal/console", "sallyport/internal/store", false}, {"internal/console", "sallyport/internal/selfservice", false},
		{"internal/console", "sallyport/internal/account", true}, {"internal/console", "database/sql", false},
		{"internal/console", "sallyport/internal/config", false}, {"internal/app", "sallyport/internal/config", true},
		{"internal/app", "math/rand/v2", false}, {"internal/app", "sallyport/internal/testkit/clock", false},
		{"internal/web", "github.com/chromedp/chromedp", false}, {"internal/identity", "github.com/nyaruka/phonenumbers", false}, {"e2e", "sallyport/internal/testkit/browser", true},
	} {
		r, known := rowOf(c.from)
		if why := refused(c.from, r, c.path); !known || (why == "") != c.fine {
			t.Errorf("%q importing %s: known %v, %q", c.from, c.path, known, why)
		}
	}
}
