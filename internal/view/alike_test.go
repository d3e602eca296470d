package view

import (
	"bytes"
	"reflect"
	"testing"

	"sallyport"
)

// The sign-in page is drawn once for all who see the same, and anew for everybody else: whatever differs, what is shown is
// what is drawn for this one alone.
func TestSignInPageIsDrawnOnce(t *testing.T) {
	r := renderer(t)
	plain := SignIn{Door: Door{Organisation: "Northwind IT", Logo: &Picture{"/logo?v=1", 40, 30}}, Return: "/me"}
	draw := func(p SignIn) []byte {
		t.Helper()
		body, err := r.Bytes(p)
		if err != nil {
			t.Fatal(err)
		}
		if alone, err := renderer(t).Bytes(p); err != nil || !bytes.Equal(body, alone) {
			t.Errorf("%+v is shown as\n%s\nand not as it is drawn alone (%v):\n%s", p, body, err, alone)
		}
		return body
	}
	first := draw(plain)
	again := plain
	again.Logo = &Picture{"/logo?v=1", 40, 30} // read anew
	if &draw(again)[0] != &first[0] {
		t.Error("the same page was drawn a second time")
	}
	for _, other := range others(plain) {
		if draw(other); &draw(plain)[0] == &first[0] && other.key() != nil {
			t.Errorf("a page that differs was taken for the same: %+v", other)
		}
		first = draw(plain)
	}
	for _, typed := range []SignIn{{Door: plain.Door, UserName: "dana"}, {Door: plain.Door, Challenge: &Challenge{Text: "abc"}},
		{Door: refused(sallyport.InvalidField("user_name", "Please type your user name."))}} {
		draw(typed)
		if typed.key() != nil {
			t.Errorf("kept for others: %+v", typed)
		}
	}
}

// others are p with one thing changed in each.
func others(p SignIn) (all []SignIn) {
	logo := *p.Logo
	for _, l := range []*Picture{nil, {}, {"/logo?v=2", logo.Width, logo.Height}, {logo.Address, 41, logo.Height}, {logo.Address, logo.Width, 31}} {
		q := p
		q.Logo = l
		all = append(all, q)
	}
	for i := range reflect.TypeFor[SignIn]().NumField() {
		all = append(all, changed(p, func(v reflect.Value) reflect.Value { return v.Field(i) })...)
	}
	for i := range reflect.TypeFor[Door]().NumField() {
		all = append(all, changed(p, func(v reflect.Value) reflect.Value { return v.FieldByName("Door").Field(i) })...)
	}
	return all
}

// changed is p with another text or another answer in one field, nothing where it holds neither.
func changed(p SignIn, field func(reflect.Value) reflect.Value) []SignIn {
	v := field(reflect.ValueOf(&p).Elem())
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Pointer, reflect.Struct: // Door, and Logo, Problem and Challenge, which are looked at by themselves
		return nil
	default:
		panic("a field of a kind that is new to this test")
	}
	return []SignIn{p}
}

func renderer(t *testing.T) *Renderer {
	t.Helper()
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return r
}
