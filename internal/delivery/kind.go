package delivery

import (
	"slices"

	"sallyport"
)

// FormField describes one field of a gateway's form, for pages and for the check of what was typed.
type FormField struct {
	Name     string
	Label    string
	Help     string
	Default  string
	Choices  []Choice // empty: free text
	Secret   bool     // write-only: never shown again; left empty, it stays as it is
	Required bool
	Lines    bool // several lines
	identity bool // a change of it clears the secrets: they belong to the other side that it names
	check    func(name, value string) error
}

// Choice is one value that a field may have.
type Choice struct{ Value, Label string }

// Kind describes one kind of gateway.
type Kind struct {
	Kind    sallyport.GatewayKind
	Channel sallyport.Channel
	Label   string
	Help    string
	Fields  []FormField
	check   func(c *checker)
}

// Kinds lists the kinds of gateway of a channel, in the order in which pages offer them.
func Kinds(channel sallyport.Channel) []Kind {
	var out []Kind
	for _, k := range kinds {
		if k.Channel == channel {
			out = append(out, k)
		}
	}
	return out
}

func kindOf(channel sallyport.Channel, kind sallyport.GatewayKind) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Channel == channel && k.Kind == kind })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

var kinds = []Kind{
	{Kind: sallyport.GatewaySMTP, Channel: sallyport.ChannelEmail, Label: "SMTP server", check: checkSMTP,
		Help: "The mail server that takes Sallyport's messages.",
		Fields: []FormField{
			{Name: "host", Label: "Host", Help: "Like mail.example.com.", Required: true, identity: true, check: checkHost},
			{Name: "port", Label: "Port", Help: "465 for implicit TLS, 587 for STARTTLS.", Default: "587", Required: true, identity: true, check: checkMailPort},
			{Name: "tls", Label: "TLS", Default: "starttls", Required: true, identity: true, Choices: []Choice{
				{"starttls", "STARTTLS, required"}, {"implicit", "Implicit TLS"}, {"none", "None, inside allowed networks only"}},
				Help: "Sallyport never falls back to plain text."},
			{Name: "user", Label: "User name", Help: "Empty when the server asks for none.", check: checkPlain(255)},
			{Name: "password", Label: "Password", Secret: true, check: checkPlain(1024)},
			{Name: "sender", Label: "Sender address", Required: true, Help: "Messages come from this mailbox.", check: checkMailbox},
			{Name: "sender_name", Label: "Sender name", Help: "Shown beside the address.", check: checkPlain(80)},
		}},
	{Kind: sallyport.GatewayTwilio, Channel: sallyport.ChannelSMS, Label: "Twilio", check: checkTwilio,
		Help: "Twilio's Programmable Messaging.",
		Fields: []FormField{
			{Name: "account_sid", Label: "Account SID", Required: true, identity: true, Help: "AC and 32 hexadecimal digits.", check: checkSID("AC")},
			{Name: "auth_token", Label: "Auth token", Required: true, Secret: true, check: checkPlain(255)},
			{Name: "from", Label: "Sender", Help: "A number of yours like +12125550100, or a name of up to 11 letters and digits.", check: checkSender},
			{Name: "service", Label: "Messaging Service SID", Help: "In the place of a sender: MG and 32 hexadecimal digits.", check: checkSID("MG")},
			{Name: "url", Label: "Address", Default: "https://api.twilio.com", Required: true, identity: true, Help: "Change it only for another of Twilio's regions.", check: checkURL},
		}},
	{Kind: sallyport.GatewayVonage, Channel: sallyport.ChannelSMS, Label: "Vonage", check: checkVonage,
		Help: "Vonage's SMS API, formerly Nexmo.",
		Fields: []FormField{
			{Name: "api_key", Label: "API key", Required: true, identity: true, Help: "As Vonage's dashboard shows it.", check: checkKey},
			{Name: "api_secret", Label: "API secret", Required: true, Secret: true, check: checkPlain(255)},
			{Name: "from", Label: "Sender", Required: true, Help: "A number of yours like +12125550100, or a name of up to 11 letters and digits.", check: checkSender},
			{Name: "url", Label: "Address", Default: "https://rest.nexmo.com", Required: true, identity: true, Help: "Change it only for another of Vonage's regions.", check: checkURL},
		}},
	{Kind: sallyport.GatewayHTTP, Channel: sallyport.ChannelSMS, Label: "HTTP gateway", check: checkHTTP,
		Help: "Any gateway that takes one HTTP request for each message.",
		Fields: []FormField{
			{Name: "url", Label: "Address", Required: true, identity: true, Help: "With https. Plain http works only inside allowed_networks of the configuration. Keys belong into the headers or the secret: the address is shown and stands in the audit log.", check: checkURL},
			{Name: "method", Label: "Method", Default: "POST", Required: true, Choices: []Choice{{"POST", "POST"}, {"PUT", "PUT"}},
				Help: "GET is not offered: the code would stand in the address, and so in logs."},
			{Name: "headers", Label: "Headers", Secret: true, Lines: true, Help: "One to a line, like Authorization: Bearer …", check: checkHeaders},
			{Name: "format", Label: "Body", Default: "form", Required: true, Choices: []Choice{{"form", "Form, one name=value to a line"}, {"json", "JSON"}}},
			{Name: "body", Label: "Template", Lines: true, Required: true, Default: "to={to}\ntext={text}\nfrom={from}",
				Help: "{to}, {text}, {from}, {id} and {secret} are filled in and written as the format wants it. The template itself is shown and stands in the audit log.", check: checkTemplate},
			{Name: "secret", Label: "Secret", Secret: true, Help: "What {secret} stands for: a key or password that the gateway wants in the body.", check: checkPlain(1024)},
			{Name: "from", Label: "Sender", Help: "What {from} stands for.", check: checkPlain(64)},
			{Name: "ok_text", Label: "Success when the answer contains", Help: "Empty: any answer 200 to 299.", check: checkPlain(200)},
			{Name: "bad_text", Label: "Failure when the answer contains", check: checkPlain(200)},
		}},
	{Kind: sallyport.GatewayKannel, Channel: sallyport.ChannelSMS, Label: "Kannel", check: checkKannel,
		Help: "A Kannel smsbox's sendsms service.",
		Fields: []FormField{
			{Name: "url", Label: "Address", Required: true, identity: true, Help: "Like https://sms.example.com:13013/cgi-bin/sendsms.", check: checkURL},
			{Name: "user", Label: "User name", Required: true, check: checkPlain(64)},
			{Name: "password", Label: "Password", Required: true, Secret: true, check: checkPlain(255)},
			{Name: "from", Label: "Sender", Required: true, Help: "A number, or a name of up to 11 letters and digits.", check: checkSender},
		}},
	{Kind: sallyport.GatewaySMPP, Channel: sallyport.ChannelSMS, Label: "SMPP", check: checkSMPP,
		Help: "A provider's server that speaks SMPP 3.4. Each message is a short session of its own, as a transmitter.",
		Fields: []FormField{
			{Name: "host", Label: "Host", Help: "Like smpp.example.com.", Required: true, identity: true, check: checkHost},
			{Name: "port", Label: "Port", Help: "Empty: 3550 with TLS, 2775 without.", identity: true, check: checkSMPPPort},
			{Name: "tls", Label: "TLS", Default: "implicit", Required: true, identity: true, Choices: []Choice{
				{"implicit", "Implicit TLS"}, {"none", "None, inside allowed networks only"}},
				Help: "Without TLS the password and the codes can be read on the way. Sallyport never falls back to that."},
			{Name: "system_id", Label: "System ID", Required: true, Help: "The user name at the provider.", check: checkOctets(64)},
			{Name: "password", Label: "Password", Required: true, Secret: true, check: checkOctets(64),
				Help: "SMPP 3.4 has room for 8 characters. A longer one is sent whole, for many providers give one."},
			{Name: "system_type", Label: "System type", Help: "Only where the provider names one, like VMA.", check: checkOctets(12)},
			{Name: "sender", Label: "Sender", Required: true, Help: "A number like +12125550100, or a name of up to 11 letters and digits.", check: checkSender},
		}},
}
