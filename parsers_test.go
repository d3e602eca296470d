package sallyport_test

import (
	"go/ast"
	"strings"
	"testing"
)

// parsers is everything that reads what somebody else wrote, and the fuzz target that holds it. make fuzz runs each target
// for a while; the ordinary tests run what is kept of them.
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
	"answers of Kannel":                        "internal/delivery/kannel.FuzzRead",
	"X-Forwarded-For":                          "internal/web.FuzzClientAddress",
	"cookies":                                  "internal/web.FuzzCookie",
	"forms":                                    "internal/web.FuzzForm",
	"requests answered on the connection":      "internal/web.FuzzQuick",
	"User-Agent":                               "internal/web.FuzzBrowserName",
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

// TestArchitectureParsers: every target that the list names is there, and every target that is there is in the list.
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
	}
}
