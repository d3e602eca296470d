package view

import (
	"testing"

	"sallyport"
	"sallyport/internal/delivery"
)

// filled is what somebody typed into the form of a kind.
var filled = map[sallyport.GatewayKind]map[string]string{
	sallyport.GatewayTwilio: {"account_sid": "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "auth_token": "", "from": "+12125550100", "url": "https://api.twilio.com"},
	sallyport.GatewayVonage: {"api_key": "a1b2c3d4", "api_secret": "", "from": "Northwind", "url": "https://rest.nexmo.com"},
	sallyport.GatewayHTTP:   {"url": "https://sms.example.com/send", "headers": "", "body": "to={to}\ntext={text}\nfrom={from}", "from": "Northwind", "ok_text": "accepted"},
	sallyport.GatewayKannel: {"url": "https://sms.example.com:13013/cgi-bin/sendsms", "user": "it", "password": "", "from": "Northwind"},
	sallyport.GatewaySMPP:   {"host": "smpp.provider.example", "port": "3550", "system_id": "northwind", "password": "", "sender": "Northwind"},
}

// smsForm is the form of one kind with its own words: empty, or with what was typed where typed is not nil.
func smsForm(d Desk, k delivery.Kind, typed map[string]string) Gateway {
	for i := range d.Nav {
		d.Nav[i].Current = d.Nav[i].Label == d.Title
	}
	g := Gateway{Desk: d, Path: "/admin/sms", None: "No gateway is set up. The method Text Message cannot be chosen until one has been proved with a test message.",
		Form: true, FormTitle: "Set up", Kind: string(k.Kind), Note: k.Help}
	for _, other := range delivery.Kinds(k.Channel) {
		g.Kinds = append(g.Kinds, Link{Label: other.Label, Href: "?kind=" + string(other.Kind), Current: other.Kind == k.Kind})
	}
	labels := map[string]string{}
	for _, f := range k.Fields {
		labels[f.Name] = f.Label
		field := GatewayField{Field: Field{Name: f.Name, Label: f.Label, Hint: f.Help, Value: f.Default, Required: f.Required, Wrong: d.Problem.For(f.Name).Message}}
		if v, is := typed[f.Name]; is {
			field.Value = v
		}
		if f.Secret && typed != nil {
			field.Required, field.Hint = false, "Set, and never shown. Leave it empty to keep it; when the server or the account changes, type it again. "+f.Help
		}
		if f.Secret && !f.Lines {
			field.Type = "password"
		}
		if f.Lines {
			field.Rows, field.Mono = 4, true
		}
		for _, c := range f.Choices {
			field.Options = append(field.Options, Option{Value: c.Value, Label: c.Label, Selected: c.Value == field.Value})
		}
		g.Fields = append(g.Fields, field)
	}
	if g.Problem != nil {
		g.Problem.Labels = labels
	}
	return g
}

// smsForms are the forms of every kind: as they are met first, filled in, and with something wrong at every field that can be wrong.
func smsForms() map[string]Page {
	pages := map[string]Page{}
	for _, k := range delivery.Kinds(sallyport.ChannelSMS) {
		var wrong []sallyport.Field
		for _, f := range k.Fields {
			switch {
			case f.Secret && f.Required:
				wrong = append(wrong, sallyport.Field{Name: f.Name, Message: "Please type this again: secrets are never shown back, so it was not kept."})
			case f.Required && f.Default == "":
				wrong = append(wrong, sallyport.Field{Name: f.Name, Message: "Please fill this in."})
			case f.Name == "url", f.Name == "port":
				wrong = append(wrong, sallyport.Field{Name: f.Name, Message: "This address is inside a private or special network. Sallyport speaks to it only when allowed_networks in the configuration lists it."})
			}
		}
		name := "sms-" + string(k.Kind)
		pages[name] = smsForm(frame("SMS Settings"), k, nil)
		pages[name+"-filled"] = smsForm(frame("SMS Settings"), k, filled[k.Kind])
		pages[name+"-wrong"] = smsForm(refusedAt(frame("SMS Settings"), sallyport.InvalidFields(wrong)), k, nil)
	}
	return pages
}

// TestSMSFormsLook: the form of every gateway, with the words that it has in the product.
func TestSMSFormsLook(t *testing.T) { lookAt(t, smsForms()) }
