package app

import (
	"sallyport/internal/console"
	"sallyport/internal/selfservice"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// addFaces puts every page into the route table. The function it answers with ends what the faces have begun.
func addFaces(c *core, site *web.Site, pages *view.Renderer) (closeFaces func()) {
	door := selfservice.New(selfservice.Options{UseCases: c.session, Pages: pages, Cookies: site.Cookies(),
		House: c.house, Logo: c.logo, Now: c.now})
	site.Add(door.Routes()...)
	o := console.Options{Accounts: c.account, Gateways: c.delivery, Ledger: c.ledger, Pages: pages, StepUp: stepUpPath, Now: c.now}
	if c.db.Shared() {
		o.Keeper = cupboard{c}
	}
	desk := console.New(o)
	site.Add(desk.Routes()...)
	return desk.Close
}

// Pages that every other page may send people to.
const (
	signInPath = "/sign-in"
	stepUpPath = "/confirm"
)
