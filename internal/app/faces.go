package app

import (
	"context"

	"sallyport/internal/selfservice"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// addFaces puts every page into the route table. The function it answers with ends what the faces have begun.
func addFaces(c *core, site *web.Site, pages *view.Renderer) (closeFaces func()) {
	door := selfservice.New(selfservice.Options{UseCases: c.session, Pages: pages, Cookies: site.Cookies(),
		Organisation: func(ctx context.Context) string { return c.organisation(ctx) }, Now: c.now})
	site.Add(door.Routes()...)
	return func() {}
}

// Pages that every other page may send people to.
const (
	signInPath = "/sign-in"
	stepUpPath = "/confirm"
)
