package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"sallyport"
)

// Need says who a route is for. It is one of Anyone, SignedIn, or a permission by way of Permission.
// The site asks for the session of every route that is not for Anyone, and judges the permission by the role that
// Options.Identify returns; the use case judges it again inside its transaction.
type Need string

const (
	Anyone   Need = "anyone"    // no session is looked at
	SignedIn Need = "signed-in" // any live session
)

// Permission is the Need for a live session whose role holds p.
func Permission(p sallyport.Permission) Need { return Need(p) }

// FormType and the others are the content types that a route may accept.
const (
	FormType      = "application/x-www-form-urlencoded"
	MultipartType = "multipart/form-data"
	JSONType      = "application/json"
)

// MaxBody is the default cap of a request's body in bytes.
const MaxBody = 1 << 20

// Route is one line of the route table.
type Route struct {
	Method  string   // GET (which serves HEAD too), POST, …
	Pattern string   // path of http.ServeMux, like /admin/technicians/{id}
	Needs   Need     // never empty
	Handler Handler  // never nil
	Body    int64    // cap of the body in bytes; 0 means MaxBody
	Types   []string // accepted content types of a body; empty means FormType alone
	Leaves  bool     // a GET that leaves an event behind: none that another site made the browser send
}

// String is the route's line in the golden file.
func (r Route) String() string {
	line := fmt.Sprintf("%-6s %-52s %s", r.Method, r.Pattern, r.Needs)
	if len(r.Types) > 0 {
		line += " accepts " + strings.Join(r.Types, ", ")
	}
	if r.Leaves {
		line += " leaves-an-event"
	}
	return line
}

// Unsafe reports whether the route may change something.
func (r Route) Unsafe() bool { return !safe(r.Method) }

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

func (r Route) check() error {
	switch {
	case r.Method == "" || !strings.HasPrefix(r.Pattern, "/"):
		return fmt.Errorf("web: route %q %q: needs a method and a path", r.Method, r.Pattern)
	case r.Needs == "" || r.Handler == nil:
		return fmt.Errorf("web: route %s %s: needs Needs and Handler", r.Method, r.Pattern)
	}
	return nil
}

func (r Route) accepts(contentType string) bool {
	if len(r.Types) == 0 {
		return contentType == FormType
	}
	return slices.Contains(r.Types, contentType)
}
