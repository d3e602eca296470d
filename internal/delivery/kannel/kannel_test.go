package kannel_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/delivery/dial"
	"sallyport/internal/delivery/kannel"
	fixture "sallyport/internal/testkit/kannel"
)

func sender(t *testing.T, g *fixture.Gateway, password string) *kannel.Sender {
	t.Helper()
	d := dial.New(dial.Options{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	s, err := kannel.New(sallyport.Gateway{Settings: map[string]string{"url": g.URL, "user": g.User, "from": "Sallyport"}},
		map[string]string{"password": password}, d.Client(nil))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func limit(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestKannelDelivers(t *testing.T) {
	g := fixture.Start(t)
	s := sender(t, g, g.Password)
	for _, organisation := range []string{"Northwind IT", "Müller & Søn [€]"} { // the second one is not ASCII, but in the GSM alphabet
		text := "004217 is your " + organisation + " sign-in code. Valid 3 minutes. Never share it.\n\n@login.northwind.example #004217"
		if err := s.SendText(limit(t), sallyport.Text{To: "+15551230001", Text: text, GSM: true}); err != nil {
			t.Fatal(err)
		}
		if got := g.Phone(t, "@login"); got != "Sallyport +15551230001 text "+text {
			t.Errorf("the phone shows %q", got)
		}
	}
	if err := s.SendText(limit(t), sallyport.Text{To: "+15551230001", Text: "004217 株"}); err != nil {
		t.Fatal(err)
	}
	if got := g.Phone(t, "Sallyport"); !strings.Contains(got, " ucs-2 ") {
		t.Errorf("what is not in the GSM alphabet came as %q", got)
	}
	if logs := g.AccessLogs(t); !strings.Contains(logs, "Got HTTP request </cgi-bin/sendsms>") || strings.Contains(logs, g.Password) {
		t.Errorf("the code or the password stood in an address:\n%s", logs)
	}
}

// D8.13: what a gateway answers is read for what it says.
func TestD8_13_Kannel(t *testing.T) {
	g := fixture.Start(t)
	m := sallyport.Text{To: "+15551230001", Text: "004217"}
	check := func(what string, err error, outcome sallyport.SendOutcome, code string) {
		t.Helper()
		var e *sallyport.SendError
		if !errors.As(err, &e) || e.Outcome != outcome || e.Code != code || e.Hint == "" {
			t.Errorf("%s: got %#v", what, err)
		}
		if err != nil && strings.Contains(err.Error(), "004217") {
			t.Errorf("%s: the error tells the code: %v", what, err)
		}
	}
	check("wrong password", sender(t, g, "wrong").SendText(limit(t), m), sallyport.NotSent, "auth")
	check("no number", sender(t, g, g.Password).SendText(limit(t), sallyport.Text{To: "", Text: "x"}), sallyport.NotSent, "bad_number")
	g.CutNetwork(t)
	check("no phone network", sender(t, g, g.Password).SendText(limit(t), m), sallyport.MaybeSent, "refused")
	g.Stop()
	check("gateway gone", sender(t, g, g.Password).SendText(limit(t), m), sallyport.NotSent, "unreachable")
}

// What the smsbox of this machine does not answer by itself is judged alike: surely not sent is said only where Kannel refused.
func TestAnswersOfKannel(t *testing.T) {
	for _, c := range []struct {
		status    int
		answer    string
		outcome   sallyport.SendOutcome // empty: taken
		code      string
		permanent bool
	}{
		{202, "0: Accepted for delivery", "", "", false},
		{200, "0: Accepted for delivery", "", "", false}, // an older one
		{202, "3: Queued for later delivery", sallyport.MaybeSent, "refused", false},
		{202, "", sallyport.MaybeSent, "protocol", false},
		{200, "<html>", sallyport.MaybeSent, "protocol", false},
		{302, "", sallyport.NotSent, "refused", true},
		{400, "", sallyport.NotSent, "bad_number", true},
		{401, "", sallyport.NotSent, "auth", true},
		{403, "", sallyport.NotSent, "auth", true},
		{404, "", sallyport.NotSent, "refused", true},
		{503, "", sallyport.NotSent, "refused", false},
		{500, "", sallyport.MaybeSent, "protocol", false},
		{502, "<html>", sallyport.MaybeSent, "protocol", false},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			io.WriteString(w, c.answer)
		}))
		t.Cleanup(server.Close)
		err := sender(t, &fixture.Gateway{URL: server.URL, User: "u", Password: "p"}, "p").SendText(limit(t), sallyport.Text{To: "+15551230001", Text: "004217"})
		var e *sallyport.SendError
		if c.outcome == "" && err == nil {
			continue
		}
		if !errors.As(err, &e) || e.Outcome != c.outcome || e.Code != c.code || e.Permanent != c.permanent || e.Hint == "" {
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
	s, err := kannel.New(sallyport.Gateway{Settings: map[string]string{"url": "https://x.example", "user": "u", "from": "f"}}, map[string]string{"password": "p"}, broken{})
	if err != nil {
		t.Fatal(err)
	}
	var e *sallyport.SendError
	if err := s.SendText(limit(t), sallyport.Text{To: "+15551230001", Text: "004217"}); !errors.As(err, &e) || e.Outcome != sallyport.MaybeSent || e.Hint == "" {
		t.Errorf("%#v", err)
	}
}
