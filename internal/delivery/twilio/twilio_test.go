package twilio_test

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
	"sallyport/internal/delivery/twilio"
)

const (
	account = "AC0123456789abcdef0123456789abcdef"
	token   = "f00dcafef00dcafef00dcafef00dcafe"
	taken   = `{"sid": "SM0123456789abcdef0123456789abcdef", "status": "queued", "error_code": null, "error_message": null}`
)

var text = sallyport.Text{To: "+15551230001", Text: "004217 is your code & more = 100 % +1\n\n@login.northwind.example #004217"}

// api is Twilio as its documentation describes it: it refuses what the documentation does not permit.
func api(t *testing.T, status int, answer string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if why := strict(r); why != "" {
			t.Errorf("the request is not what Twilio documents: %s", why)
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

func strict(r *http.Request) string {
	user, password, ok := r.BasicAuth()
	body, _ := io.ReadAll(r.Body)
	form, err := url.ParseQuery(string(body))
	switch {
	case r.Method != http.MethodPost:
		return "method " + r.Method
	case r.URL.Path != "/2010-04-01/Accounts/"+account+"/Messages.json" || r.URL.RawQuery != "":
		return "address " + r.URL.String()
	case !ok || user != account || password != token:
		return "authentication"
	case r.Header.Get("Content-Type") != "application/x-www-form-urlencoded":
		return "content type " + r.Header.Get("Content-Type")
	case err != nil || form.Get("To") != text.To || form.Get("Body") != text.Text:
		return fmt.Sprintf("form %v, %v", form, err)
	case len(form) != 3 || (form.Get("From") == "") == (form.Get("MessagingServiceSid") == ""):
		return fmt.Sprintf("parameters %v", form)
	}
	return ""
}

func send(t *testing.T, address string, settings map[string]string) error {
	t.Helper()
	all := map[string]string{"account_sid": account, "url": address}
	for k, v := range settings {
		all[k] = v
	}
	d := dial.New(dial.Options{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	s, err := twilio.New(sallyport.Gateway{Settings: all}, map[string]string{"auth_token": token}, d.Client(nil))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return s.SendText(ctx, text)
}

func TestTaken(t *testing.T) {
	for _, settings := range []map[string]string{{"from": "+15550001111"}, {"from": "Northwind"}, {"service": "MG0123456789abcdef0123456789abcdef"}} {
		if err := send(t, api(t, 201, taken), settings); err != nil {
			t.Errorf("%v: %v", settings, err)
		}
	}
}

// D8.13: Twilio's documented answers, and undocumented ones.
func TestD8_13_Twilio(t *testing.T) {
	refused := func(code int) string {
		return fmt.Sprintf(`{"code": %d, "message": "for +15551230001: 004217", "more_info": "https://www.twilio.com/docs/errors/%d", "status": 400}`, code, code)
	}
	for _, c := range []struct {
		status    int
		answer    string
		outcome   sallyport.SendOutcome
		code      string
		permanent bool
	}{
		{400, refused(21211), sallyport.NotSent, "bad_number", true},
		{400, refused(21614), sallyport.NotSent, "bad_number", true},
		{400, refused(21408), sallyport.NotSent, "not_allowed", true},
		{400, refused(21608), sallyport.NotSent, "not_allowed", true},
		{400, refused(21610), sallyport.NotSent, "not_allowed", true},
		{400, refused(21606), sallyport.NotSent, "refused", true},
		{401, refused(20003), sallyport.NotSent, "auth", true},
		{404, refused(20404), sallyport.NotSent, "auth", true},
		{403, refused(20005), sallyport.NotSent, "balance", true},
		{429, refused(20429), sallyport.NotSent, "refused", false},
		{400, refused(30001), sallyport.NotSent, "refused", false},
		{400, refused(30007), sallyport.NotSent, "not_allowed", true},
		{400, refused(99999), sallyport.NotSent, "refused", true},
		{400, "not JSON", sallyport.NotSent, "refused", true},
		{503, "", sallyport.NotSent, "refused", false},
		{500, refused(20500), sallyport.MaybeSent, "protocol", false},
		{502, "<html>", sallyport.MaybeSent, "protocol", false},
		{302, "", sallyport.NotSent, "refused", false},
		{200, `{"error": "no"}`, sallyport.MaybeSent, "protocol", false},
		{201, "not JSON", sallyport.MaybeSent, "protocol", false},
		{201, `{"sid": "SM1", "status": "failed", "error_code": 30005}`, sallyport.NotSent, "bad_number", true},
		{201, `{"sid": "SM1", "status": "failed", "error_code": null}`, sallyport.NotSent, "refused", false},
		{201, `{"sid": "SM1", "status": "undelivered", "error_code": null}`, sallyport.NotSent, "refused", false},
		{201, `{"sid": "SM1", "status": "canceled", "error_code": null}`, sallyport.NotSent, "refused", false},
	} {
		err := send(t, api(t, c.status, c.answer), map[string]string{"from": "+15550001111"})
		var e *sallyport.SendError
		if !errors.As(err, &e) || e.Outcome != c.outcome || e.Code != c.code || e.Permanent != c.permanent || e.Hint == "" {
			t.Errorf("%d %s: %#v", c.status, c.answer, err)
			continue
		}
		if strings.Contains(err.Error(), "004217") || strings.Contains(err.Error(), token) || strings.Contains(e.Hint, "004217") {
			t.Errorf("%d: the error tells a secret: %v", c.status, err)
		}
	}
}

func TestSettingsThatCannotSend(t *testing.T) {
	for _, g := range []map[string]string{{}, {"account_sid": account}, {"account_sid": account, "from": "a", "service": "b"}} {
		if _, err := twilio.New(sallyport.Gateway{Settings: g}, map[string]string{"auth_token": token}, http.DefaultClient); err == nil {
			t.Errorf("%v: taken", g)
		}
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
		s, err := twilio.New(sallyport.Gateway{Settings: map[string]string{"account_sid": account, "from": "Northwind"}}, map[string]string{"auth_token": token}, cut{answer})
		if err != nil {
			t.Fatal(err)
		}
		var e *sallyport.SendError
		if err := s.SendText(t.Context(), text); !errors.As(err, &e) || e.Outcome != sallyport.MaybeSent || e.Hint == "" {
			t.Errorf("%q: %#v", answer, err)
		}
	}
}
