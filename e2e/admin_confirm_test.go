package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/store"
	"sallyport/internal/testkit/browser"
	"sallyport/internal/testkit/team"
)

// TestSaveAsksAgainAndNothingIsLost: Mara proved who she is twenty minutes ago. Save asks for her app once more, and
// then has what she typed.
func TestSaveAsksAgainAndNothingIsLost(t *testing.T) {
	var mara team.Member
	token := sallyport.NewToken()
	n := newNorthwind(t, func(ctx context.Context, f *team.Folder) {
		members, err := f.Add(ctx, team.Spec{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}, danaSpec)
		if err != nil {
			t.Fatal(err)
		}
		mara = members[0]
		hash, _ := token.Hash()
		now := time.Now()
		err = f.DB.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.CreateSession(ctx, sallyport.Session{Hash: hash, Technician: mara.ID, Generation: mara.Generation, Method: "app", Address: "127.0.0.1", Browser: "Chrome on Linux",
				CreatedAt: now.Add(-time.Hour), UsedAt: now, ProvedAt: now.Add(-20 * time.Minute), ExpiresAt: now.Add(time.Hour)}, 0)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	p := browser.New(t).Page()
	p.Open(n.URL + "/sign-in")
	port := n.URL[strings.LastIndexByte(n.URL, ':')+1:]
	browser.Eval[string](p, `document.cookie = "sallyport-`+port+`=`+token.Reveal()+`; path=/"`)
	p.Open(n.URL + "/admin/technicians")
	p.Click("dana Team")
	p.Fill("Last name", "Reyes")
	p.Check("Send Verification Code via Email")
	p.WaitText("Before it is saved, you are asked once more who you are.")
	p.Click("Save and sign out")
	p.WaitURL("/confirm?return=%2Fadmin%2Fresume%2F" + resumeID(p))
	p.Fill("6-digit code from the app", mara.Digits(time.Now()))
	p.Press("Enter")
	p.WaitText("Your change is not saved yet")
	p.WaitText("Reyes")
	inspect(t, p)
	p.Click("Save now")
	p.WaitText("Saved. dana was signed in nowhere")
	if p.Value("Last name") != "Reyes" {
		t.Error("what was typed is lost")
	}
}

// resumeID is the last part of the address that the page has.
func resumeID(p *browser.Page) string {
	p.WaitText("Confirm")
	url := p.URL()
	return url[strings.LastIndex(url, "%2F")+3:]
}
