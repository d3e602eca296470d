package demo

import (
	"strings"
	"testing"
	"time"
)

// Whatever is typed as a key, the app either shows six digits for it or says that it is none.
func FuzzKey(f *testing.F) {
	for _, s := range []string{key, uri, "otpauth://totp/?secret=", "otpauth://totp/a:b:c?secret=JBSWY3DPEHPK3PXP", "OTPAUTH://TOTP/x?secret=JBSWY3DPEHPK3PXP", "=", "otpauth:%zz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		app := newApp()
		if err := app.addText(typed, time.Unix(59, 0)); err != nil {
			return
		}
		if c := app.codes(time.Unix(59, 0)); len(c) != 1 || len(strings.ReplaceAll(c[0].Digits, " ", "")) != 6 {
			t.Errorf("%q: %+v", typed, c)
		}
	})
}

// Every mail that can be read is shown as it is, and only Sallyport's own addresses become links.
func FuzzMail(f *testing.F) {
	f.Add("Subject: =?utf-8?q?x?=\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nhttp://localhost:1/a=3D http://x.example javascript:alert(1)\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		m, err := readMail(strings.NewReader(raw))
		if err != nil {
			return
		}
		all := ""
		for _, p := range m.Parts() {
			all += p.Text
			if p.Link != "" && !strings.HasPrefix(p.Link, "http://localhost") {
				t.Errorf("a link to %q", p.Link)
			}
		}
		if all != m.Text {
			t.Errorf("%q is shown as %q", m.Text, all)
		}
	})
}
