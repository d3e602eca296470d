package smpp_test

import (
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/delivery/dial"
	"sallyport/internal/delivery/smpp"
	fixture "sallyport/internal/testkit/smpp"
)

// A server that nobody here wrote, Kannel's, takes the session and shows the text as it came: the GSM alphabet's octets.
func TestDriveSMPP(t *testing.T) {
	server := fixture.Start(t)
	d := server.Within(dial.New(dial.Options{Allowed: loopback}))
	g := settings(fixture.Port, "host", fixture.Host)
	s, err := smpp.New(g, map[string]string{"password": "bar"}, d)
	if err != nil {
		t.Fatal(err)
	}
	text := "004217 is your Müller & Søn [€] sign-in code. Valid 3 minutes. Never share it. Bound to login.northwind.example"
	if err := s.SendText(limit(t), sallyport.Text{To: "+15551230001", Text: text, GSM: true}); err != nil {
		t.Fatal(err)
	}
	server.Wrote(t, "type bind_transmitter")
	server.Wrote(t, "type submit_sm")
	_, shown, _ := strings.Cut(server.Wrote(t, "short_message = <"), "short_message = <")
	if got := read(t, 0, []byte(strings.TrimSuffix(shown, ">"))); got != text {
		t.Errorf("the server shows %q", got)
	}
	server.Wrote(t, "type unbind")
}
