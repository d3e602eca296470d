package httpsms_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/delivery/dial"
	"sallyport/internal/delivery/httpsms"
)

// request is what the gateway saw.
type request struct {
	method, kind, body, key string
}

func gateway(t *testing.T, status int, answer string) (string, *request) {
	t.Helper()
	seen := &request{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*seen = request{r.Method, r.Header.Get("Content-Type"), string(body), r.Header.Get("Authorization")}
		if status >= 300 && status < 400 {
			w.Header().Set("Location", "http://169.254.169.254/")
		}
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL, seen
}

func send(t *testing.T, settings map[string]string, m sallyport.Text) error {
	t.Helper()
	all := map[string]string{"method": "POST", "format": "form", "body": "to={to}\ntext={text}", "from": "Northwind"}
	for k, v := range settings {
		all[k] = v
	}
	d := dial.New(dial.Options{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	s, err := httpsms.New(sallyport.Gateway{Settings: all}, map[string]string{"headers": "Authorization: Bearer hunter2\nX-Two: 2\n", "secret": "k&y {to}"}, d.Client(nil))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return s.SendText(ctx, m)
}

// nasty is text that would break out of a body that was put together by hand.
var nasty = sallyport.Text{To: "+15551230001", Text: "a\"}, {\"to\": \"x\" \\ & to=1 % + {from} {{.}} ${to} %s%n </script>\n\n@login.northwind.example #004217 ü"}

// D8.10: values stay where they belong, whatever stands in them, and a placeholder inside a value is text.
func TestD8_10_Form(t *testing.T) {
	address, seen := gateway(t, 200, "")
	if err := send(t, map[string]string{"url": address, "body": "user=a b\nrecipient={to}\nmessage=<{text}>\nfrom={from}\nref={id}\nkey={secret}\nlit=%s%n"}, nasty); err != nil {
		t.Fatal(err)
	}
	form, err := url.ParseQuery(seen.body)
	if err != nil || len(form) != 7 || form.Get("key") != "k&y {to}" || form.Get("user") != "a b" || form.Get("recipient") != nasty.To || form.Get("message") != "<"+nasty.Text+">" ||
		form.Get("from") != "Northwind" || len(form.Get("ref")) != 16 || form.Get("lit") != "%s%n" {
		t.Errorf("the gateway saw %q (%v)", seen.body, err)
	}
	if seen.method != "POST" || !strings.HasPrefix(seen.kind, "application/x-www-form-urlencoded") || seen.key != "Bearer hunter2" {
		t.Errorf("the gateway saw %+v", seen)
	}
}

func TestD8_10_JSON(t *testing.T) {
	address, seen := gateway(t, 200, "")
	body := `{"messages": [{"to": ["{to}"], "body": {"text": "<{text}>", "from": "{from}", "n": 12345678901234567890}}], "{to}": true, "none": null}`
	if err := send(t, map[string]string{"url": address, "format": "json", "method": "PUT", "body": body}, nasty); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Messages []struct {
			To   []string
			Body struct {
				Text, From string
				N          json.Number
			}
		}
		Name bool `json:"{to}"`
	}
	if err := json.Unmarshal([]byte(seen.body), &got); err != nil {
		t.Fatalf("%v: %s", err, seen.body)
	}
	if len(got.Messages) != 1 || got.Messages[0].To[0] != nasty.To || got.Messages[0].Body.Text != "<"+nasty.Text+">" ||
		got.Messages[0].Body.From != "Northwind" || got.Messages[0].Body.N != "12345678901234567890" || !got.Name {
		t.Errorf("the gateway saw %s", seen.body)
	}
	if seen.method != "PUT" || seen.kind != "application/json" {
		t.Errorf("the gateway saw %+v", seen)
	}
}

func TestD8_10_TemplatesThatAreNone(t *testing.T) {
	for _, settings := range []map[string]string{
		{"method": "GET"}, {"method": ""}, {"format": "xml"}, {"format": "json", "body": `{"to": {to}}`}, {"format": "json", "body": `{} {}`},
		{"format": "json", "body": "null"}, {"body": ""}, {"body": "{to}"},
	} {
		all := map[string]string{"url": "https://x.example", "method": "POST", "format": "form", "body": "to={to}"}
		for k, v := range settings {
			all[k] = v
		}
		if _, err := httpsms.New(sallyport.Gateway{Settings: all}, nil, http.DefaultClient); err == nil {
			t.Errorf("%v: taken", settings)
		}
	}
}

// D8.13: a gateway's answer is read, and nothing of its text is passed on.
func TestD8_13_HTTP(t *testing.T) {
	long := strings.Repeat("x", 100<<10)
	for _, c := range []struct {
		status   int
		answer   string
		settings map[string]string
		outcome  sallyport.SendOutcome // empty: taken
		code     string
	}{
		{200, "OK: 123", nil, "", ""},
		{204, "", nil, "", ""},
		{200, "OK: 123", map[string]string{"ok_text": "OK:", "bad_text": "ERR"}, "", ""},
		{200, "error 004217", map[string]string{"bad_text": "error"}, sallyport.NotSent, "refused"},
		{200, "error", map[string]string{"ok_text": "OK:"}, sallyport.NotSent, "refused"},
		{401, "", nil, sallyport.NotSent, "auth"},
		{400, "bad 004217", nil, sallyport.NotSent, "refused"},
		{429, "", nil, sallyport.NotSent, "refused"},
		{503, "", nil, sallyport.NotSent, "refused"},
		{500, "", nil, sallyport.MaybeSent, "protocol"},
		{302, "", nil, sallyport.NotSent, "refused"},
		// What a longer answer says at its end is not known.
		{200, "OK:" + long, nil, "", ""},
		{200, "OK:" + long, map[string]string{"ok_text": "OK:"}, "", ""},
		{200, long + "OK:", map[string]string{"ok_text": "OK:"}, sallyport.MaybeSent, "protocol"},
		{200, "OK:" + long, map[string]string{"ok_text": "OK:", "bad_text": "ERR"}, sallyport.MaybeSent, "protocol"},
		{200, "ERR" + long, map[string]string{"bad_text": "ERR"}, sallyport.NotSent, "refused"},
	} {
		settings := map[string]string{}
		for k, v := range c.settings {
			settings[k] = v
		}
		settings["url"], _ = gateway(t, c.status, c.answer)
		err := send(t, settings, sallyport.Text{To: "+15551230001", Text: "004217"})
		if c.outcome == "" {
			if err != nil {
				t.Errorf("%d %s: %v", c.status, c.answer, err)
			}
			continue
		}
		var e *sallyport.SendError
		if !errors.As(err, &e) || e.Outcome != c.outcome || e.Code != c.code || e.Hint == "" || strings.Contains(err.Error()+e.Hint, "004217") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%d %s: %#v", c.status, c.answer, err)
		}
	}
}

type broken struct{}

func (broken) Do(*http.Request) (*http.Response, error) {
	return nil, errors.New("the connection ended after the request")
}

// What nobody knows to be not sent may have been sent.
func TestRequestThatBreaksOff(t *testing.T) {
	settings := map[string]string{"url": "https://x.example", "method": "POST", "format": "form", "body": "to={to}"}
	s, err := httpsms.New(sallyport.Gateway{Settings: settings}, nil, broken{})
	if err != nil {
		t.Fatal(err)
	}
	var e *sallyport.SendError
	if err := s.SendText(t.Context(), sallyport.Text{To: "+15551230001", Text: "004217"}); !errors.As(err, &e) || e.Outcome != sallyport.MaybeSent || e.Hint == "" {
		t.Errorf("%#v", err)
	}
}
