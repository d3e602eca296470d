package vonage

import (
	"fmt"

	"sallyport"
)

// meaning is what one of Vonage's statuses means for whoever waits for a message.
type meaning struct {
	code      string
	permanent bool
	hint      string
}

var (
	badLogin  = meaning{"auth", true, "Vonage refused the API key or its secret. An administrator must look at SMS Settings."}
	badNumber = meaning{"bad_number", true, "Vonage says that this phone number cannot receive text messages. An administrator must correct it."}
	badSender = meaning{"refused", true, "Vonage refused the sender. An administrator must look at SMS Settings."}
	noMoney   = meaning{"balance", true, "The Vonage account is suspended or has no credit. An administrator must look at it."}
	noSMS     = meaning{"auth", true, "The Vonage account may not use the SMS API over HTTP. An administrator must look at it."}
	crowded   = meaning{"refused", false, "Vonage takes no more messages for the moment. Please try again in a minute."}
)

// meanings are the documented statuses that a single message can meet: https://developer.vonage.com/en/api-errors/sms.
var meanings = map[int]meaning{
	1:  crowded, // faster than the account may
	4:  badLogin,
	5:  {"refused", false, "Vonage could not process the message. Please try again in a minute."},
	6:  badNumber, // such as a prefix that is not known
	7:  {"not_allowed", true, "Vonage does not send to this number. An administrator must look at Vonage's dashboard."},
	8:  noMoney,
	9:  noMoney,
	10: crowded, // too many connections
	11: noSMS,
	12: {"refused", true, "The message is too long for Vonage. An administrator can shorten the organisation's name."},
	14: badLogin, // the account wants signed requests
	15: badSender,
	22: badNumber, // no such network
	29: {"not_allowed", true, "A Vonage trial account sends to registered numbers only. An administrator must register this number with Vonage."},
	32: badLogin,  // the account wants signed requests and no secret
	33: badNumber, // no longer in use
}

// explain maps the status of a part that was refused.
func explain(code int) error {
	m, known := meanings[code]
	if !known {
		m = meaning{"refused", true, fmt.Sprintf("Vonage refused the message (status %d). An administrator must look at it.", code)}
	}
	return &sallyport.SendError{Outcome: sallyport.NotSent, Permanent: m.permanent, Code: m.code, Hint: m.hint, Cause: fmt.Errorf("vonage: status %d", code)}
}
