package selfservice

import (
	"context"
	"net/http"
	"strconv"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

// picture is the logo as pages show it. Where it cannot be had, the organisation's letter stands in its place: nobody
// is kept from signing in by a picture.
func (f *Face) picture(ctx context.Context) *view.Picture {
	logo, err := f.organisationLogo(ctx)
	if err != nil || logo == nil {
		return nil
	}
	return &view.Picture{Address: logo.Address(), Width: logo.Width, Height: logo.Height}
}

func (f *Face) organisationLogo(ctx context.Context) (*account.Logo, error) {
	if f.logo == nil {
		return nil, nil
	}
	return f.logo(ctx)
}

// serveLogo answers with the picture. Its address changes with its content, so that browsers may keep it.
func (f *Face) serveLogo(w http.ResponseWriter, r *http.Request) error {
	query, err := web.ReadQuery(r, "v")
	if err != nil {
		return err
	}
	logo, err := f.organisationLogo(r.Context())
	if err != nil {
		return err
	}
	if logo == nil || query.Get("v") != logo.Tag {
		return sallyport.ErrNotFound
	}
	h := w.Header()
	h.Set("Content-Type", logo.Type)
	h.Set("Content-Length", strconv.Itoa(len(logo.File)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(logo.File) // a client that hung up needs no answer
	return nil
}
