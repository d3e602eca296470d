package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/delivery/dial"
	"sallyport/internal/ledger/webhook"
)

var (
	secret  = []byte("a secret of the receiver")
	records = []sallyport.SinkRecord{{JSON: []byte(`{"kind":"event","place":0}`)}, {JSON: []byte(`{"kind":"head","size":1}`)}}
)

func sink(t *testing.T, address string, roots *x509.CertPool) *webhook.Sink {
	t.Helper()
	d := dial.New(dial.Options{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	s, err := webhook.New(webhook.Options{Address: address, Secret: secret, Client: d.Client(roots), Now: func() time.Time { return time.Unix(1700000000, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWebhook(t *testing.T) {
	var body []byte
	var head http.Header
	var method string
	receiver := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		head, method = r.Header, r.Method
		w.WriteHeader(http.StatusAccepted)
	}))
	defer receiver.Close()
	roots := x509.NewCertPool()
	roots.AddCert(receiver.Certificate())
	s := sink(t, receiver.URL+"/hush?key=hush", roots)
	if err := s.Send(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	var got struct{ Records []map[string]any }
	if err := json.Unmarshal(body, &got); err != nil || len(got.Records) != 2 || got.Records[1]["kind"] != "head" {
		t.Errorf("%s, %v", body, err)
	}
	h := hmac.New(sha256.New, secret)
	fmt.Fprintf(h, "1700000000.%s", body)
	if want := "t=1700000000,v1=" + hex.EncodeToString(h.Sum(nil)); head.Get("Sallyport-Signature") != want || head.Get("Content-Type") != "application/json" || method != http.MethodPost {
		t.Errorf("%s %v, want %s", method, head, want)
	}
	if strings.Contains(s.Name(), "hush") {
		t.Errorf("the name says what may be a secret: %s", s.Name())
	}
}

// Anything but a success is a failure, and no error says what may be a secret in the address.
func TestWebhookThatDoesNotTakeIt(t *testing.T) {
	for _, status := range []int{101, 301, 307, 400, 500} {
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		}))
		if err := sink(t, receiver.URL, nil).Send(t.Context(), records); err == nil {
			t.Errorf("an answer of %d counts as taken", status)
		}
		receiver.Close()
		err := sink(t, receiver.URL+"/?key=hush", nil).Send(t.Context(), records)
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%v", err)
		}
	}
	if _, err := webhook.New(webhook.Options{Address: "https://siem.example/%zz?key=hush"}); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("no address: %v", err)
	}
	for _, to := range []string{"http://8.8.8.8/", "https://10.0.0.1/", "https://169.254.169.254/"} {
		if err := sink(t, to, nil).Send(t.Context(), records); err == nil || !strings.Contains(err.Error(), "not_allowed") {
			t.Errorf("%s: %v", to, err)
		}
	}
}
