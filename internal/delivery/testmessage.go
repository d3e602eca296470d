package delivery

import (
	"context"
	"fmt"

	"sallyport"
)

// sendTest sends the code of a test through g, which need not be in use yet. It goes the way of a sign-in's code, but in
// words of its own: whoever reads it is not signing in, and nobody knows his password.
func (s *Service) sendTest(ctx context.Context, g sallyport.Gateway, m CodeMessage) error {
	m.Host = s.host
	if g.Channel == sallyport.ChannelSMS {
		return s.sendText(ctx, g, sallyport.Text{To: m.To, Text: testText(m)})
	}
	return s.sendEmail(ctx, g, sallyport.Email{ID: sallyport.NewID(), To: m.To,
		Subject: "Test of " + oneLine(m.Organisation) + " Email Settings", Text: testEmail(m)})
}

func testText(m CodeMessage) string {
	life := minutes(m.Life)
	return fitting(m,
		fmt.Sprintf("%s is the test code for %s SMS Settings. Valid %s.", m.Code, oneLine(m.Organisation), life),
		fmt.Sprintf("%s is the test code for SMS Settings. Valid %s.", m.Code, life),
		m.Code+" is a test code.",
		"Your test code")
}

func testEmail(m CodeMessage) string {
	return fmt.Sprintf(`This is a test message from %s. Its code shows that Email Settings work:

%s

Type it back at %s, in Admin, Email Settings, within %s.

If you did not ask for this message, you need not do anything.
`, oneLine(m.Organisation), m.Code, m.Host, minutes(m.Life))
}
