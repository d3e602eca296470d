package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"sallyport"
	"sallyport/internal/web"
)

// pageSize is how many rows a list shows at once.
const pageSize = 50

// listQuery reads the technicians list's address. What is not one of the choices selects everything.
func listQuery(r *http.Request) (sallyport.Filter, error) {
	q, err := web.ReadQuery(r, "q", "role", "status", "method", "setup", "sort", "page")
	if err != nil {
		return sallyport.Filter{}, err
	}
	return filterOf(q.Get), nil
}

func filterOf(get func(string) string) sallyport.Filter {
	f := sallyport.Filter{Search: strings.TrimSpace(get("q")), Sort: get("sort"), Page: pageNumber(get("page")), Size: pageSize}
	if _, ok := sallyport.RoleByID(sallyport.RoleID(get("role"))); ok {
		f.Role = sallyport.RoleID(get("role"))
	}
	switch s := sallyport.Status(get("status")); s {
	case sallyport.Invited, sallyport.Active, sallyport.Deactivated:
		f.Status = s
	}
	if m := sallyport.Method(get("method")); m.Valid() {
		f.Method = m
	}
	if s := get("setup"); s == "yes" || s == "no" {
		f.SetUp = s
	}
	if !sortable(f.Sort) {
		f.Sort = ""
	}
	return f
}

func pageNumber(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 1_000_000 {
		return 1
	}
	return n
}

func sortable(s string) bool {
	if len(s) > 0 && s[0] == '-' {
		s = s[1:]
	}
	for _, c := range columns {
		if c.sort == s && s != "" {
			return true
		}
	}
	return false
}

// query is f as an address's query, without the page.
func query(f sallyport.Filter) url.Values {
	q := url.Values{}
	for name, v := range map[string]string{"q": f.Search, "role": string(f.Role), "status": string(f.Status),
		"method": string(f.Method), "setup": f.SetUp, "sort": f.Sort} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return q
}

// address is path with q, and the page where it is not the first.
func address(path string, q url.Values, page int) string {
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
