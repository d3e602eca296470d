package demo

import (
	"bytes"
	"context"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rsc.io/qr"
)

// terminal is where the demo speaks to.
type terminal struct {
	mu   sync.Mutex
	text bytes.Buffer
	said chan struct{}
}

func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer func() {
		select {
		case t.said <- struct{}{}:
		default:
		}
	}()
	return t.text.Write(p)
}

// visitor is a person before the terminal with a browser on the workbench.
type visitor struct {
	t         *testing.T
	door      string
	workbench string
	boss      member
	said      string
}

// visit starts a demo and reads what the terminal says.
func visit(t *testing.T, folder string) *visitor {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out := &terminal{said: make(chan struct{}, 1)}
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Options{Folder: folder, Listen: "127.0.0.1:0", Workbench: "127.0.0.1:0", Out: out})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the demo ended with %v", err)
		}
	})
	select {
	case <-out.said:
	case err := <-ended:
		ended <- err
		t.Fatalf("the demo did not start: %v", err)
	}
	v := &visitor{t: t, said: out.text.String()}
	find := func(label string) string {
		found := regexp.MustCompile(`(?m)^  ` + label + ` +(\S+)$`).FindStringSubmatch(v.said)
		if found == nil {
			t.Fatalf("the terminal does not say %q:\n%s", label, v.said)
		}
		return found[1]
	}
	v.door, v.workbench = find("Sallyport"), find("Workbench")
	v.boss.UserName, v.boss.Password = find("Sign in as"), find("Password")
	return v
}

// bench is the workbench's page; with a version, as soon as there is something newer.
func (v *visitor) bench(after string) (page, version string) {
	v.t.Helper()
	resp, err := http.Get(v.workbench + "/" + after)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	found := regexp.MustCompile(`data-version="([0-9]+)"`).FindStringSubmatch(string(text))
	if resp.StatusCode != http.StatusOK || found == nil {
		v.t.Fatalf("the workbench answers %d: %s", resp.StatusCode, text)
	}
	return html.UnescapeString(string(text)), "?after=" + found[1]
}

// until waits for the workbench to show something.
func (v *visitor) until(what string, show func(page string) bool) string {
	v.t.Helper()
	deadline, cancel := context.WithTimeout(v.t.Context(), time.Minute)
	defer cancel()
	page, version := v.bench("")
	for !show(page) {
		if deadline.Err() != nil {
			v.t.Fatalf("the workbench never shows %s:\n%s", what, page)
		}
		page, version = v.bench(version)
	}
	return page
}

// digits are what the workbench's app shows for a user name.
func (v *visitor) digits(userName string) string {
	v.t.Helper()
	page, _ := v.bench("")
	found := regexp.MustCompile(`(?s)` + regexp.QuoteMeta(userName) + `</p>\s*<p class="digits">([0-9]{3}) ([0-9]{3})<`).FindStringSubmatch(page)
	if found == nil {
		v.t.Fatalf("the app shows no code of %s", userName)
	}
	return found[1] + found[2]
}

// member is a line of the team's table.
func (v *visitor) member(name string) member {
	v.t.Helper()
	page, _ := v.bench("")
	found := regexp.MustCompile(`(?s)<th scope="row">` + name + `.*?<td>(.*?)</td>\s*<td class="mono">(.*?)</td>`).FindStringSubmatch(page)
	if found == nil {
		v.t.Fatalf("%s is not on the workbench", name)
	}
	m := member{Password: found[2]}
	m.UserName = found[1]
	return m
}

func (v *visitor) browser() *browser {
	v.t.Helper()
	b, err := newBrowser(v.door, "visitor", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	if err != nil {
		v.t.Fatal(err)
	}
	return b
}

// photograph gives the workbench a picture of a QR code with text in it.
func (v *visitor) photograph(text string) {
	v.t.Helper()
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		v.t.Fatal(err)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("picture", "screenshot.png")
	if err != nil {
		v.t.Fatal(err)
	}
	file.Write(code.PNG())
	form.Close()
	r, err := http.NewRequest(http.MethodPost, v.workbench+"/keys", &body)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Request.URL.Query().Get("problem") != "" {
		v.t.Fatalf("the workbench answered %s", resp.Request.URL)
	}
}

var inputs = regexp.MustCompile(`<(?:input|option)\b[^>]*>|<select\b[^>]*>`)

// fields are the values of the form as the page shows them.
func fields(page string) url.Values {
	attribute := func(tag, name string) string {
		found := regexp.MustCompile(`\b` + name + `="([^"]*)"`).FindStringSubmatch(tag)
		if found == nil {
			return ""
		}
		return html.UnescapeString(found[1])
	}
	out, choice := url.Values{}, ""
	for _, tag := range inputs.FindAllString(page, -1) {
		name, kind := attribute(tag, "name"), attribute(tag, "type")
		switch {
		case strings.HasPrefix(tag, "<select"):
			choice = name
		case strings.HasPrefix(tag, "<option"):
			if strings.Contains(tag, " selected") {
				out.Set(choice, attribute(tag, "value"))
			}
		case name == "" || kind == "submit":
		case (kind == "radio" || kind == "checkbox") && !strings.Contains(tag, " checked"):
		default:
			out.Set(name, attribute(tag, "value"))
		}
	}
	return out
}

// The tour that the terminal proposes: three browsers turn red at Save, and the next sign-in sets the app up from a
// picture of the QR code.
func TestTour(t *testing.T) {
	v := visit(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	v.until("three browsers signed in", func(page string) bool { return strings.Count(page, `class="pane in"`) == 3 })
	v.until("the invitation", func(page string) bool { return strings.Contains(page, v.door+"/invitation/") })

	v.save(ctx, "app")
	red := v.until("three red browsers with their milliseconds", func(page string) bool {
		return strings.Count(page, `class="pane out"`) == 3 && strings.Count(page, " ms after Save") == 3
	})
	if strings.Count(red, "Mara Voss changed the second factor") != 3 {
		t.Errorf("the workbench does not say why:\n%s", red)
	}
	for _, found := range regexp.MustCompile(`([0-9.]+) ms after Save`).FindAllStringSubmatch(red, -1) {
		if ms, err := strconv.ParseFloat(found[1], 64); err != nil || ms <= 0 {
			t.Errorf("%s ms after Save", found[1])
		}
	}
	v.enrol(ctx, v.member("Sam Okafor"))
}

// save signs in as the Super Admin and gives Sam another method.
func (v *visitor) save(ctx context.Context, method string) {
	t := v.t
	t.Helper()
	admin := v.browser()
	if err := admin.signIn(ctx, v.boss, func(context.Context, time.Time) string { return v.digits(v.boss.UserName) }); err != nil {
		t.Fatal(err)
	}
	_, _, list, err := admin.ask(ctx, "/admin/technicians", nil)
	if err != nil {
		t.Fatal(err)
	}
	edit := regexp.MustCompile(`(?s)href="(/admin/technicians/[a-z2-7]{16})"[^>]*>(?:\s|<bdi>)*Sam Okafor`).FindStringSubmatch(list)
	if edit == nil {
		t.Fatalf("Sam is not in the list:\n%s", list)
	}
	_, _, page, err := admin.ask(ctx, edit[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	form := fields(regexp.MustCompile(`(?s)<form[^>]*action="` + edit[1] + `".*?</form>`).FindString(page))
	form.Set("method", method)
	if status, location, answer, err := admin.ask(ctx, edit[1], form); err != nil || status != http.StatusSeeOther {
		t.Fatalf("Save answered %d to %s, %v, form %v:\n%s", status, location, err, form, answer)
	}
}

// The browsers come in again as a person would, with the codes from the inbox.
func TestSignInAgain(t *testing.T) {
	v := visit(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	v.until("three browsers signed in", func(page string) bool { return strings.Contains(page, "3 of 3 signed in") })
	v.save(ctx, "email")
	v.until("three red browsers", func(page string) bool { return strings.Count(page, `class="pane out"`) == 3 })
	resp, err := http.Post(v.workbench+"/browsers", "application/x-www-form-urlencoded", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	v.until("three browsers signed in again", func(page string) bool { return strings.Contains(page, "3 of 3 signed in") })
}

// enrol signs somebody in and sets his app up on the workbench's phone.
func (v *visitor) enrol(ctx context.Context, sam member) {
	t := v.t
	t.Helper()
	own := v.browser()
	if _, _, _, err := own.ask(ctx, "/sign-in", nil); err != nil {
		t.Fatal(err)
	}
	_, location, _, err := own.ask(ctx, "/sign-in", url.Values{"user_name": {sam.UserName}, "password": {sam.Password}, "return": {"/"}})
	if err != nil {
		t.Fatal(err)
	}
	_, _, page, err := own.ask(ctx, location, nil)
	if err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`otpauth://[^"]+`).FindString(page)
	if address == "" {
		t.Fatalf("no key at the door:\n%s", page)
	}
	v.photograph(html.UnescapeString(address))
	if _, _, page, err = own.ask(ctx, "/sign-in/code", url.Values{"code": {v.digits(sam.UserName)}}); err != nil {
		t.Fatal(err)
	}
	if in, err := own.signedIn(ctx); !in || err != nil {
		t.Fatalf("not in: %v\n%s", err, page)
	}
	v.until("the notice of it", func(page string) bool { return strings.Contains(page, "A second factor was set up") })
}

// A technician with the method Text Message or Email finds his code on the workbench, and the invited one his address.
func TestSentCodesAndInvitation(t *testing.T) {
	v := visit(t, filepath.Join(t.TempDir(), "folder"))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for name, begins := range map[string]string{"Priya Shah": `([0-9]{6}) is your Northwind IT sign-in code`, "Ilya Novak": `(?m)^([0-9]{6})$`} {
		code := func(context.Context, time.Time) string {
			var found []string
			v.until("the code of "+name, func(page string) bool {
				found = regexp.MustCompile(begins).FindStringSubmatch(page)
				return found != nil
			})
			return found[1]
		}
		if err := v.browser().signIn(ctx, v.member(name), code); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	page := v.until("the invitation", func(page string) bool { return strings.Contains(page, v.door+"/invitation/") })
	link := regexp.MustCompile(`href="(` + regexp.QuoteMeta(v.door) + `/invitation/[A-Za-z0-9_-]{43})"`).FindStringSubmatch(page)
	if link == nil {
		t.Fatalf("the invitation cannot be followed:\n%s", page)
	}
	if status, _, answer, err := v.browser().ask(ctx, strings.TrimPrefix(link[1], v.door), nil); err != nil || status != http.StatusOK || !strings.Contains(answer, "new-password") {
		t.Errorf("the invitation answers %d, %v", status, err)
	}
}

func TestFolders(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "thesis.txt"), []byte("years of work"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), Options{Folder: full, Out: io.Discard}); err == nil {
		t.Error("a folder with something else in it was taken")
	}
	if _, err := os.Stat(filepath.Join(full, "thesis.txt")); err != nil {
		t.Error(err)
	}
	own := filepath.Join(t.TempDir(), "demo")
	for range 2 { // the second time starts over
		folder, remove, err := prepareFolder(own)
		if err != nil {
			t.Fatal(err)
		}
		left, err := os.ReadDir(folder)
		if err != nil || len(left) != 1 {
			t.Errorf("%v, %v", left, err)
		}
		if err := os.WriteFile(filepath.Join(folder, "sallyport.db"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := remove(); err != nil {
			t.Fatal(err)
		}
	}
	lock, err := os.Create(filepath.Join(own, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), Options{Folder: own, Out: io.Discard}); err == nil || !strings.Contains(err.Error(), "stop it first") {
		t.Errorf("beside a server that runs: %v", err)
	}
	if _, err := os.Stat(filepath.Join(own, "sallyport.db")); err != nil {
		t.Error("its database was emptied", err)
	}
	for _, o := range []Options{{Listen: "0.0.0.0:0"}, {Listen: "192.0.2.1:80"}, {Workbench: "0.0.0.0:0"}} {
		o.Out = io.Discard
		if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "loopback") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
