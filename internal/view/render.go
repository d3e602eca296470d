package view

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

//go:embed templates
var templateFiles embed.FS

// Page is one page's struct. Template names its file under templates without the ending, like "door/sign-in". The part
// before the slash names the frame around it: templates/layout/door.html.
type Page interface{ Template() string }

// Renderer holds the templates and the assets that they name. It is safe for concurrent use.
type Renderer struct {
	pages  map[string]*drawing
	assets *Assets
}

// drawing is one template, and the page that was drawn with it last where many look at the same.
type drawing struct {
	parsed func() (*template.Template, error)
	last   atomic.Pointer[drawn]
}

// drawn is a page as it was drawn from what key holds.
type drawn struct {
	key  any
	body []byte
}

// alike is a page that many visitors see alike: with equal keys, which are compared with ==, it is the same to the letter.
// The key is nil where it is drawn for one of them.
type alike interface{ key() any }

// New finds every template. Each is parsed when its page is first drawn, for a server starts more often than all of its
// pages are looked at; the tests draw all of them.
func New() (*Renderer, error) {
	assets, err := newAssets()
	if err != nil {
		return nil, err
	}
	r := &Renderer{pages: map[string]*drawing{}, assets: assets}
	for _, frame := range []string{"door", "desk"} {
		files, err := fs.Glob(templateFiles, "templates/"+frame+"/*.html")
		if err != nil {
			return nil, err
		}
		shared := sync.OnceValues(func() (*template.Template, error) { return r.parseFrame(frame) })
		for _, file := range files {
			name := frame + "/" + strings.TrimSuffix(path.Base(file), ".html")
			r.pages[name] = &drawing{parsed: sync.OnceValues(func() (*template.Template, error) { return parsePage(shared, file) })}
		}
	}
	return r, nil
}

// parseFrame reads the frame's layout and the shared parts.
func (r *Renderer) parseFrame(frame string) (*template.Template, error) {
	shared := template.New(frame).Funcs(r.funcs()).Option("missingkey=error")
	for _, pattern := range []string{"templates/part/*.html", "templates/layout/" + frame + ".html"} {
		if files, _ := fs.Glob(templateFiles, pattern); len(files) == 0 {
			continue
		}
		if _, err := shared.ParseFS(templateFiles, pattern); err != nil {
			return nil, fmt.Errorf("view: frame %s: %w", frame, err)
		}
	}
	return shared, nil
}

// parsePage reads one page into a copy of its frame.
func parsePage(frame func() (*template.Template, error), file string) (*template.Template, error) {
	shared, err := frame()
	if err != nil {
		return nil, err
	}
	page, err := shared.Clone()
	if err == nil {
		_, err = page.ParseFS(templateFiles, file)
	}
	if err != nil {
		return nil, fmt.Errorf("view: %s: %w", file, err)
	}
	return page, nil
}

// Bytes renders p whole, or says why it cannot. Nobody may write into what it returns.
func (r *Renderer) Bytes(p Page) ([]byte, error) {
	d, ok := r.pages[p.Template()]
	if !ok {
		return nil, fmt.Errorf("view: no template %q", p.Template())
	}
	var key any
	if a, is := p.(alike); is {
		key = a.key()
	}
	if last := d.last.Load(); key != nil && last != nil && last.key == key {
		return last.body, nil
	}
	body, err := d.draw(p)
	if err == nil && key != nil {
		d.last.Store(&drawn{key, body})
	}
	return body, err
}

func (d *drawing) draw(p Page) ([]byte, error) {
	t, err := d.parsed()
	if err != nil {
		return nil, err
	}
	frame, _, _ := strings.Cut(p.Template(), "/")
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, frame+".html", p); err != nil {
		return nil, fmt.Errorf("view: %s: %w", p.Template(), err)
	}
	return b.Bytes(), nil
}

// Render answers with p. When it returns an error, nothing was written yet.
func (r *Renderer) Render(w http.ResponseWriter, status int, p Page) error {
	body, err := r.Bytes(p)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that hung up needs no answer
	return nil
}

// Assets serves the files that pages name; mount it at AssetsPath.
func (r *Renderer) Assets() http.Handler { return r.assets }

// HasAsset reports whether a file is served at the address.
func (r *Renderer) HasAsset(address string) bool {
	_, ok := r.assets.byURL[address]
	return ok
}
