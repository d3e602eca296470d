package e2e

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"sallyport"
	"sallyport/internal/testkit/browser"
	"sallyport/internal/testkit/team"
)

// office is northwind with Mara, its Super Admin, at her desk in a browser.
type office struct {
	*northwind
	desk   *browser.Page
	mara   team.Member
	others []team.Member
}

// newOffice starts the server with Mara, and a second Super Admin, and whoever else works there.
func newOffice(t *testing.T, more ...team.Spec) *office {
	t.Helper()
	o := &office{}
	specs := append([]team.Spec{{Name: "mara", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}, {Name: "otto", Role: sallyport.SuperAdmin, Method: sallyport.MethodApp}}, more...)
	o.northwind = newNorthwind(t, func(ctx context.Context, f *team.Folder) {
		members, err := f.Add(ctx, specs...)
		if err != nil {
			t.Fatal(err)
		}
		o.mara, o.others = members[0], members[2:]
	})
	o.desk = o.signIn(o.mara)
	return o
}

// signIn opens a browser of somebody with an app, and signs him in.
func (o *office) signIn(m team.Member) *browser.Page {
	o.t.Helper()
	p := browser.New(o.t).Page()
	o.signInOn(p, m)
	return p
}

func (o *office) signInOn(p *browser.Page, m team.Member) {
	o.t.Helper()
	p.Open(o.URL + "/sign-in?return=%2Fadmin")
	p.Fill("User name", m.UserName)
	p.Fill("Password", team.Password)
	p.Click("Continue")
	if m.Key == "" {
		return
	}
	p.WaitText("Type the code from your app")
	p.Fill("6-digit code from the app", m.Digits(time.Now()))
	p.Click("Sign in")
	p.WaitText("Few recovery codes left") // nobody here was given any
	p.Click("Not now")
	p.WaitURL("/admin/technicians")
}

// bare starts the server on an empty folder, with a mail server and a phone network that nobody has told it of yet.
func bare(t *testing.T) (n *northwind, mailHost, mailPort, phones string) {
	t.Helper()
	n = &northwind{t: t, mails: newPost(t), texts: newPost(t)}
	host, port, err := net.SplitHostPort(n.mailServer())
	n.check(err)
	phones = n.phoneNetwork()
	n.serve(filepath.Join(t.TempDir(), "data"))
	return n, host, port, phones
}

// inspect looks at a page as it stands: axe finds nothing, and it is not wider than a telephone.
func inspect(t *testing.T, p *browser.Page) {
	t.Helper()
	for _, v := range p.Axe() {
		t.Errorf("%s: %s", p.URL(), v)
	}
	p.View(390, true)
	if p.TooWide() {
		t.Errorf("%s: wider than a telephone", p.URL())
	}
	p.View(1280, false)
}
