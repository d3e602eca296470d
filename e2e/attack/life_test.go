package attack

import (
	"net/http"
	"regexp"
	"strings"

	"sallyport/internal/testkit/postgres"
	"sallyport/internal/testkit/team"
)

var oneUse = regexp.MustCompile(`http://localhost:\d+/(?:invitation|reset|rescue)/([A-Za-z0-9_-]{43})`)

// run is a whole life of one installation, whose secrets are all known.
type run struct {
	*house
	server     *postgres.Server // nil: SQLite
	mara       *browser
	mailed     int // links that were taken from the post
	appKeys    map[string]string
	passwords  map[string]string
	recoveries map[string][]string
}

// link notes the token of a link.
func (r *run) link(token string) string { r.kept.know("link", token); return token }

// nextLink is the next link that an email holds.
func (r *run) nextLink() string {
	r.t.Helper()
	token := r.mail.next(r.house, oneUse, r.mailed)
	r.mailed++
	return r.link(token)
}

// newPassword makes a password and types it into the form of a link.
func (r *run) newPassword(b *browser, who, path string, more ...string) answer {
	r.t.Helper()
	b.get(path).wants(http.StatusOK, "")
	r.passwords[who] = "canary of " + path[1:4] + who + " with 9 quiet feathers"
	r.kept.know("password of "+who, r.passwords[who])
	return b.post(path, append([]string{"password", r.passwords[who]}, more...)...)
}

// enrolApp sets up the app on the page that is shown, and takes the recovery codes.
func (r *run) enrolApp(b *browser, who string) {
	r.t.Helper()
	page := b.get("/sign-in/code").wants(http.StatusOK, "")
	key := page.find(`data-copy="([A-Z2-7]{32})"`)
	r.kept.know("app key of "+who, key)
	r.noSecretAddress(page, key)
	r.appKeys[who] = key
	tab := b.twin()
	confirmed := r.finish(b, who, r.digits(who, 0))
	r.neverAgain(key, confirmed, tab.get("/sign-in/code"), b.get("/sign-in/code"), b.get("/me"), b.get("/me/phone"))
}

// neverAgain is D3.5: what is answered once a key is confirmed, to whoever confirmed it and in a tab that was left open,
// does not hold it in any form.
func (r *run) neverAgain(key string, answers ...answer) {
	r.t.Helper()
	only := &canaries{}
	only.know("key", key)
	all := only.search()
	for _, a := range answers {
		if list := all.leaks([]byte(a.Body)); len(list) > 0 || a.Status >= 500 {
			r.t.Errorf("D3.5: %s (%d) holds the %v", a.what, a.Status, list)
		}
	}
}

// noSecretAddress is D3.9: the QR code stands inline on a page that is not stored, and no address that a browser would
// ask for holds the key.
func (r *run) noSecretAddress(page answer, key string) {
	r.t.Helper()
	if page.Header.Get("Cache-Control") != "no-store" || !strings.Contains(page.Body, "<svg") {
		r.t.Errorf("D3.9: the QR code is not inline, or the page may be stored: %q", page.Header)
	}
	for _, found := range regexp.MustCompile(`(?:href|src|action|data-[a-z]+|srcset|url)\s*=\s*"([^"]*)"`).FindAllStringSubmatch(page.Body, -1) {
		address := found[1]
		if strings.Contains(address, key) && address != key && !strings.HasPrefix(address, "otpauth://") {
			r.t.Errorf("D3.9: the key stands in the address %q", address)
		}
	}
	if strings.Contains(page.Body, "<img") {
		r.t.Error("D3.9: the page asks for a picture")
	}
}

// finish gives a code that ends a set-up, takes the recovery codes from the page that it leads to, and returns it.
func (r *run) finish(b *browser, who, digits string) answer {
	r.t.Helper()
	r.kept.know("code of "+who, digits)
	page := b.post("/sign-in/code", "code", digits)
	r.takeRecovery(who, page)
	if !b.live() {
		r.t.Fatalf("%s is not in", who)
	}
	return page
}

func (r *run) takeRecovery(who string, a answer) {
	r.t.Helper()
	a.wants(http.StatusOK, "")
	list := regexp.MustCompile(`<li>([A-Z0-9 -]{26,})</li>`).FindAllStringSubmatch(a.Body, -1)
	if len(list) != 10 {
		r.t.Fatalf("%d recovery codes on %s", len(list), a.words())
	}
	r.recoveries[who] = nil
	for _, found := range list {
		r.recoveries[who] = append(r.recoveries[who], found[1])
		r.kept.know("recovery code of "+who, found[1], strings.NewReplacer(" ", "", "-", "").Replace(found[1]))
	}
}

// digits are what an app shows, some half minutes from the server's now.
func (r *run) digits(who string, steps int) string {
	return team.Member{Key: r.appKeys[who]}.Digits(half(steps))
}

// sent waits for the next code in the post.
func (r *run) sent(p *post, seen int) string {
	r.t.Helper()
	digits := p.next(r.house, code, seen)
	r.kept.know("sent code", digits)
	return digits
}

// invite adds a technician as Mara, and accepts as him.
func (r *run) invite(who, method string, phone string) *browser {
	r.t.Helper()
	r.mara.post("/admin/technicians/new", "first_name", who, "last_name", "Team", "email", who+"@northwind.example", "user_name", "", "phone", phone,
		"role", "read-only", "method", method)
	b := r.browser()
	r.newPassword(b, who, "/invitation/"+r.nextLink()).wants(http.StatusSeeOther, "/sign-in/code")
	return b
}

func (r *run) signIn(who string) *browser {
	r.t.Helper()
	b := r.browser()
	b.password(who+"@northwind.example", r.passwords[who]).wants(http.StatusSeeOther, "/sign-in/code")
	return b
}
