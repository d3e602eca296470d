package attack

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/testkit/team"
)

// TestTimeToRefusal: the page after Save says after how long everything older was refused, and the metrics hold it; an
// act that signs nobody out leaves no trace there.
func TestTimeToRefusal(t *testing.T) {
	var dana team.Member
	h, mara, _ := staffed(t, sallyport.MethodApp, plan{people: func(f *team.Folder) {
		dana = add(t, f, "dorothea", sallyport.ReadOnlyTechnician, sallyport.MethodApp)
		signedIn(t, f, dana)
	}})
	measured := func() string {
		t.Helper()
		answer, err := http.Get(h.app.OperationsURL() + "/metrics")
		h.check(err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		h.check(err)
		for line := range strings.Lines(string(text)) {
			if n, found := strings.CutPrefix(line, "sallyport_refusal_seconds_count "); found {
				return strings.TrimSpace(n)
			}
		}
		return "nothing"
	}
	mara.get(mara.saveMethod(dana, sallyport.MethodEmail).at()).says("Refused everywhere after ")
	if n := measured(); n != "1" {
		t.Errorf("measured %s times", n)
	}
	mara.get(mara.saveMethod(dana, sallyport.MethodEmail).at()).says("nobody was signed out")
	if n := measured(); n != "1" {
		t.Errorf("after a Save of nothing: %s times", n)
	}
	mara.get(mara.post("/admin/technicians/" + string(dana.ID) + "/sign-out").at()).says("signed in nowhere")
	if n := measured(); n != "2" {
		t.Errorf("after Sign out everywhere: %s times", n)
	}
}
