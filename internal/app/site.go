package app

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// readPages begins to read the pages' templates, beside the opening of the database. It answers with how to wait for them.
func readPages() func() (*view.Renderer, error) {
	pages := sync.OnceValues(view.New)
	go func() { _, _ = pages() }()
	return pages
}

// newSite puts the faces onto the ground.
func newSite(c *core, ops *operations, pages *view.Renderer) (*web.Site, func(), error) {
	site, err := web.New(web.Options{
		Public: c.public, Log: c.log, Proxies: c.cfg.Proxies(), OnlyProxies: c.cfg.OnlyProxies(), PerSecond: c.cfg.RequestsPerSecond,
		Identify: c.identify, Check: c.session.Check, ErrorPage: errorPage(c, pages), SignIn: signInPath, StepUp: stepUpPath, Observe: ops.observe,
	})
	if err != nil {
		return nil, nil, err
	}
	site.Add(web.Route{Method: http.MethodGet, Pattern: view.AssetsPath + "{file}", Needs: web.Anyone, Handler: assets(pages)})
	closeFaces := addFaces(c, site, pages)
	ops.watch(site)
	return site, closeFaces, nil
}

// identify finds who is signed in, for every route that needs somebody.
func (c *core) identify(ctx context.Context, t sallyport.Token) (web.Visitor, error) {
	actor, technician, err := c.session.Actor(ctx, t, sallyport.Client{})
	if err != nil {
		return web.Visitor{}, err
	}
	role, ok := sallyport.RoleByID(technician.Role)
	if !ok {
		return web.Visitor{}, sallyport.ErrForbidden
	}
	return web.Visitor{Technician: technician, Role: role,
		Session: sallyport.Session{Hash: actor.Session, Technician: technician.ID, Generation: technician.Generation, ProvedAt: actor.ProvedAt, ExpiresAt: actor.EndsAt}}, nil
}

func assets(pages *view.Renderer) web.Handler {
	files := pages.Assets()
	return func(w http.ResponseWriter, r *http.Request) error {
		if !pages.HasAsset(r.URL.Path) {
			return sallyport.ErrNotFound // with a request id, as everywhere
		}
		files.ServeHTTP(w, r)
		return nil
	}
}

// errorPage draws what no page of a face answers.
func errorPage(c *core, pages *view.Renderer) web.ErrorPage {
	return func(w io.Writer, f web.Failure) error {
		p := view.ErrorPage{Heading: headings[f.Status], Text: f.Message}
		p.Organisation, _ = c.house(context.Background())
		p.RequestID = f.RequestID
		if p.Heading == "" {
			p.Heading = "This did not work"
		}
		switch {
		case f.Code == sallyport.ErrUnavailable.Code:
			p.Text = away(f.Acted)
		case p.Text == p.Heading+".":
			p.Text = "Perhaps the address is mistyped, or what it led to is gone."
		}
		switch f.Status {
		case http.StatusMisdirectedRequest:
			p.Back = f.Public + "/"
		case http.StatusMethodNotAllowed:
			p.Text = "This address takes what a form sends, and shows nothing by itself."
			p.Back, p.Above = f.Again, f.Again != "/"
		case http.StatusServiceUnavailable, http.StatusTooManyRequests:
			p.Back, p.Again = f.Again, true
		}
		page, err := pages.Bytes(p)
		if err == nil {
			_, err = w.Write(page)
		}
		return err
	}
}

// away says what to do while the database, say, does not answer. Where somebody wanted something done, it may have been: the
// answer can get lost on its way from the database to here.
func away(acted bool) string {
	text := "Something that it needs does not answer. Please try again in a moment. Whoever is signed in stays signed in."
	if acted {
		text += " What you sent may or may not have been done: look before you send it again."
	}
	return text
}

var headings = map[int]string{
	http.StatusForbidden:           "You may not do this",
	http.StatusNotFound:            "There is nothing here",
	http.StatusMethodNotAllowed:    "This cannot be done here",
	http.StatusConflict:            "Somebody was faster",
	http.StatusGone:                "This is over",
	http.StatusMisdirectedRequest:  "Sallyport lives at another address",
	http.StatusTooManyRequests:     "Please wait a moment",
	http.StatusInternalServerError: "Something went wrong on our side",
	http.StatusServiceUnavailable:  "Sallyport cannot do this right now",
}

// lookTime bounds the look at the organisation's name and logo: a page must come even when the database hangs.
const lookTime = 800 * time.Millisecond

// house is the name at the door with the logo, or the name that was read last, alone, where they cannot be read: nobody is
// kept from signing in by a picture.
func (c *core) house(ctx context.Context) (string, *account.Logo) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	name, logo, err := c.account.House(ctx)
	if err == nil {
		c.named.Store(&name)
		return name, logo
	}
	if known := c.named.Load(); known != nil {
		return *known, nil
	}
	return sallyport.DefaultSettings().Organisation, nil
}

// logo is the picture beside that name, nil where there is none.
func (c *core) logo(ctx context.Context) (*account.Logo, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	return c.account.Logo(ctx)
}
