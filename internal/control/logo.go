package control

import (
	"context"

	"sallyport"
	"sallyport/internal/account"
)

// Picture is a file that is to become the organisation's logo.
type Picture struct{ File []byte }

// Logo says which logo is set, without the picture. Type is empty where none is.
type Logo struct {
	Type                 string
	Width, Height, Bytes int
}

func (f *Face) logo(ctx context.Context, _ sallyport.Actor, _ None) (Logo, error) {
	l, err := f.o.Accounts.Logo(ctx)
	return logoWords(l), err
}

func (f *Face) setLogo(ctx context.Context, actor sallyport.Actor, in Picture) (Logo, error) {
	l, err := f.o.Accounts.SetLogo(ctx, actor, in.File)
	return logoWords(l), err
}

func (f *Face) removeLogo(ctx context.Context, actor sallyport.Actor, _ None) (Logo, error) {
	return Logo{}, f.o.Accounts.RemoveLogo(ctx, actor)
}

func logoWords(l *account.Logo) Logo {
	if l == nil {
		return Logo{}
	}
	return Logo{Type: l.Type, Width: l.Width, Height: l.Height, Bytes: len(l.File)}
}
