package view

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// AssetsPath is where Renderer.Assets belongs.
const AssetsPath = "/assets/"

// assetTypes are the only kinds of file that are served.
var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

type asset struct {
	kind string
	body []byte
}

// Assets serves every file under an address that carries a hash of its content: a changed file has a new address, so
// that browsers may keep each for a year without asking again.
type Assets struct {
	byURL  map[string]asset
	byName map[string]string
}

func newAssets() (*Assets, error) {
	a := &Assets{byURL: map[string]asset{}, byName: map[string]string{}}
	err := fs.WalkDir(assetFiles, "assets", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return a.add(file)
	})
	return a, err
}

func (a *Assets) add(file string) error {
	ext := path.Ext(file)
	kind, ok := assetTypes[ext]
	if !ok {
		return fmt.Errorf("view: asset %s has no known type", file)
	}
	body, err := assetFiles.ReadFile(file)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	name := strings.TrimPrefix(file, "assets/")
	url := AssetsPath + strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:6]) + ext
	a.byURL[url], a.byName[name] = asset{kind, body}, url
	return nil
}

// URL is the address of the asset called name, like "tokens.css".
func (a *Assets) URL(name string) (string, error) {
	url, ok := a.byName[name]
	if !ok {
		return "", fmt.Errorf("view: no asset %q", name)
	}
	return url, nil
}

// ServeHTTP answers GET and HEAD for exact addresses only.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.byURL[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Content-Length", strconv.Itoa(len(f.body)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	if r.Method == http.MethodGet {
		_, _ = w.Write(f.body)
	}
}
