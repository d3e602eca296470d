package selfservice

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport"
)

var requestShown = regexp.MustCompile(`Request <span class="mono">([a-z2-7]{16})</span>`)

// TestFaultAtAForm: a form that could not be taken because the database is away comes back with words and the id of the
// request, under which the log has the cause. Where there is only a crowd, there is nothing to be looked up.
func TestFaultAtAForm(t *testing.T) {
	away, busy := sallyport.ErrUnavailable.Because(errors.New("nothing listens")), sallyport.E(sallyport.Unavailable, "busy", "A crowd.").After(time.Second)
	for _, form := range []struct {
		path   string
		fields url.Values
	}{
		{"/sign-in", url.Values{"user_name": {"dana"}, "password": {"plum harbor"}}},
		{"/sign-in/code", url.Values{"code": {"123456"}}},
		{"/me/password", url.Values{"old_password": {"plum harbor"}, "password": {"plum harbor 42 violet"}}},
		{"/forgotten", url.Values{"user_name": {"dana"}}},
	} {
		for refused, told := range map[error]bool{away: true, busy: false} {
			d := newDoor(t)
			d.live, d.err = form.path == "/me/password", refused
			r := d.ask("POST", form.path, form.fields, signInCookie, token(), sessionCookie, token())
			d.wants(r, 503, "")
			page := d.says(r, "<form", `id="problem"`)
			shown := requestShown.FindStringSubmatch(page)
			if (shown != nil) != told {
				t.Errorf("%s, %v: a request's id is shown: %v", form.path, refused, shown != nil)
			}
			log := d.log.String()
			if told && (!strings.Contains(log, "request_id="+shown[1]) || strings.Count(log, "nothing listens") != 1 || !strings.Contains(log, "level=ERROR")) {
				t.Errorf("%s: the log does not say why:\n%s", form.path, log)
			}
		}
	}
}

// TestWhatIsForThePage: what its reader can do something about comes back on the page of the form, each with its status. A fault
// does not, and neither does a proof that is too old.
func TestWhatIsForThePage(t *testing.T) {
	form := url.Values{"old_password": {"plum harbor"}, "password": {"plum harbor 42 violet"}}
	for kind, status := range map[sallyport.Kind]int{sallyport.Invalid: 422, sallyport.Forbidden: 403, sallyport.Conflict: 409, sallyport.TooMany: 429,
		sallyport.Unavailable: 503, sallyport.Internal: 500} {
		d := newDoor(t)
		d.live, d.err = true, sallyport.E(kind, "any", "This is why.")
		r := d.ask("POST", "/me/password", form, sessionCookie, token())
		d.wants(r, status, "")
		if page := d.says(r, "This is why."); strings.Contains(page, "<form") == (kind == sallyport.Internal) {
			t.Errorf("%v:\n%s", kind, page)
		}
	}
	d := newDoor(t)
	d.live, d.err = true, sallyport.ErrStepUp
	d.wants(d.ask("POST", "/me/password", form, sessionCookie, token()), 303, "/confirm")
}

// TestFormsAreShort: no form of the door takes more than a name, an address and a password need.
func TestFormsAreShort(t *testing.T) {
	d := newDoor(t)
	d.live = true
	for _, route := range d.site.Routes() {
		if route.Method != "POST" {
			continue
		}
		path := strings.NewReplacer("{token}", token(), "{id}", strings.Repeat("02", 32)).Replace(route.Pattern)
		d.wants(d.ask("POST", path, url.Values{"password": {strings.Repeat("x", maxForm)}}, sessionCookie, token(), signInCookie, token()), 413, "")
	}
	if len(d.asked) != 0 {
		t.Errorf("asked %v", d.asked)
	}
}
