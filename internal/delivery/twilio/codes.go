package twilio

import (
	"fmt"

	"sallyport"
)

// meaning is what one of Twilio's error codes means for whoever waits for a message.
type meaning struct {
	code      string
	permanent bool
	hint      string
}

var (
	badNumber = meaning{"bad_number", true, "Twilio says that this phone number cannot receive text messages. An administrator must correct it."}
	badSender = meaning{"refused", true, "Twilio refused the sender. An administrator must look at SMS Settings."}
	badLogin  = meaning{"auth", true, "Twilio refused the account or its token. An administrator must look at SMS Settings."}
	noMoney   = meaning{"balance", true, "The Twilio account is suspended or has no credit. An administrator must look at it."}
	crowded   = meaning{"refused", false, "Twilio takes no more messages for the moment. Please try again in a minute."}
	filtered  = meaning{"not_allowed", true, "The phone network blocks messages from this sender to this number. An administrator must look at Twilio's console."}
	asleep    = meaning{"refused", false, "The phone cannot be reached right now. Switch it on and try again."}
)

// meanings are the documented codes that a single message can meet.
var meanings = map[int]meaning{
	20003: badLogin, // authentication failed
	20404: badLogin, // no such account
	20005: noMoney,  // account not active
	20429: crowded,  // too many requests
	14107: crowded,
	21211: badNumber, // invalid To
	21217: badNumber,
	21421: badNumber,
	21614: badNumber, // not a mobile number
	21612: {"not_allowed", true, "Twilio cannot send from this sender to this number. An administrator must look at SMS Settings."},
	21408: {"not_allowed", true, "The Twilio account is not permitted to send to this country. An administrator can permit it in Twilio's console."},
	21608: {"not_allowed", true, "A Twilio trial account sends to verified numbers only. An administrator must verify this number with Twilio."},
	21610: {"not_allowed", true, "This phone has answered STOP to the sender. Send START to it from this phone, then try again."},
	21611: crowded, // the sender's queue is full
	21212: badSender,
	21603: badSender,
	21606: badSender,
	21659: badSender,
	21660: badSender,
	21701: badSender,
	21703: badSender,
	21704: badSender,
	30001: crowded, // queue overflow
	30002: noMoney, // account suspended
	30003: asleep,  // unreachable handset
	30004: filtered,
	30005: badNumber, // unknown handset
	30006: badNumber, // landline or unreachable carrier
	30007: filtered,
	30008: {"refused", false, "Twilio could not deliver the message and does not know why. Please try again in a minute."},
	30010: noMoney, // price above the maximum
	30032: filtered,
	30034: filtered, // unregistered sender in the USA
	63038: crowded,  // daily limit of the account
}

// explain maps a refusal. Codes that are not listed go by the HTTP status (a 5xx tells nothing about the message).
func explain(status, code int) error {
	m, known := meanings[code]
	if !known {
		switch {
		case status == 401 || status == 403:
			m = badLogin
		case status == 429 || status == 503:
			m = crowded
		case status >= 500:
			return unclear(fmt.Errorf("answer %d, error %d", status, code))
		default:
			m = meaning{"refused", status < 500, fmt.Sprintf("Twilio refused the message (error %d). An administrator must look at it.", code)}
		}
	}
	return &sallyport.SendError{Outcome: sallyport.NotSent, Permanent: m.permanent, Code: m.code, Hint: m.hint,
		Cause: fmt.Errorf("twilio: answer %d, error %d", status, code)}
}
