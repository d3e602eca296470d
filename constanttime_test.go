package sallyport_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// comparisons are the functions that compare what was typed or presented with a secret, or with a keyed hash of one, by file
// and name, and how: in the standard library's constant time, or by the one of ours that is made of it.
var comparisons = map[string]map[string]string{
	"internal/factor/totp.go":     {"right": constantTime},
	"internal/factor/code.go":     {"SameCode": constantTime},
	"internal/factor/password.go": {"Verify": constantTime},
	"internal/session/compare.go": {"compare": sameCode, "compareEnrolment": sameCode},
	"internal/session/proof.go":   {"proofOf": constantTime},
	"internal/delivery/proof.go":  {"ConfirmTest": sameMAC},
	"internal/keyring/ring.go":    {"Matches": sameMAC},
}

const (
	constantTime = "subtle.ConstantTimeCompare"
	sameMAC      = "hmac.Equal"
	sameCode     = "factor.SameCode"
)

// compareSecrets are the folders in which a secret meets what was typed, and secretNames how either is called there, or its
// hash; what ends in brackets is a call.
var (
	compareSecrets = []string{"internal/factor", "internal/session", "internal/delivery"}
	secretNames    = []string{"secret", "typed", "code", "password", "hash", "digest", "digits()",
		"codehash()", "testhash()", "recoveryhash()", "challengemac()", "mac()", "reveal()"}
	hastyCalls = []string{"bytes.Equal", "bytes.Compare", "bytes.HasPrefix", "strings.EqualFold", "strings.Compare",
		"strings.HasPrefix", "slices.Equal", "slices.Compare", "reflect.DeepEqual"}
)

// No secret is compared in a way that ends at the first difference (D1.22).
func TestArchitectureConstantTime(t *testing.T) {
	looked := 0
	for _, s := range sources(t) {
		if s.test || s.path == "internal/factor/gen_passwords.go" { // no part of the product
			continue
		}
		for name, how := range comparisons[s.path] {
			if looked++; !calls(s.file, name, how) {
				t.Errorf("%s: %s does not call %s", s.path, name, how)
			}
		}
		if slices.Contains(compareSecrets, s.folder) {
			for _, what := range hasty(s.file) {
				t.Errorf("%s compares a secret by %s", s.path, what)
			}
		}
	}
	if looked != 8 {
		t.Errorf("%d comparisons were looked at", looked)
	}
}

// calls reports whether the function of that name in file calls how.
func calls(file *ast.File, name, how string) (found bool) {
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == name {
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				found = found || ok && called(call.Fun) == how
				return true
			})
		}
	}
	return found
}

// hasty are the comparisons of secrets in file that end at the first difference: operators, switches, and the equality of bytes
// and strings. A constant is no secret: that something is empty, or how long it is, may be asked in any way.
func hasty(file *ast.File) (found []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if (n.Op == token.EQL || n.Op == token.NEQ) && !plain(n.X) && !plain(n.Y) && (secret(n.X) || secret(n.Y)) {
				found = append(found, n.Op.String())
			}
		case *ast.CallExpr:
			if name := called(n.Fun); slices.Contains(hastyCalls, name) && slices.ContainsFunc(n.Args, secret) {
				found = append(found, name)
			}
		case *ast.SwitchStmt:
			if n.Tag != nil && secret(n.Tag) {
				found = append(found, "switch")
			}
		}
		return true
	})
	return found
}

// called is a function's name, behind its package's or its value's.
func called(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return called(e.X) + "." + e.Sel.Name
	}
	return ""
}

func secret(e ast.Expr) bool {
	name := ""
	switch e := e.(type) {
	case *ast.ParenExpr:
		return secret(e.X)
	case *ast.SliceExpr:
		return secret(e.X)
	case *ast.StarExpr:
		return secret(e.X)
	case *ast.CallExpr:
		if _, bytes := e.Fun.(*ast.ArrayType); len(e.Args) == 1 && (bytes || called(e.Fun) == "string") {
			return secret(e.Args[0])
		}
		full := called(e.Fun)
		name = full[strings.LastIndexByte(full, '.')+1:] + "()"
	case *ast.Ident:
		name = e.Name
	case *ast.SelectorExpr:
		name = e.Sel.Name
	}
	return slices.Contains(secretNames, strings.ToLower(name))
}

// plain reports whether e is a constant or a length.
func plain(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return e.Name == "nil"
	case *ast.CallExpr:
		return called(e.Fun) == "len"
	}
	return false
}

// The rule itself is held to what it must find, so that a loosened one is noticed.
func TestArchitectureConstantTimeFinds(t *testing.T) {
	for body, fine := range map[string]bool{
		`return subtle.ConstantTimeCompare(c.Hash, s.codeHash(id, typed)) == 1`: true,
		`return typed == ""`:                                       true,
		`return len(code) != digits`:                               true,
		`return string(c.Hash) == string(s.codeHash(id, typed))`:   false,
		`return bytes.Equal(c.Hash, s.codeHash(id, typed))`:        false,
		`return factor.Digits(secret, step) == x`:                  false,
		`return x != t.typed`:                                      false,
		`return slices.Equal(raw[4:], s.challengeMAC(head, g, a))`: false,
		`return strings.EqualFold(x, typed)`:                       false,
		`return bytes.Equal([]byte(x), []byte(code))`:              false,
		`return *a == *secret`:                                     false,
		`switch typed { case stored: return true }; return false`:  false,
		`return hash == [32]byte(x)`:                               false,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc f() bool { "+body+" }", parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if found := hasty(file); (len(found) == 0) != fine {
			t.Errorf("%s: found %q", body, found)
		}
	}
}
