package console

import (
	"sallyport"
	"sallyport/internal/account"
	"sallyport/internal/policy"
	"sallyport/internal/view"
)

// methods draws the radio buttons for reader. form is what was typed so far; current is the method that is stored, and
// is never taken out of reach: a form that is sent as it stands must change nothing.
func methods(reader sallyport.Role, choices []policy.Choice, current sallyport.Method, form account.Form) view.Methods {
	var m view.Methods
	for _, c := range choices {
		o := view.MethodOption{Value: string(c.Method), Label: methodLabel(c.Method), Worth: to(c.Method, form) + c.Worth,
			Recommended: c.Recommended, Checked: c.Method == form.Method, Reason: c.Reason}
		if c.Permitted && to(c.Method, form) != "" { // what it needs was typed, and is not stored yet
			o.Reason = ""
		}
		if !c.Permitted {
			o.Fix = fix(reader, c.Method)
			o.Barred = c.Method != current
			o.Checked = o.Checked && !o.Barred
		}
		m.Options = append(m.Options, o)
	}
	return m
}

func methodLabel(m sallyport.Method) string {
	switch m {
	case sallyport.MethodApp:
		return "Authenticator App"
	case sallyport.MethodEmail:
		return "Send Verification Code via Email"
	case sallyport.MethodText:
		return "Send Verification Code via Text Message"
	}
	return "Off"
}

// to says where a code would go, where it is sent.
func to(m sallyport.Method, form account.Form) string {
	address := ""
	switch m {
	case sallyport.MethodEmail:
		address = form.Email
	case sallyport.MethodText:
		address = form.Phone
	}
	if address == "" {
		return ""
	}
	return "To " + address + ". "
}

// fix leads to the settings that open a method, for those who may change them.
func fix(reader sallyport.Role, m sallyport.Method) *view.Link {
	switch {
	case m == sallyport.MethodEmail && reader.Has(sallyport.ManageEmail):
		return &view.Link{Label: "Email Settings", Href: "/admin/email"}
	case m == sallyport.MethodText && reader.Has(sallyport.ManageSMS):
		return &view.Link{Label: "SMS Settings", Href: "/admin/sms"}
	}
	return nil
}
