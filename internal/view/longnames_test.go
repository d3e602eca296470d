package view

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sallyport/internal/testkit/browser"
)

// long are the longest names that the product takes, each one word.
var long = strings.NewReplacer("Dana Reyes", word(100), "Mara Voss", word(100), "Ilya Novak", word(100), "Otto Berg", word(100), "Noor Haddad", word(100),
	"Northwind IT", word(80), "dana@northwind.example", mailbox, "mara@northwind.example", mailbox, "noor@northwind.example", mailbox, "Dana ", word(50)+" ",
	"203.0.113.7", "2001:db8:1111:2222:3333:4444:5555:6666", "My phone fell into the sea.", word(200))

var mailbox = word(64) + "@" + strings.Repeat("subdomain.", 17) + "example"

func word(letters int) string {
	return strings.Repeat("Wolfeschlegelsteinhausenbergerdorff", letters/35+1)[:letters]
}

// lengthen puts long names in the place of the usual ones, wherever v holds them.
func lengthen(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.String:
		return reflect.ValueOf(long.Replace(v.String())).Convert(v.Type())
	case reflect.Struct:
		out := reflect.New(v.Type()).Elem()
		out.Set(v)
		for i := range v.NumField() {
			if out.Field(i).CanSet() {
				out.Field(i).Set(lengthen(v.Field(i)))
			}
		}
		return out
	case reflect.Slice:
		out := reflect.MakeSlice(v.Type(), 0, v.Len())
		for i := range v.Len() {
			out = reflect.Append(out, lengthen(v.Index(i)))
		}
		return out
	case reflect.Pointer:
		if !v.IsNil() {
			out := reflect.New(v.Type().Elem())
			out.Elem().Set(lengthen(v.Elem()))
			return out
		}
	}
	return v
}

// TestLongNamesFit: names of a hundred letters without a space, and addresses of two hundred, make no page wider than the
// window, and break no column into letters.
func TestLongNamesFit(t *testing.T) {
	pages := desks()
	for name, p := range doors() {
		pages["door-"+name] = p
	}
	for name, p := range pages {
		pages[name] = lengthen(reflect.ValueOf(p)).Interface().(Page)
	}
	s := gallery(t, pages)
	page := browser.New(t).Page()
	for name := range pages {
		page.Open(s.URL + "/page/" + name)
		browser.Eval[bool](page, `document.querySelectorAll("main details:not(.menu)").forEach((d) => d.open = true) ?? true`)
		for _, width := range []int{320, 390, 720, 832, 1024, 1280} {
			page.View(width, false)
			if page.TooWide() {
				t.Errorf("%s: wider than a window of %d pixels", name, width)
				if folder := os.Getenv("SALLYPORT_PICTURES"); folder != "" {
					page.Screenshot(filepath.Join(folder, "long-"+name+"-"+itoa(width)+".png"), width, false)
				}
			}
		}
	}
}
