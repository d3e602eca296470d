package demo

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"rsc.io/qr"

	"sallyport"
	"sallyport/internal/delivery/dial"
	"sallyport/internal/delivery/smtp"
)

const key = "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP"

var uri = "otpauth://totp/Northwind%20IT:sam.okafor%40northwind.example?secret=" + strings.ReplaceAll(key, " ", "") + "&issuer=Northwind%20IT&algorithm=SHA1&digits=6&period=30"

func newApp() *authenticator { return &authenticator{changed: func() {}} }

// The app shows what an app that nobody here wrote shows.
func TestAuthenticatorCodes(t *testing.T) {
	for _, typed := range []string{key, strings.ToLower(key), strings.ReplaceAll(key, " ", ""), strings.ReplaceAll(key, " ", "-"), " " + uri + "\n"} {
		app := newApp()
		for _, at := range []time.Time{time.Unix(59, 0), time.Unix(1111111109, 0), time.Unix(2000000000, 0)} {
			if err := app.addText(typed, at); err != nil {
				t.Fatalf("%q: %v", typed, err)
			}
			want, err := totp.GenerateCode(strings.ReplaceAll(key, " ", ""), at)
			if err != nil {
				t.Fatal(err)
			}
			codes := app.codes(at)
			if len(codes) != 1 || strings.ReplaceAll(codes[0].Digits, " ", "") != want {
				t.Errorf("%q at %s: %+v, want one with %s", typed, at, codes, want)
			}
			if left := 30 - at.Unix()%30; int64(codes[0].Seconds) != left {
				t.Errorf("%d s left, want %d", codes[0].Seconds, left)
			}
		}
	}
}

func TestAuthenticatorRefuses(t *testing.T) {
	for _, typed := range []string{"", "too short", "AAAA", "JBSWY3DPEHPK3PX1JBSWY3DP", "otpauth://hotp/x?secret=" + key, "otpauth://totp/x", "https://x.example", strings.Repeat("A", 4000)} {
		if err := newApp().addText(typed, time.Now()); err == nil {
			t.Errorf("%q was taken", typed)
		}
	}
	for name, picture := range map[string][]byte{"nothing": nil, "text": []byte("hello"), "empty page": pngOf(t, image.NewGray(image.Rect(0, 0, 400, 400)))} {
		if err := newApp().addPicture(bytes.NewReader(picture), time.Now()); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func pngOf(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// screenshot draws a page of one colour with the code somewhere on it, scale pixels a module.
func screenshot(t *testing.T, scale int, ground color.Color) image.Image {
	t.Helper()
	c, err := qr.Encode(uri, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	page := image.NewRGBA(image.Rect(0, 0, 1280, 900))
	draw.Draw(page, page.Bounds(), image.NewUniform(ground), image.Point{}, draw.Src)
	size := (c.Size + 8) * scale
	at := image.Rect(500, 200, 500+size, 200+size)
	draw.Draw(page, at, image.White, image.Point{}, draw.Src)
	for y := range c.Size {
		for x := range c.Size {
			if c.Black(x, y) {
				p := image.Pt(at.Min.X+(x+4)*scale, at.Min.Y+(y+4)*scale)
				draw.Draw(page, image.Rectangle{p, p.Add(image.Pt(scale, scale))}, image.Black, image.Point{}, draw.Src)
			}
		}
	}
	return page
}

func TestAuthenticatorReadsPictures(t *testing.T) {
	for _, scale := range []int{3, 4, 8} {
		for _, ground := range []color.Color{color.White, color.Gray{30}} {
			page := screenshot(t, scale, ground)
			var photo bytes.Buffer
			if err := jpeg.Encode(&photo, page, &jpeg.Options{Quality: 80}); err != nil {
				t.Fatal(err)
			}
			for kind, picture := range map[string][]byte{"PNG": pngOf(t, page), "JPEG": photo.Bytes()} {
				app := newApp()
				if err := app.addPicture(bytes.NewReader(picture), time.Now()); err != nil {
					t.Errorf("%s, %d pixels a module, on %v: %v", kind, scale, ground, err)
					continue
				}
				if c := app.codes(time.Now())[0]; c.Issuer != "Northwind IT" || c.Name != "sam.okafor@northwind.example" {
					t.Errorf("%s: %+v", kind, c)
				}
			}
		}
	}
}

func TestMailArrives(t *testing.T) {
	inbox := &box{changed: func() {}}
	server, port, err := newMail(inbox)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	d := dial.New(dial.Options{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	s, err := smtp.New(sallyport.Gateway{Settings: map[string]string{"host": "127.0.0.1", "port": port, "tls": "none", "sender": "door@northwind.example"}}, nil,
		smtp.Options{Dial: d.DialContext, DialPlain: d.DialPlain})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	m := sallyport.Email{ID: "1", To: "dana.reyes@northwind.example", Subject: "Grüße", Text: "Line = one\n\nhttp://localhost:8080/invitation/AAAA.\n<b>bold</b>\n"}
	if err := s.SendEmail(ctx, m); err != nil {
		t.Fatal(err)
	}
	got := inbox.all()
	if len(got) != 1 || got[0].To != m.To || got[0].Subject != m.Subject || got[0].Text != m.Text {
		t.Fatalf("got %+v", got)
	}
	text, links := "", []string(nil)
	for _, p := range got[0].Parts() {
		if text += p.Text; p.Link != "" {
			links = append(links, p.Link)
		}
	}
	if text != m.Text || fmt.Sprint(links) != "[http://localhost:8080/invitation/AAAA]" {
		t.Errorf("parts say %q, links %v", text, links)
	}
	m.To = "somebody@elsewhere.example"
	if err := s.SendEmail(ctx, m); err == nil {
		t.Error("mail for elsewhere was taken")
	}
}

func TestGatewayWantsItsKey(t *testing.T) {
	phone := &box{changed: func() {}}
	h := newGateway(phone, "secret")
	for _, c := range []struct {
		key, body string
		want      int
	}{{"Bearer secret", `{"to": "+12025550100", "text": "hi"}`, 200}, {"Bearer wrong", `{"to": "1", "text": "hi"}`, 401}, {"Bearer secret", `{`, 400}, {"Bearer secret", `{}`, 400}} {
		r := httptest.NewRequest(http.MethodPost, "/messages", strings.NewReader(c.body))
		r.Header.Set("Authorization", c.key)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s %s: %d", c.key, c.body, w.Code)
		}
	}
	if got := phone.all(); len(got) != 1 || got[0].Text != "hi" {
		t.Errorf("got %+v", got)
	}
}

// The workbench shows passwords and codes: no foreign page may read it or act on it.
func TestWorkbenchIsNobodyElses(t *testing.T) {
	b, err := newBench("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	if err := b.open("http://localhost:1", &team{members: make([]member, len(people))}, nil); err != nil {
		t.Fatal(err)
	}
	h := b.handler()
	ask := func(method, target, host, site string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, target, strings.NewReader(""))
		r.Host = host
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	own := b.listener.Addr().String()
	for _, host := range []string{"evil.example", "evil.example:" + own[strings.LastIndex(own, ":")+1:], "127.0.0.1", ""} {
		if w := ask(http.MethodGet, "/", host, ""); w.Code != http.StatusMisdirectedRequest {
			t.Errorf("host %q: %d", host, w.Code)
		}
	}
	for _, path := range []string{"/keys", "/browsers", "/inbox/clear", "/phone/clear", "/keys/x/remove"} {
		if w := ask(http.MethodPost, path, own, "cross-site"); w.Code != http.StatusForbidden {
			t.Errorf("POST %s from elsewhere: %d", path, w.Code)
		}
	}
	b.inbox.add(message{To: "<i>x</i>", Subject: "<script>alert(1)</script>", Text: "javascript:alert(1) <img src=x>"})
	w := ask(http.MethodGet, "/?problem=%3Cscript%3E", own, "none")
	page, _ := io.ReadAll(w.Result().Body)
	if w.Code != http.StatusOK || strings.Contains(string(page), "<script>") || strings.Contains(string(page), "<img") || strings.Contains(string(page), "<i>") {
		t.Errorf("%d: %s", w.Code, page)
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
	for _, asset := range []string{"/assets/workbench.css", "/assets/workbench.js"} {
		if w := ask(http.MethodGet, asset, own, ""); w.Code != http.StatusOK {
			t.Errorf("%s: %d", asset, w.Code)
		}
	}
}

// What the terminal says of the end is true of a folder that stays, too.
func TestSaysWhatStays(t *testing.T) {
	for kept, want := range map[bool]string{false: "is gone when you press Ctrl-C", true: "The data folder stays"} {
		var out bytes.Buffer
		say(&out, "http://localhost:1", "http://127.0.0.1:2", &team{kept: kept, members: make([]member, 6)})
		if !strings.Contains(out.String(), want) {
			t.Errorf("kept %v: %s", kept, &out)
		}
	}
}
