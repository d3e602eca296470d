package attack

import (
	"regexp"
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
	measured := func() string { t.Helper(); return h.measured("sallyport_refusal_seconds_count") }
	a := mara.get(mara.saveMethod(dana, sallyport.MethodEmail).at())
	if !regexp.MustCompile(`Everything older was refused (everywhere|on \d of 2 servers) after (less than )?\d+ ms`).MatchString(a.words()) {
		t.Errorf("the page after Save does not say how long it took: %s", a.words())
	}
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
