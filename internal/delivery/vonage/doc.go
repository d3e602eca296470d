// Package vonage sends one text message through Vonage's SMS API: one POST to sms/json, which answers 200 whatever it
// thinks of the message, and says in the body what became of each of its parts.
//
// It owns the request and the meaning of Vonage's documented statuses. It must not know where settings are stored or who may
// be dialled: the caller passes the HTTP client in. Begin with Sender.SendText.
package vonage
