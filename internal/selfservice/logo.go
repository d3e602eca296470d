package selfservice

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/view"
)

// picture is the logo as pages show it; where there is none the organisation's letter stands in its place.
func picture(logo *account.Logo) *view.Picture {
	if logo == nil {
		return nil
	}
	return &view.Picture{Address: logo.Address(), Width: logo.Width, Height: logo.Height}
}

// picture is the logo for a page that knows the organisation's name already. Where it cannot be had it is none: nobody is
// kept from signing in by a picture.
func (f *Face) picture(ctx context.Context) *view.Picture {
	logo, err := f.logo(ctx)
	if err != nil {
		return nil
	}
	return picture(logo)
}

// serveLogo answers with the picture. Browsers ask each time whether theirs is still the one, so that a new logo counts
// at once; the query, which makes a changed logo another address, is for them alone.
func (f *Face) serveLogo(w http.ResponseWriter, r *http.Request) error {
	logo, err := f.logo(r.Context())
	if err != nil {
		return err
	}
	if logo == nil {
		return sallyport.ErrNotFound
	}
	h := w.Header()
	h.Set("Content-Type", logo.Type)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", `"`+logo.Tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(logo.File))
	return nil
}
