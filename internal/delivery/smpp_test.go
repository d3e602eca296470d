package delivery_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/delivery"
	"sallyport/internal/delivery/dial"
	gateway "sallyport/internal/delivery/smpp"
	"sallyport/internal/keyring"
	"sallyport/internal/store"
	"sallyport/internal/testkit/smpp"
)

// From the form to the server that shows what came: SMPP is saved, tested, proved by the code in the text, and sends a
// code. Each goes to a server of its own, for drive_smpp serves one session.
func TestSMSSettingsOverSMPP(t *testing.T) {
	w := newWorld(t)
	server := smpp.Start(t)
	d := dial.New(dial.Options{Allowed: loopbackOnly})
	w.Service = delivery.New(delivery.Options{Store: store.For[delivery.Tx](w.db), Keys: keyring.Generate(), Now: w.clock.Now, PublicHost: "login.northwind.example", Network: d,
		BuildText: func(g sallyport.Gateway, secrets map[string]string) (delivery.TextSender, error) {
			return gateway.New(g, secrets, server.Within(d))
		}})
	form := delivery.Form{Channel: sallyport.ChannelSMS, Kind: sallyport.GatewaySMPP,
		Values: map[string]string{"host": smpp.Host, "tls": "none", "system_id": "door", "password": "correct-horse", "sender": "Northwind"}}
	if _, err := w.SaveDraft(t.Context(), w.boss, form); err != nil {
		t.Fatal(err)
	}
	if err := w.Test(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelSMS}, "+12025550100"); err != nil {
		t.Fatal(err)
	}
	w.sent(t, sallyport.ChannelSMS)
	code := regexp.MustCompile(`<([0-9]{6}) is the test code`).FindStringSubmatch(server.Wrote(t, "short_message = <"))
	if code == nil {
		t.Fatal("no code came")
	}
	if err := w.ConfirmTest(t.Context(), w.boss, sallyport.ChannelSMS, code[1]); err != nil {
		t.Fatal(err)
	}
	server = smpp.Start(t)
	err := w.SendCode(t.Context(), delivery.CodeMessage{Channel: sallyport.MethodText, To: "+12025550103", Code: "004217", Life: 3 * time.Minute, Organisation: "Northwind IT"})
	if err != nil {
		t.Fatal(err)
	}
	if got := server.Wrote(t, "short_message = <"); !strings.Contains(got, "<004217 is your Northwind IT sign-in code.") {
		t.Errorf("the server shows %q", got)
	}
}

// The port follows from the TLS mode where none was typed, and the password goes where the other side changes.
func TestSMPPFields(t *testing.T) {
	w := newWorld(t)
	save := func(values ...string) (map[string]string, error) {
		base := map[string]string{"host": "10.7.1.1", "system_id": "door", "sender": "Northwind"}
		v, err := w.SaveDraft(t.Context(), w.boss, delivery.Form{Channel: sallyport.ChannelSMS, Kind: sallyport.GatewaySMPP, Values: with(base, values...)})
		if err != nil {
			return nil, err
		}
		return v.Draft.Settings, nil
	}
	kept, err := save("password", "correct-horse")
	if err != nil || kept["port"] != "3550" || kept["tls"] != "implicit" || kept["password"] != "" {
		t.Fatalf("%v, %v", kept, err)
	}
	if _, err := save("port", "3550", "system_id", "door2", "sender", "+15550001111"); err != nil {
		t.Errorf("the password was not kept: %v", err)
	}
	for _, change := range [][]string{{"port", "3550", "host", "10.7.1.2"}, {"port", "3551"}, {"port", "3550", "tls", "none"}} {
		if _, err := save(change...); fieldNames(err) != "password" {
			t.Errorf("%v: the password went on to another server: %v", change, err)
		}
	}
	if kept, err = save("tls", "none", "password", "correct-horse"); err != nil || kept["port"] != "2775" {
		t.Errorf("%v, %v", kept, err)
	}
}

// D8.9: what is wrong with the form is said at its field.
func TestD8_9_SMPPForm(t *testing.T) {
	w := newWorld(t)
	base := map[string]string{"host": "smpp.example.com", "system_id": "door", "password": "longer than eight", "sender": "Northwind"}
	for _, c := range []struct {
		fields string
		change []string
	}{
		{"", nil}, {"", []string{"host", "10.7.1.1", "tls", "none"}}, {"", []string{"sender", "+15550001111", "system_type", "VMA", "port", "1024"}},
		{"host", []string{"host", ""}}, {"host", []string{"host", "127.0.0.1"}}, {"host", []string{"host", "[::1]"}}, {"host", []string{"host", "0x7f000001"}},
		{"host", []string{"host", "https://smpp.example.com"}}, {"host", []string{"host", "10.8.0.1", "tls", "none"}}, {"tls", []string{"host", "1.1.1.1", "tls", "none"}},
		{"tls", []string{"tls", "starttls"}}, {"port", []string{"port", "22"}}, {"port", []string{"port", "65536"}}, {"port", []string{"port", "+2775"}},
		{"system_id", []string{"system_id", ""}}, {"system_id", []string{"system_id", "do\x00or"}}, {"system_id", []string{"system_id", strings.Repeat("x", 65)}},
		{"system_type", []string{"system_type", "thirteen long"}}, {"password", []string{"password", ""}}, {"password", []string{"password", "pässword"}},
		{"sender", []string{"sender", ""}}, {"sender", []string{"sender", "North\x00wind"}}, {"sender", []string{"sender", "way too long a name"}},
	} {
		_, err := w.SaveDraft(t.Context(), w.boss, delivery.Form{Channel: sallyport.ChannelSMS, Kind: sallyport.GatewaySMPP, Values: with(base, c.change...)})
		if got := fieldNames(err); got != c.fields || c.fields == "" && err != nil {
			t.Errorf("%q: fields %q, want %q (%v)", c.change, got, c.fields, err)
		}
		if c.fields == "" {
			if err := w.DiscardDraft(t.Context(), w.boss, delivery.Seen{Channel: sallyport.ChannelSMS}); err != nil {
				t.Error(err)
			}
		}
	}
}
