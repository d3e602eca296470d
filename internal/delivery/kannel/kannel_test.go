package kannel_test

import (
	"context"
	"errors"
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
