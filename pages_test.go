package sallyport_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	pageLink  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading   = regexp.MustCompile(`(?m)^#+ (.*)$`)
	elsewhere = regexp.MustCompile(`(?i)the (sign-in )?contract|contract section`)
)

// TestPagesReferToWhatIsThere: what a page links to is in the repository, heading and all, and no page rests on a document that
// its reader does not have.
func TestPagesReferToWhatIsThere(t *testing.T) {
	for _, path := range pages(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if said := elsewhere.FindString(line); said != "" {
				t.Errorf("%s:%d: %q is not in the repository", path, i+1, said)
			}
			for _, link := range pageLink.FindAllStringSubmatch(line, -1) {
				if !leads(path, link[1]) {
					t.Errorf("%s:%d: %s leads nowhere", path, i+1, link[1])
				}
			}
		}
	}
}

// pages are the repository's pages, without what the tools leave in folders of their own.
func pages(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != "." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil || len(paths) < 10 {
		t.Fatalf("%d pages, %v", len(paths), err)
	}
	return paths
}

// leads reports whether a link of a page leads to a file, and to a heading in it where it names one.
func leads(page, link string) bool {
	if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
		return true
	}
	name, anchor, _ := strings.Cut(link, "#")
	path := page
	if name != "" {
		path = filepath.Join(filepath.Dir(page), name)
	}
	text, err := os.ReadFile(path)
	if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
		return anchor == ""
	}
	return err == nil && (anchor == "" || slices.ContainsFunc(heading.FindAllStringSubmatch(string(text), -1), func(h []string) bool { return slug(h[1]) == anchor }))
}

// slug is a heading's anchor, as forges make it.
func slug(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_':
			return r
		}
		return -1
	}, strings.ToLower(title))
}
