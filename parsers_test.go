package sallyport_test

import (
	"go/ast"
	"path/filepath"
	"strings"
	"testing"
)

// parsers is everything that reads what somebody else wrote, and the fuzz target that holds it. make fuzz runs each target
// for a while; the ordinary tests run what is kept of them in testdata/fuzz: what is valid, what stands at a boundary, what
// somebody hostile would send, and what fuzzing found.
var parsers = map[string]string{
	"tokens in cookies and links":              ".FuzzTokenHash",
	"values of settings":                       ".FuzzSetting",
	"user names, addresses, phone numbers":     "internal/identity.FuzzIdentity",
	"phone numbers against the library":        "internal/identity.FuzzPhone",
	"mailboxes of gateways":                    "internal/delivery.FuzzMailbox",
	"addresses of gateways":                    "internal/delivery.FuzzURL",
	"texts for one message":                    "internal/delivery.FuzzCodeText",
	"bodies of gateways, filled":               "internal/delivery/httpsms.FuzzFill",
	"bodies of gateways, as typed":             "internal/delivery/httpsms.FuzzTemplate",
	"answers of an HTTP gateway":               "internal/delivery/httpsms.FuzzJudge",
	"answers of Twilio":                        "internal/delivery/twilio.FuzzRead",
	"answers of Vonage":                        "internal/delivery/vonage.FuzzRead",
	"answers of Kannel":                        "internal/delivery/kannel.FuzzRead",
	"answers of an SMPP server":                "internal/delivery/smpp.FuzzAnswers",
	"X-Forwarded-For":                          "internal/web.FuzzClientAddress",
	"cookies":                                  "internal/web.FuzzCookie",
	"forms":                                    "internal/web.FuzzForm",
	"requests answered on the connection":      "internal/web.FuzzQuick",
	"User-Agent":                               "internal/web.FuzzBrowserName",
	"Host":                                     "internal/web.FuzzHost",
	"Origin and Sec-Fetch-Site":                "internal/web.FuzzOrigin",
	"content types":                            "internal/web.FuzzContentType",
	"messages to a syslog server":              "internal/ledger/syslog.FuzzMessage",
	"queries":                                  "internal/web.FuzzQuery",
	"the path after sign-in":                   "internal/web.FuzzLocalPath",
	"paths in the log":                         "internal/web.FuzzLogPath",
	"the list of technicians' query":           "internal/console.FuzzTechniciansQuery",
	"the audit log's query":                    "internal/console.FuzzAuditQuery",
	"addresses of databases":                   "internal/store.FuzzAddress",
	"stored JSON":                              "internal/store.FuzzStored",
	"texts to search for":                      "internal/store.FuzzSearch",
	"what a node has seen of the database":     "internal/app.FuzzSeen",
	"requests through the socket":              "internal/control.FuzzOperation",
	"answers through the socket":               "internal/control.FuzzRefused",
	"jobs of a subprocess":                     "internal/subprocess.FuzzServe",
	"answers of a mail server":                 "internal/delivery/smtp.FuzzAnswers",
	"what was kept of the audit log":           "internal/audit.FuzzKept",
	"cells of exported tables":                 "internal/audit.FuzzCell",
	"addresses of audit sinks":                 "internal/config.FuzzSink",
	"sealed values":                            "internal/keyring.FuzzOpen",
	"key files":                                "internal/keyring.FuzzParse",
	"password hashes":                          "internal/factor.FuzzParsePHC",
	"digits":                                   "internal/factor.FuzzCanonical",
	"recovery and enrolment codes":             "internal/factor.FuzzCanonicalLetters",
	"new passwords":                            "internal/factor.FuzzCheckPassword",
	"text in the audit log":                    "internal/audit.FuzzVisible",
	"proofs of events":                         "internal/audit.FuzzProof",
	"signed heads of the audit log":            "internal/audit.FuzzHead",
	"logos":                                    "internal/account.FuzzLogo",
	"files of a team":                          "internal/account.FuzzImport",
	"proofs of work":                           "internal/puzzle.FuzzSolved",
	"the configuration file":                   "internal/config.FuzzFile",
	"keys typed into the demo's authenticator": "internal/demo.FuzzKey",
	"mail that the demo takes":                 "internal/demo.FuzzMail",
}

// TestArchitectureParsers: every target that the list names is there, every target that is there is in the list, and each
// has a corpus that is kept.
func TestArchitectureParsers(t *testing.T) {
	there := map[string]bool{}
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Fuzz") {
				there[s.folder+"."+f.Name.Name] = true
			}
		}
	}
	named := map[string]bool{}
	for what, target := range parsers {
		if named[target] = true; !there[target] {
			t.Errorf("%s: there is no %s", what, target)
		}
	}
	for target := range there {
		if !named[target] {
			t.Errorf("%s stands for no parser in the list", target)
		}
		if kept := corpus(t, target); kept < leastKept {
			t.Errorf("%s keeps %d entries, want %d or more", target, kept, leastKept)
		}
	}
}

// leastKept is how many entries a target keeps at least.
const leastKept = 3

// corpus counts what is kept of a target.
func corpus(t *testing.T, target string) int {
	t.Helper()
	folder, name, _ := strings.Cut(target, ".Fuzz")
	files, err := filepath.Glob(filepath.Join(folder, "testdata", "fuzz", "Fuzz"+name, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}
