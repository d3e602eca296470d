package console

import (
	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/view"
	"sallyport/internal/web"
)

var (
	technicianFields = []string{account.FieldFirstName, account.FieldLastName, account.FieldUserName, account.FieldEmail,
		account.FieldPhone, account.FieldRole, account.FieldMethod}
	editFields = append([]string{"version"}, technicianFields...)
)

// typed reads the form as it was typed.
func typed(f web.Form) account.Form {
	return account.Form{FirstName: f.Get(account.FieldFirstName), LastName: f.Get(account.FieldLastName),
		UserName: f.Get(account.FieldUserName), Email: f.Get(account.FieldEmail), Phone: f.Get(account.FieldPhone),
		Role: sallyport.RoleID(f.Get(account.FieldRole)), Method: sallyport.Method(f.Get(account.FieldMethod))}
}

// fillForm draws the fields of form into page, each with what is wrong with it.
func fillForm(page *view.Technician, form account.Form, roles []sallyport.Role) {
	p := page.Problem
	page.FirstName = view.Field{Name: account.FieldFirstName, Label: "First name", Value: form.FirstName, Autocomplete: "off", Max: 100, Wrong: wrong(p, account.FieldFirstName)}
	page.LastName = view.Field{Name: account.FieldLastName, Label: "Last name", Value: form.LastName, Autocomplete: "off", Max: 100, Wrong: wrong(p, account.FieldLastName)}
	page.Email = view.Field{Name: account.FieldEmail, Label: "Business email", Type: "email", Value: form.Email, Autocomplete: "off", Max: 254, Required: true, Wrong: wrong(p, account.FieldEmail)}
	page.UserName = view.Field{Name: account.FieldUserName, Label: "User name", Value: form.UserName, Autocomplete: "off", Max: 254,
		Hint: "Empty: the email address.", Wrong: wrong(p, account.FieldUserName)}
	page.Phone = view.Field{Name: account.FieldPhone, Label: "Phone", Type: "tel", Value: form.Phone, Autocomplete: "off", Max: 40,
		Hint: "With or without the country code. Needed for Text Message.", Wrong: wrong(p, account.FieldPhone)}
	page.Role = view.Select{Name: account.FieldRole, Label: "Role", Wrong: wrong(p, account.FieldRole)}
	for _, role := range roles {
		page.Role.Options = append(page.Role.Options, view.Option{Value: string(role.ID), Label: role.Name, Selected: role.ID == form.Role})
	}
	page.Methods.Wrong = wrong(p, account.FieldMethod)
}
