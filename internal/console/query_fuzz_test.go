package console

import (
	"maps"
	"net/http"
	"net/url"
	"testing"

	"sallyport"
)

// A list's address is read to choices that exist, and the address that the page writes for them is read to the same.
func FuzzTechniciansQuery(f *testing.F) {
	for _, q := range []string{"", "q=dana&role=admin&status=active&method=app&setup=yes&sort=-last&page=3", "sort=id%3Bdrop", "page=-1", "page=99999999999999999999", "role=root", "q=%25%5f%21", "q=a&q=b", "setup=maybe&page=1e3"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := listQuery(&http.Request{URL: &url.URL{RawQuery: raw}})
		if err != nil {
			return
		}
		if _, ok := sallyport.RoleByID(got.Role); !ok && got.Role != "" || got.Method != "" && !got.Method.Valid() || got.Sort != "" && !sortable(got.Sort) ||
			got.Page < 1 || got.Page > 1_000_000 || got.Size != pageSize || got.SetUp != "" && got.SetUp != "yes" && got.SetUp != "no" {
			t.Errorf("%q: %+v", raw, got)
		}
		u, err := url.Parse(address("/admin/technicians", query(got), got.Page))
		if err != nil || u.Path != "/admin/technicians" || u.Host != "" {
			t.Fatalf("%q: %v, %v", raw, u, err)
		}
		if again, err := listQuery(&http.Request{URL: u}); err != nil || again != got {
			t.Errorf("%q: %+v became %+v, %v", raw, got, again, err)
		}
	})
}

// The audit log's address likewise: days are days, and the pages' links say the same again.
func FuzzAuditQuery(f *testing.F) {
	for _, q := range []string{"", "q=code&type=signin.finished&from=2026-01-01&until=2026-01-31&technician=x&before=77", "from=yesterday", "until=2026-02-30", "before=-1", "before=99999999999999999999", "from=0000-01-01&until=9999-12-31", "type=%00"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, form, err := auditQuery(&http.Request{URL: &url.URL{RawQuery: raw}})
		if err != nil {
			if sallyport.KindOf(err) != sallyport.Invalid && sallyport.CodeOf(err) != "bad_request" {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		if got.Before < 0 {
			t.Errorf("%q: before the event %d", raw, got.Before)
		}
		u, err := url.Parse(auditAddress("/admin/audit", form, got.Before))
		if err != nil || u.Host != "" {
			t.Fatalf("%q: %v, %v", raw, u, err)
		}
		again, form2, err := auditQuery(&http.Request{URL: u})
		if err != nil || again != got || !maps.EqualFunc(auditValues(form), auditValues(form2), func(a, b []string) bool { return a[0] == b[0] }) {
			t.Errorf("%q: %+v became %+v, %v", raw, got, again, err)
		}
	})
}
