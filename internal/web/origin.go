package web

import "net/http"

// originCheck refuses what another site makes a browser send. It stands in the place of CSRF tokens.
type originCheck struct {
	public string // the one origin that is ours
	std    *http.CrossOriginProtection
}

func newOriginCheck(public string) originCheck {
	return originCheck{public: public, std: http.NewCrossOriginProtection()}
}

// check looks at unsafe requests only. What the standard check lets through is refused here where a browser must have
// sent it without saying where from (a cookie, but neither Origin nor Sec-Fetch-Site), and where the origin differs in
// its scheme alone.
func (o originCheck) check(r *http.Request) error {
	if safe(r.Method) {
		return nil
	}
	if err := o.std.Check(r); err != nil {
		return errCrossOrigin.Because(err)
	}
	origin, site := r.Header.Values("Origin"), r.Header.Values("Sec-Fetch-Site")
	switch {
	case len(origin) > 1 || len(site) > 1:
		return errCrossOrigin
	case len(origin) == 1 && origin[0] != o.public:
		return errCrossOrigin
	case len(origin) == 0 && len(site) == 0 && len(r.Header["Cookie"]) > 0:
		return errCrossOrigin
	}
	return nil
}

// checkLook refuses the GET of a route that leaves an event where another site made the browser send it: with a link, or by
// itself. A browser that does not say who began it is an old one, and is believed.
func checkLook(r *http.Request, route Route) error {
	site := r.Header.Values("Sec-Fetch-Site")
	if !route.Leaves || len(site) == 0 || len(site) == 1 && (site[0] == "same-origin" || site[0] == "none") {
		return nil
	}
	return errCrossOrigin
}
