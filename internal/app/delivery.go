package app

import (
	"fmt"
	"time"

	"sallyport"
	"sallyport/internal/delivery"
	"sallyport/internal/delivery/dial"
	"sallyport/internal/delivery/httpsms"
	"sallyport/internal/delivery/kannel"
	"sallyport/internal/delivery/smpp"
	"sallyport/internal/delivery/smtp"
	"sallyport/internal/delivery/twilio"
	"sallyport/internal/delivery/vonage"
)

// newDelivery makes the ways out. Everything is dialled through one dialer, which knows the allowed networks.
func newDelivery(c *core, host string) *delivery.Service {
	dialer := dial.New(dial.Options{Allowed: c.cfg.Networks()})
	return delivery.New(delivery.Options{
		Store: transactions[delivery.Tx]{c.db, c.fit}, Keys: c.keys, Network: dialer, PublicHost: host, Now: c.now, Log: c.log,
		BuildEmail: emailBuilder(dialer, host, c.now), BuildText: textBuilder(dialer),
	})
}

type emailBuild func(sallyport.Gateway, map[string]string) (delivery.EmailSender, error)

func emailBuilder(d *dial.Dialer, host string, now func() time.Time) emailBuild {
	o := smtp.Options{Dial: d.DialContext, DialPlain: d.DialPlain, Hello: host, Now: now}
	return func(g sallyport.Gateway, secrets map[string]string) (delivery.EmailSender, error) {
		if g.Kind != sallyport.GatewaySMTP {
			return nil, fmt.Errorf("app: no email goes through a gateway of kind %q", g.Kind)
		}
		return smtp.New(g, secrets, o)
	}
}

type textBuild func(sallyport.Gateway, map[string]string) (delivery.TextSender, error)

func textBuilder(d *dial.Dialer) textBuild {
	client := d.Client(nil)
	return func(g sallyport.Gateway, secrets map[string]string) (delivery.TextSender, error) {
		switch g.Kind {
		case sallyport.GatewayTwilio:
			return twilio.New(g, secrets, client)
		case sallyport.GatewayVonage:
			return vonage.New(g, secrets, client)
		case sallyport.GatewayHTTP:
			return httpsms.New(g, secrets, client)
		case sallyport.GatewayKannel:
			return kannel.New(g, secrets, client)
		case sallyport.GatewaySMPP:
			return smpp.New(g, secrets, d)
		}
		return nil, fmt.Errorf("app: no text message goes through a gateway of kind %q", g.Kind)
	}
}
