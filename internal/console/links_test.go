package console_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"sallyport"
)

var hrefs = regexp.MustCompile(`<a [^>]*href="(/admin[^"#]*)`)

// TestNoLinkLeadsToARefusal follows every link that a role is shown: none leads to a page that the role may not see, and
// none to an act that it may not do.
func TestNoLinkLeadsToARefusal(t *testing.T) {
	h := newHouse(t)
	var browsers []*browser
	for _, role := range sallyport.BuiltInRoles {
		browsers = append(browsers, h.signIn(h.add(role.ID)))
	}
	h.signIn(h.add(sallyport.SuperAdmin)).send("/admin/technicians/new", "email", "ilya@northwind.example", "role", "admin", "method", "app").wants(http.StatusOK)
	h.add(sallyport.Admin, func(p *sallyport.Technician) { p.Status = sallyport.Deactivated })
	h.add(sallyport.SuperAdmin, func(p *sallyport.Technician) { p.Status, p.Password = sallyport.Invited, nil })
	for i, role := range sallyport.BuiltInRoles {
		seen, todo := map[string]string{}, []string{}
		note := func(from, body string) {
			for _, m := range hrefs.FindAllStringSubmatch(body, -1) {
				to := html.UnescapeString(m[1])
				if _, known := seen[to]; !known {
					seen[to], todo = from, append(todo, to)
				}
			}
		}
		if home := browsers[i].get("/admin"); home.status == http.StatusSeeOther {
			note("/admin", `<a href="`+home.at+`">`)
		}
		for len(todo) > 0 {
			at := todo[0]
			todo = todo[1:]
			p := browsers[i].get(at)
			if p.status != http.StatusOK || strings.Contains(p.body, "Only a Super Admin may change") && strings.Count(at, "/") > 3 {
				t.Errorf("%s is led from %s to %s, which says %d: %.100s", role.Name, seen[at], at, p.status, p.words())
			}
			note(at, p.body)
		}
		if role.Has(sallyport.ReadAudit) != (len(seen) > 3) {
			t.Errorf("%s was shown %d links", role.Name, len(seen))
		}
	}
}
