package httpsms

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever a text is, it comes out of the body's decoder as it went in, and nothing beside it changes.
func FuzzFill(f *testing.F) {
	for _, s := range []string{"004217", "\"}, {\"to\": \"x", "a&to=b", "{from}{to}", "\x00\u2028</script>", "%00%zz", "\\"} {
		f.Add(s)
	}
	asForm, err := parse("form", "a=1\nto={to}\ntext=<{text}>\nz={from}")
	if err != nil {
		f.Fatal(err)
	}
	asJSON, err := parse("json", `{"a": 1, "to": ["{to}"], "text": {"x": "<{text}>"}, "z": "{from}"}`)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		values := map[string]string{"{to}": "+12025550100", "{text}": text, "{from}": "Northwind", "{id}": "1"}
		body, _, err := asForm.fill(values)
		if err != nil {
			t.Fatal(err)
		}
		form, err := url.ParseQuery(body)
		if err != nil || len(form) != 4 || form.Get("text") != "<"+text+">" || form.Get("to") != "+12025550100" || form.Get("z") != "Northwind" {
			t.Errorf("%q became %q (%v)", text, body, err)
		}
		if body, _, err = asJSON.fill(values); err != nil {
			t.Fatal(err)
		}
		var got struct {
			A    int
			To   []string
			Text struct{ X string }
			Z    string
		}
		d := json.NewDecoder(strings.NewReader(body))
		d.DisallowUnknownFields()
		if err := d.Decode(&got); err != nil || got.Text.X != "<"+text+">" || len(got.To) != 1 || got.To[0] != "+12025550100" || got.Z != "Northwind" || got.A != 1 {
			t.Errorf("%q became %s (%v)", text, body, err)
		}
	})
}
