package account

import (
	"strings"

	"sallyport"
)

// diff lists what next changes of was, in the order of the form.
func diff(was, next sallyport.Technician) []Change {
	byText := was.Method == sallyport.MethodText || next.Method == sallyport.MethodText
	all := []Change{
		{FieldFirstName, was.FirstName, next.FirstName, false},
		{FieldLastName, was.LastName, next.LastName, false},
		{FieldUserName, was.UserName, next.UserName, true},
		{FieldEmail, was.Email, next.Email, true},
		{FieldPhone, was.Phone, next.Phone, byText},
		{FieldRole, roleName(was.Role), roleName(next.Role), true},
		{FieldMethod, was.Method.String(), next.Method.String(), true},
	}
	var changes []Change
	for _, c := range all {
		if c.Was != c.Becomes {
			changes = append(changes, c)
		}
	}
	return changes
}

func roleName(id sallyport.RoleID) string {
	if r, ok := sallyport.RoleByID(id); ok {
		return r.Name
	}
	return string(id)
}

func signsOut(changes []Change) bool {
	for _, c := range changes {
		if c.Security {
			return true
		}
	}
	return false
}

// sensitive: everything but a name asks for a fresh proof.
func sensitive(changes []Change) bool {
	return changed(changes, FieldUserName, FieldEmail, FieldPhone, FieldRole, FieldMethod)
}

func changed(changes []Change, fields ...string) bool {
	for _, c := range changes {
		for _, f := range fields {
			if c.Field == f {
				return true
			}
		}
	}
	return false
}

var fieldWords = map[string]string{FieldFirstName: "first name", FieldLastName: "last name", FieldUserName: "user name",
	FieldEmail: "email address", FieldPhone: "phone number", FieldRole: "role", FieldMethod: "second factor"}

// says puts a change into one line.
func (c Change) String() string {
	word := fieldWords[c.Field]
	word = strings.ToUpper(word[:1]) + word[1:]
	switch {
	case c.Was == "":
		return word + " set to " + c.Becomes + "."
	case c.Becomes == "":
		return word + " removed (was " + c.Was + ")."
	}
	return word + " changed from " + c.Was + " to " + c.Becomes + "."
}

func lines(changes []Change) []string {
	var out []string
	for _, c := range changes {
		out = append(out, c.String())
	}
	return out
}

// words names the changed fields, like "email address and role".
func words(changes []Change) string {
	var names []string
	for _, c := range changes {
		names = append(names, fieldWords[c.Field])
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// beforeAfter is what the event of a change holds: the raw values of what changed.
func beforeAfter(was, next sallyport.Technician) (before, after map[string]string) {
	before, after = map[string]string{}, map[string]string{}
	for _, f := range []struct{ name, was, next string }{
		{FieldFirstName, was.FirstName, next.FirstName},
		{FieldLastName, was.LastName, next.LastName},
		{FieldUserName, was.UserName, next.UserName},
		{FieldEmail, was.Email, next.Email},
		{FieldPhone, was.Phone, next.Phone},
		{FieldRole, string(was.Role), string(next.Role)},
		{FieldMethod, string(was.Method), string(next.Method)},
		{"status", string(was.Status), string(next.Status)},
	} {
		if f.was == f.next {
			continue
		}
		if f.was != "" {
			before[f.name] = f.was
		}
		if f.next != "" {
			after[f.name] = f.next
		}
	}
	return before, after
}
