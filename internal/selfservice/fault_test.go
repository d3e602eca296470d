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
