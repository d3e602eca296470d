package audit

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sallyport"
	"sallyport/internal/testkit/golden"
)

const page = "../../docs/events.md"

// TestDocsListTheEvents holds docs/events.md against the registry; -update writes it.
func TestDocsListTheEvents(t *testing.T) {
	golden.File(t, page, docs())
}

func docs() string {
	var b strings.Builder
	b.WriteString("# Audit events\n\nWritten from `internal/audit/registry.go` by its test; do not edit.\n\n" +
		"Every event has a number, a time, a type, an outcome (ok, wrong, refused or failed; for a code the state of its sending), the actor, the target where there is one, what changed\n" +
		"(before and after, only what differs, never a secret), address, browser, request ID, and a reason where one is known or asked for. Those marked with ● change who may\n" +
		"sign in and how: they are written in the transaction of the change itself.\n\n" +
		"Columns of the CSV export: `" + strings.Join(Columns, "`, `") + "`. A field that a spreadsheet would take for a formula begins with an apostrophe there.\n" +
		"The JSON lines have the same names, `before` and `after` as objects, and no apostrophes.\n\n| type | | when | before and after |\n|---|---|---|---|\n")
	for _, d := range Types {
		mark := map[bool]string{true: "●"}[d.Security]
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Type, mark, d.When, strings.Join(d.Fields, ", "))
	}
	return b.String()
}

func TestRegistry(t *testing.T) {
	source, err := os.ReadFile("types.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`Type = "([^"]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(declared) != len(Types) || len(byType) != len(Types) {
		t.Errorf("%d declared, %d described, %d different", len(declared), len(Types), len(byType))
	}
	for _, d := range declared {
		if _, ok := Find(Type(d[1])); !ok {
			t.Errorf("%s is not described", d[1])
		}
	}
	form := regexp.MustCompile(`^[a-z]+(\.[a-z]+(-[a-z]+)*)+$`)
	for _, d := range Types {
		if !form.MatchString(string(d.Type)) || !strings.HasSuffix(d.When, ".") {
			t.Errorf("%q: %q", d.Type, d.When)
		}
	}
}

var anna = sallyport.Technician{ID: "anna", UserName: "anna"}

func TestNew(t *testing.T) {
	actor := sallyport.Actor{Kind: sallyport.ActorTechnician, ID: "root", Name: "root\x1b[31m", Client: sallyport.Client{Address: "192.0.2.1", Browser: "Firefox\r\non Linux", RequestID: "r1"}}
	got := New(TechnicianEdited, actor).On(anna).
		Changed(map[string]string{"email": "a@x.org", "role": "admin", "gone": "x", "empty": "", "filled": "", "password": "old hash"},
			map[string]string{"email": "b@x.org", "role": "admin", "new": "y\x00", "filled": "z", "password": "new hash", "Token": "abc"}).
		Because("asked\nfor").Event()
	want := sallyport.Event{Type: "technician.edited", ActorKind: sallyport.ActorTechnician, Actor: "root", ActorName: `root\u001b[31m`, Target: "anna", TargetName: "anna",
		Before: map[string]string{"email": "a@x.org", "gone": "x", "password": Hidden}, After: map[string]string{"email": "b@x.org", "new": `y\u0000`, "filled": "z", "password": Hidden, "Token": Hidden},
		Address: "192.0.2.1", Browser: `Firefox\u000d\u000aon Linux`, RequestID: "r1", Reason: `asked\u000afor`, Outcome: "ok"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for what, outcome := range map[Type]string{SignInPasswordWrong: "wrong", SignInThrottled: "refused", SaveRefused: "refused", PasswordResetDenied: "refused", DeliveryFailed: "failed", SignInFinished: "ok"} {
		if got := New(what, actor).Event().Outcome; got != outcome {
			t.Errorf("%s: %s", what, got)
		}
	}
	if got := New(SignInCodeSent, actor).Outcome("unclear").Event().Outcome; got != "unclear" {
		t.Errorf("outcome %q", got)
	}
	if e := New(TechnicianEdited, actor).Changed(map[string]string{"a": "1"}, map[string]string{"a": "1"}).Event(); e.Before != nil || e.After != nil {
		t.Errorf("nothing changed, noted %v and %v", e.Before, e.After)
	}
}

func TestNewRefusesUnknownTypes(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an unknown type was taken")
		}
	}()
	New("technician.invented", sallyport.Actor{})
}

// TestBuildersDoNotShare begins two events from one builder.
func TestBuildersDoNotShare(t *testing.T) {
	base := New(SessionEnded, sallyport.Actor{}).On(anna)
	a, b := base.Because("a").Event(), base.Because("b").Event()
	if a.Reason != "a" || b.Reason != "b" || base.Event().Reason != "" {
		t.Error("a builder changed under another one")
	}
}

func TestLengthsAreCapped(t *testing.T) {
	for _, long := range []string{strings.Repeat("ü", 10_000), strings.Repeat("x", 10_000)} {
		e := New(SaveRefused, sallyport.Actor{Name: long, Client: sallyport.Client{Address: long, Browser: long, RequestID: long}}).
			On(sallyport.Technician{UserName: long}).Changed(map[string]string{long: long}, nil).Because(long).Outcome(long).Event()
		got := []string{e.ActorName, e.TargetName, e.Address, e.Browser, e.RequestID, e.Reason, e.Outcome}
		for key, value := range e.Before {
			got = append(got, key, value)
		}
		for i, most := range []int{254, 254, 128, 128, 128, 500, 64, 64, 256} {
			if utf8.RuneCountInString(got[i]) != most || !strings.HasSuffix(got[i], "…") {
				t.Errorf("text %d has %d characters of %d", i, utf8.RuneCountInString(got[i]), most)
			}
		}
	}
}

// TestD9_9 writes hostile text: each event stays one line, and nothing in it moves a terminal.
func TestD9_9(t *testing.T) {
	for _, hostile := range []string{"a\r\nb", "\x1b]0;title\x07", "\u2028\u2029", `{"id":1}`, "\x00\x7f\u009b31m", "\xff\xfe", "\u202egnp.exe", "\ufeff", "a\u200bb", "\u00a0"} {
		e := New(SignInPasswordWrong, sallyport.Actor{Name: hostile, Client: sallyport.Client{Browser: hostile}}).Changed(nil, map[string]string{hostile: hostile}).Because(hostile).Event()
		var lines, table bytes.Buffer
		if err := WriteJSONL(&lines, []sallyport.Event{e}); err != nil {
			t.Fatal(err)
		}
		if err := WriteCSV(&table, []sallyport.Event{e}); err != nil {
			t.Fatal(err)
		}
		var back map[string]any
		if err := json.Unmarshal(lines.Bytes(), &back); err != nil || back["reason"] != e.Reason {
			t.Errorf("%q: %v, %v", hostile, back, err)
		}
		for name, text := range map[string]string{"JSON": lines.String(), "CSV": strings.ReplaceAll(table.String(), "\r\n", "\n")} {
			body := strings.TrimSuffix(text, "\n")
			if strings.Count(body, "\n") != map[string]int{"JSON": 0, "CSV": 1}[name] || !utf8.ValidString(body) ||
				strings.ContainsFunc(strings.ReplaceAll(body, "\n", ""), func(r rune) bool {
					return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
				}) {
				t.Errorf("%s of %q: %q", name, hostile, body)
			}
		}
	}
}

// TestD9_11 exports fields that a spreadsheet would run, and reads them back.
func TestD9_11(t *testing.T) {
	for _, dangerous := range []string{"=cmd()", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\x00=1", " =1", "\u00a0=1", "＝1", "＋1", "－1", "＠1", "\tx", "'=1", "'"} {
		if got := Cell(dangerous); got != "'"+dangerous || FromCell(got) != dangerous {
			t.Errorf("%q: %q, back %q", dangerous, got, FromCell(got))
		}
	}
	for _, harmless := range []string{"", "anna", "a=b", "1", "a\"b,c", "{\"a\":\"b\"}", "2026-11-23T12:00:00.000000Z"} {
		if got := Cell(harmless); got != harmless || FromCell(got) != harmless {
			t.Errorf("%q: %q", harmless, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		var rows [][]string
		for range rapid.IntRange(1, 5).Draw(t, "rows") {
			rows = append(rows, rapid.SliceOfN(rapid.StringOf(rapid.RuneFrom([]rune("=+-@'\"\t\x00,; \na1＝"))), 2, 2).Draw(t, "row"))
		}
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		for _, row := range rows {
			if err := w.Write([]string{Cell(row[0]), Cell(row[1])}); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		back, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(back) != len(rows) {
			t.Fatalf("%d rows of %d, %v", len(back), len(rows), err)
		}
		for i, row := range back {
			for j, cell := range row {
				if FromCell(cell) != rows[i][j] || cell != "" && strings.ContainsRune("=+-@\t\x00", rune(cell[0])) {
					t.Fatalf("%q came back as %q", rows[i][j], cell)
				}
			}
		}
	})
}

func TestExports(t *testing.T) {
	at := time.Date(2026, 11, 23, 13, 5, 6, 7000, time.FixedZone("CET", 3600))
	events := []sallyport.Event{{ID: 7, At: at, Type: "technician.edited", ActorKind: sallyport.ActorTechnician, Actor: "r", ActorName: "=root", Target: "a", TargetName: "anna",
		Before: map[string]string{"phone": "+4915123456789", "email": "<a>"}, Outcome: "ok", Reason: `said "yes", twice`}, {ID: 8, At: at, Type: "signin.finished", Outcome: "ok"}}
	var b bytes.Buffer
	if err := WriteCSV(&b, events); err != nil {
		t.Fatal(err)
	}
	want := strings.Join(Columns, ",") + "\r\n" +
		`7,2026-11-23T12:05:06.000007Z,technician.edited,ok,technician,r,'=root,a,anna,"{""email"":""<a>"",""phone"":""+4915123456789""}",,,,,"said ""yes"", twice"` + "\r\n" +
		"8,2026-11-23T12:05:06.000007Z,signin.finished,ok,,,,,,,,,,,\r\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	b.Reset()
	if err := WriteJSONL(&b, events); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	var first map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || len(lines) != 2 || first["actor_name"] != "=root" || first["before"].(map[string]any)["email"] != "<a>" {
		t.Errorf("%d lines, first %v, %v", len(lines), first, err)
	}
	if got, err := ParseTime(first["at"].(string)); err != nil || !got.Equal(at) {
		t.Errorf("time %v, %v", got, err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestExportsSayWhenTheyBreak(t *testing.T) {
	events := make([]sallyport.Event, 1000)
	if WriteCSV(broken{}, events) == nil || WriteJSONL(broken{}, events) == nil {
		t.Error("a broken writer went unnoticed")
	}
}

// Each secret's name hides what stands behind it, however it is written.
func TestSecretsAreHidden(t *testing.T) {
	for _, key := range []string{"password", "secret", "token", "code", "auth_token", "api_key", "Authorization", "cookie", "recovery_code", "recovery_codes", "TOTP", "phc"} {
		if e := New(TechnicianEdited, sallyport.Actor{}).Changed(nil, map[string]string{key: "hush"}).Event(); e.After[key] != Hidden {
			t.Errorf("%s: %v", key, e.After)
		}
	}
}

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{"\xff": `\xff`, "\x7f": `\u007f`, "\u00ad": `\u00ad`, "\ufffd": "\ufffd", "abcde": "abcde", "abcdef": "abcd…", "übcde": "übcde", "übcdef": "übcd…"} {
		if got := Visible(text, 5); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func FuzzVisible(f *testing.F) {
	for _, s := range []string{"", "anna", "\x1b[0m", "\xff", "\u202e", "ü", "\U000e0041"} {
		f.Add(s, 10)
	}
	f.Fuzz(func(t *testing.T, text string, most int) {
		most = max(1, min(most, 1000))
		got := Visible(text, most)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return hidden(r) }) {
			t.Fatalf("%q became %q", text, got)
		}
		if len(got) > most*10+4 {
			t.Fatalf("%d characters became %d bytes", most, len(got))
		}
	})
}

// What a sink was handed first for a place counts, and another event for the same place is remembered.
func TestKeptTakesTheFirstLine(t *testing.T) {
	line := func(place int, leaf byte, at string) string {
		h, err := json.Marshal(Hash{leaf})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf(`{"kind":"event","place":%d,"leaf":%s,"at":"%s"}`+"\n", place, h, at)
	}
	const early, late = "2026-03-02T09:00:00.000000Z", "2026-03-03T09:00:00.000000Z"
	k, err := ReadKept([]byte(line(3, 1, early)+line(4, 1, "no time")+line(3, 2, late)+line(4, 1, late)+line(-1, 1, early)), "")
	if err != nil || len(k.Leaves) != 2 || k.Leaves[3] != (Hash{1}) || !k.Twice[3] || k.Twice[4] || k.Times[3].Format(timeForm) != early || len(k.Times) != 1 {
		t.Errorf("%+v %v", k, err)
	}
}
