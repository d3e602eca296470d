package attack

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"sallyport/internal/control"
	"sallyport/internal/testkit/database"
	"sallyport/internal/testkit/postgres"
)

const databaseName = "whole_life"

// TestD3_8: a whole life at debug level, with servers behind that fail and repeat what they were sent. Then no code,
// key, password, token or cookie stands in logs, addresses, metrics, exports, the database's files or a backup, in any
// spelling. D3.9 is looked at on the way, at every QR code.
func TestD3_8(t *testing.T) {
	h := newHouse(t)
	h.kept = &canaries{}
	r := &run{house: h, appKeys: map[string]string{}, passwords: map[string]string{}, recoveries: map[string][]string{}}
	if database.OnPostgres() { // of its own, for all its files are searched
		r.server = postgres.Start(t)
		h.check(r.server.Exec("postgres", "CREATE DATABASE "+databaseName))
		h.database, h.databaseAhead = r.server.URL(databaseName), nil
	}
	h.serve(nil)
	r.firstDay()
	r.gatewaysByForm()
	emil := r.everyMethod()
	r.misfortune()
	r.lost()
	r.ownChanges(emil)
	r.search()
}

// firstDay is the set-up of the first Super Admin.
func (r *run) firstDay() {
	first, made, err := r.app.FirstLink(r.t.Context())
	r.check(err)
	if !made {
		r.t.Fatal("there is no first set-up address")
	}
	r.mara = r.browser()
	token := r.link(first[strings.LastIndexByte(first, '/')+1:])
	r.newPassword(r.mara, "mara", "/set-up/"+token, "first_name", "Mara", "last_name", "Team", "email", "mara@northwind.example", "user_name", "").
		wants(http.StatusSeeOther, "/sign-in/code")
	r.enrolApp(r.mara, "mara")
}

// parrot is the address of a server that says again what it was told first, and hangs up.
func parrot(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			told := make([]byte, 1<<10)
			n, _ := c.Read(told)
			_, _ = c.Write(told[:n])
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

// gatewaysByForm saves drafts with secrets, which fail, and then those that work.
func (r *run) gatewaysByForm() {
	host, port, _ := net.SplitHostPort(r.mail.address)
	secret := func(what string) string {
		s := "canary-" + what + "-7f3a9b2c"
		r.kept.know("gateway secret", s)
		return s
	}
	server := []string{"kind", "smtp", "host", host, "port", port, "sender", "door@northwind.example", "sender_name", ""}
	draft := func(path string, pairs ...string) {
		r.t.Helper()
		r.mara.get(r.mara.post(path, pairs...).at()).says("Saved as a draft.")
	}
	draft("/admin/email", append(server, "tls", "starttls", "user", "door", "password", secret("smtp"))...)
	r.mara.post("/admin/email/test", "to", "mara@northwind.example")
	draft("/admin/email", append(server, "tls", "none", "user", "", "password", "")...)
	r.mara.post("/admin/email/test", "to", "mara@northwind.example").wants(http.StatusSeeOther, "/admin/email#code")
	r.mara.post("/admin/email/confirm", "code", r.sent(&r.mail.post, 0))
	r.mara.get("/admin/email").says("proved")

	sid := "AC0123456789abcdef0123456789abcdef"
	draft("/admin/sms", "kind", "twilio", "account_sid", sid, "auth_token", secret("twilio"), "from", "+15551230000", "service", "", "url", r.texts.URL)
	r.texts.answers(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(r.Header.Get("Authorization")))
	})
	r.mara.post("/admin/sms/test", "to", "+12125550199")
	draft("/admin/sms", "kind", "vonage", "api_key", "0123abcd", "api_secret", secret("vonage"), "from", "Northwind", "url", r.texts.URL)
	r.mara.post("/admin/sms/test", "to", "+12125550199")
	draft("/admin/sms", "kind", "kannel", "url", r.texts.URL+"/cgi-bin/sendsms", "user", "door", "password", secret("kannel"), "from", "Northwind")
	r.mara.post("/admin/sms/test", "to", "+12125550199")
	host, port, _ = net.SplitHostPort(parrot(r.t))
	draft("/admin/sms", "kind", "smpp", "host", host, "port", port, "tls", "none", "system_id", "door", "password", secret("smpp"), "system_type", "", "sender", "Northwind")
	r.mara.post("/admin/sms/test", "to", "+12125550199")
	r.texts.answers(nil)
	for _, text := range r.texts.all() { // what the failing ones were sent is a secret as well
		for _, found := range regexp.MustCompile(`\b\d{6}\b`).FindAllString(text, -1) {
			r.kept.know("test code", found)
		}
	}
	seen := len(r.texts.matching(code))
	draft("/admin/sms", "kind", "http", "url", r.texts.URL, "method", "POST", "headers", "Authorization: Bearer "+secret("http"), "format", "json",
		"body", `{"to":"{to}","text":"{text}"}`, "from", "", "ok_text", "", "bad_text", "")
	r.mara.post("/admin/sms/test", "to", "+12125550199")
	r.mara.post("/admin/sms/confirm", "code", r.sent(&r.texts.post, seen))
	r.mara.get("/admin/sms").says("proved")
}

// everyMethod invites one technician of each method, and signs them in again with wrong and right codes. It returns the
// browser of the one with Email.
func (r *run) everyMethod() *browser {
	dana := r.invite("dana", "app", "")
	r.enrolApp(dana, "dana")
	dana.post("/sign-out")
	mails := len(r.mail.matching(code))
	emil := r.invite("emil", "email", "")
	r.finish(emil, "emil", r.sent(&r.mail.post, mails))
	emil.post("/sign-out")
	texts := len(r.texts.matching(code))
	tess := r.invite("tess", "text", "+1 212 555 0107")
	r.finish(tess, "tess", r.sent(&r.texts.post, texts))
	tess.post("/sign-out")

	for who, p := range map[string]*post{"emil": &r.mail.post, "tess": &r.texts.post} {
		seen := len(p.matching(code))
		b := r.signIn(who)
		digits := r.sent(p, seen)
		r.kept.know("wrong code", wrongFor(digits))
		b.post("/sign-in/code", "code", wrongFor(digits)).wants(http.StatusUnprocessableEntity, "")
		b.post("/sign-in/code", "code", digits).wants(http.StatusSeeOther, "/me")
		if who == "emil" {
			emil = b
		}
	}
	return emil
}

// misfortune: a password typed as the user name, a wrong one, and servers that repeat the code in what they refuse.
func (r *run) misfortune() {
	typed := "a canary that was typed too fast"
	r.kept.know("password typed as a name", typed)
	b := r.browser()
	b.password(typed, typed).wants(http.StatusUnprocessableEntity, "")
	b.password("dana@northwind.example", typed).wants(http.StatusUnprocessableEntity, "")
	b.get("/sign-in?return=/me&password=" + "canary-in-an-address")
	r.kept.know("password in an address", "canary-in-an-address")

	r.texts.answers(func(w http.ResponseWriter, _ *http.Request) {
		list := r.texts.all()
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(list[len(list)-1]))
	})
	seen := len(r.texts.matching(code))
	r.signIn("tess")
	r.sent(&r.texts.post, seen)
	r.texts.answers(nil)
	r.mail.taken(func() error {
		list := r.mail.all()
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "spam: " + strings.ReplaceAll(list[len(list)-1], "\n", " ")}
	})
	seen = len(r.mail.matching(code))
	r.signIn("emil")
	r.sent(&r.mail.post, seen)
	r.mail.taken(nil)
	r.eventually("both failures are known", func() bool {
		return len(r.mara.events("signin.code.failed"))+len(r.mara.events("signin.code.sent")) >= 6
	})
}

// lost: a forgotten password, a lost phone, a recovery code, and an administrator who must be rescued.
func (r *run) lost() {
	b := r.browser()
	b.post("/forgotten", "user_name", "dana@northwind.example").wants(http.StatusSeeOther, "/forgotten/sent")
	r.newPassword(b, "dana", "/reset/"+r.nextLink()).wants(http.StatusSeeOther, "/sign-in?why=reset")
	b = r.signIn("dana")
	b.post("/sign-in/recovery", "code", r.recoveries["dana"][0])
	if !b.live() {
		r.t.Fatal("the recovery code does not let in")
	}
	reset := r.mara.post("/admin/technicians/"+r.idOf("dana")+"/reset", "reason", "lost phone").wants(http.StatusOK, "")
	enrolment := reset.find(`id="secret"[^>]*>([^<]+)<`)
	r.kept.know("enrolment code", enrolment, strings.NewReplacer(" ", "", "-", "").Replace(enrolment))
	b = r.signIn("dana")
	b.post("/sign-in/enrolment-code", "code", enrolment).wants(http.StatusSeeOther, "/sign-in/code")
	r.enrolApp(b, "dana")
	help := r.signIn("tess")
	help.post("/sign-in/help", "note", "my phone is in the sea").wants(http.StatusOK, "")

	var rescue control.Link
	r.check(r.host.Call(r.t.Context(), "rescue", control.User{User: "mara@northwind.example"}, &rescue))
	token := r.link(rescue.Link[strings.LastIndexByte(rescue.Link, '/')+1:])
	r.mara = r.browser()
	r.newPassword(r.mara, "mara", "/rescue/"+token).wants(http.StatusSeeOther, "/sign-in/code")
	r.enrolApp(r.mara, "mara")
}

func (r *run) idOf(userName string) string {
	r.t.Helper()
	return r.mara.get("/admin/technicians?q=" + userName).find(`/admin/technicians/([a-z0-9]{16})`)
}

// ownChanges are those of a technician who is signed in.
func (r *run) ownChanges(b *browser) {
	next := "canary emil chose a longer way home"
	r.kept.know("own new password", next)
	b.post("/me/password", "old_password", r.passwords["emil"], "password", next).wants(http.StatusSeeOther, "/me?done=password")
	r.takeRecovery("emil", b.post("/me/recovery-codes"))
}

// search looks for every secret in all that is left.
func (r *run) search() {
	t := r.t
	live := r.mara.session()
	places := map[string][]byte{}
	for _, path := range []string{"/admin/audit.csv", "/admin/audit.jsonl", "/admin/audit", "/admin/sessions", "/admin/technicians", "/admin/invitations", "/admin/help",
		"/admin/resets", "/admin/email", "/admin/email?edit=yes", "/admin/sms", "/admin/sms?edit=yes", "/admin/technicians/" + r.idOf("dana"), "/me", "/sign-in/code"} {
		a := r.mara.get(path)
		places[path] = []byte(a.Body)
		if a.Status != http.StatusOK && path != "/sign-in/code" {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
	places["metrics"] = []byte(strings.Join(r.operations("/metrics"), "\n"))
	traces := r.copies(places)
	places["log"] = []byte(r.log.String())
	places["headers and addresses"] = []byte(strings.Join(r.kept.headers, "\n"))
	all := r.kept.search()
	for name, place := range places {
		for _, leak := range all.leaks(place) {
			t.Errorf("%s holds the %s", name, leak)
		}
	}
	if n := len(r.kept.secrets); n < 80 {
		t.Errorf("only %d secrets were collected: the run was not whole", n)
	}
	// The places are the right ones: each holds what it must.
	raw, _ := base64.RawURLEncoding.DecodeString(live)
	hash := sha256.Sum256(raw)
	for name, place := range traces {
		if !bytes.Contains(place, hash[:]) && !bytes.Contains(place, fmt.Appendf(nil, "%x", hash)) {
			t.Errorf("%s holds no trace of a live session: it is not the database", name)
		}
	}
	for place, words := range map[string]string{"log": "/invitation/[token]", "metrics": "POST /sign-in/code", "/admin/audit.jsonl": "signin.recovery.used",
		"headers and addresses": "/sign-in/code"} {
		if !bytes.Contains(places[place], []byte(words)) {
			t.Errorf("%s does not hold %q", place, words)
		}
	}
}

// copies are the backup and all files, while it runs and when it has stopped. It returns two that are the whole database.
func (r *run) copies(places map[string][]byte) map[string][]byte {
	var backup bytes.Buffer
	if r.server == nil {
		r.check(r.host.Backup(r.t.Context(), &backup))
		places["backup"] = backup.Bytes()
		r.files(places, "while it runs: ", r.data)
		r.stop()
		r.files(places, "stopped: ", r.data)
		return map[string][]byte{"the backup": places["backup"], "the file": places["stopped: "+filepath.Join(r.data, "sallyport.db")]}
	}
	dump := filepath.Join(r.server.Folder, "dump")
	r.check(r.server.Run("pg_dump", "-h", r.server.Folder, "-p", strconv.Itoa(r.server.Port), "-U", "test", "-f", dump, databaseName))
	r.files(places, "while it runs: ", r.data)
	r.stop()
	r.server.Down()
	r.files(places, "stopped: ", r.data)
	r.files(places, "the database's server: ", r.server.Folder) // tables, log of writes, dump, and what it logged
	var writes []byte
	for name, content := range places {
		if strings.Contains(name, "/pg_wal/") {
			writes = append(writes, content...)
		}
	}
	return map[string][]byte{"the dump": places["the database's server: "+dump], "the log of writes": writes}
}

// others are the databases that PostgreSQL makes for itself: theirs are the numbers below 16384.
var others = regexp.MustCompile(`/base/(\d{1,4}|1[0-5]\d{3})$`)

// files reads a folder, the key itself excepted.
func (r *run) files(places map[string][]byte, when, folder string) {
	r.check(filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if others.MatchString(path) {
			return fs.SkipDir
		}
		if err != nil || !e.Type().IsRegular() || e.Name() == "key" {
			return err
		}
		if places[when+path], err = os.ReadFile(path); errors.Is(err, fs.ErrNotExist) {
			return nil // the server's copy of a backup, which goes when it was handed over
		}
		return err
	}))
}
