package vonage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"sallyport"
	"sallyport/internal/delivery/dial"
	"sallyport/internal/delivery/vonage"
)

const (
	key    = "0123abcd"
	secret = "f00dcafef00dcafe"
	taken  = `{"message-count": "1", "messages": [{"to": "15551230001", "message-id": "0C000000217B7F02", "status": "0", "remaining-balance": "15.5"}]}`
)

var text = sallyport.Text{To: "+15551230001", Text: "004217 is your code & more = 100 % +1\n\n@login.northwind.example #004217", GSM: true}

// api is Vonage as its documentation describes it: it refuses what the documentation does not permit.
func api(t *testing.T, m sallyport.Text, status int, answer string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if why := strict(r, m); why != "" {
			t.Errorf("the request is not what Vonage documents: %s", why)
		}
		w.Header().Set("Content-Type", "application/json")
		if status >= 300 && status < 400 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func strict(r *http.Request, m sallyport.Text) string {
	body, _ := io.ReadAll(r.Body)
	form, err := url.ParseQuery(string(body))
	kind := map[bool]string{true: "text", false: "unicode"}[m.GSM]
	switch {
	case r.Method != http.MethodPost:
		return "method " + r.Method
	case r.URL.Path != "/sms/json" || r.URL.RawQuery != "":
		return "address " + r.URL.String()
	case r.Header.Get("Content-Type") != "application/x-www-form-urlencoded":
		return "content type " + r.Header.Get("Content-Type")
	case err != nil || form.Get("api_key") != key || form.Get("api_secret") != secret:
		return "authentication"
	case form.Get("to") != "15551230001" || form.Get("text") != m.Text || form.Get("type") != kind:
		return fmt.Sprintf("form %v", form)
	case len(form) != 6 || form.Get("from") != "Northwind" && form.Get("from") != "15550001111":
		return fmt.Sprintf("parameters %v", form)
	}
	return ""
}

func send(t *testing.T, address, from string, m sallyport.Text) error {
	t.Helper()
	d := dial.New(dial.Options{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	s, err := vonage.New(sallyport.Gateway{Settings: map[string]string{"api_key": key, "from": from, "url": address}}, map[string]string{"api_secret": secret}, d.Client(nil))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return s.SendText(ctx, m)
}

func TestTaken(t *testing.T) {
	other := text
	other.Text, other.GSM = "004217 株", false
	for _, from := range []string{"+15550001111", "15550001111", "Northwind"} {
		for _, m := range []sallyport.Text{text, other} {
			if err := send(t, api(t, m, 200, taken), from, m); err != nil {
				t.Errorf("%s: %v", from, err)
			}
		}
	}
	two := `{"message-count": "2", "messages": [{"message-id": "0C1", "status": "0"}, {"message-id": "0C2", "status": "0"}]}`
	if err := send(t, api(t, text, 200, two), "Northwind", text); err != nil {
		t.Errorf("in two parts: %v", err)
	}
}

// D8.13: Vonage's documented answers, and undocumented ones.
func TestD8_13_Vonage(t *testing.T) {
	refused := func(statuses ...int) string {
		var parts []string
		for _, s := range statuses {
			parts = append(parts, fmt.Sprintf(`{"status": "%d", "message-id": "0C%d", "error-text": "for 15551230001: 004217"}`, s, s))
		}
		return fmt.Sprintf(`{"message-count": "%d", "messages": [%s]}`, len(parts), strings.Join(parts, ", "))
	}
	for _, c := range []struct {
		status    int
		answer    string
		outcome   sallyport.SendOutcome
		code      string
		permanent bool
	}{
		{200, refused(1), sallyport.NotSent, "refused", false},
		{200, refused(4), sallyport.NotSent, "auth", true},
		{200, refused(5), sallyport.NotSent, "refused", false},
		{200, refused(6), sallyport.NotSent, "bad_number", true},
		{200, refused(7), sallyport.NotSent, "not_allowed", true},
		{200, refused(8), sallyport.NotSent, "balance", true},
		{200, refused(9), sallyport.NotSent, "balance", true},
		{200, refused(11), sallyport.NotSent, "auth", true},
		{200, refused(15), sallyport.NotSent, "refused", true},
		{200, refused(29), sallyport.NotSent, "not_allowed", true},
		{200, refused(33), sallyport.NotSent, "bad_number", true},
		{200, refused(99), sallyport.NotSent, "refused", true},
		{200, refused(9, 9), sallyport.NotSent, "balance", true},
		{200, refused(0, 9), sallyport.MaybeSent, "protocol", false},
		{200, refused(9, 0), sallyport.MaybeSent, "protocol", false},
		{200, `{"messages": [{"status": "0"}]}`, sallyport.MaybeSent, "protocol", false},
		{200, `{"messages": [{"status": ""}]}`, sallyport.MaybeSent, "protocol", false},
		{200, `{"messages": []}`, sallyport.MaybeSent, "protocol", false},
		{200, "not JSON", sallyport.MaybeSent, "protocol", false},
		{401, "", sallyport.NotSent, "auth", true},
		{404, "", sallyport.NotSent, "refused", true},
		{420, "", sallyport.NotSent, "refused", false},
		{429, "", sallyport.NotSent, "refused", false},
		{503, "", sallyport.NotSent, "refused", false},
		{500, taken, sallyport.MaybeSent, "protocol", false},
		{302, taken, sallyport.NotSent, "refused", false},
	} {
		err := send(t, api(t, text, c.status, c.answer), "Northwind", text)
		var e *sallyport.SendError
		if !errors.As(err, &e) || e.Outcome != c.outcome || e.Code != c.code || e.Permanent != c.permanent || e.Hint == "" {
			t.Errorf("%d %s: %#v", c.status, c.answer, err)
			continue
		}
		if strings.Contains(err.Error(), "004217") || strings.Contains(err.Error(), secret) || strings.Contains(e.Hint, "004217") {
			t.Errorf("%d: the error tells a secret: %v", c.status, err)
		}
	}
}

func TestSettingsThatCannotSend(t *testing.T) {
	for _, g := range []map[string]string{{}, {"api_key": key}, {"from": "Northwind"}} {
		if _, err := vonage.New(sallyport.Gateway{Settings: g}, map[string]string{"api_secret": secret}, http.DefaultClient); err == nil {
			t.Errorf("%v: taken", g)
		}
	}
	if _, err := vonage.New(sallyport.Gateway{Settings: map[string]string{"api_key": key, "from": "Northwind"}}, nil, http.DefaultClient); err == nil {
		t.Error("taken without a secret")
	}
}

// cut is a connection that ends after the request, or within an answer.
type cut struct{ answer string }

func (c cut) Do(*http.Request) (*http.Response, error) {
	if c.answer == "" {
		return nil, errors.New("the connection ended after the request")
	}
	return &http.Response{StatusCode: 200, Body: io.NopCloser(io.MultiReader(strings.NewReader(c.answer), iotest.ErrReader(io.ErrUnexpectedEOF)))}, nil
}

// What nobody knows to be not sent may have been sent, whatever had come of the answer.
func TestConnectionThatBreaksOff(t *testing.T) {
	for _, answer := range []string{"", taken, taken[:20]} {
		s, err := vonage.New(sallyport.Gateway{Settings: map[string]string{"api_key": key, "from": "Northwind"}}, map[string]string{"api_secret": secret}, cut{answer})
		if err != nil {
			t.Fatal(err)
		}
		var e *sallyport.SendError
		if err := s.SendText(t.Context(), text); !errors.As(err, &e) || e.Outcome != sallyport.MaybeSent || e.Hint == "" {
			t.Errorf("%q: %#v", answer, err)
		}
	}
}
