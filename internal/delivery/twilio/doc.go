// Package twilio sends one text message through Twilio's Programmable Messaging: one POST to Messages.json, whose
// answer is read for what it says and not for its status alone.
//
// It owns the request and the meaning of Twilio's documented error codes. It must not know where settings are stored
// or who may be dialled: the caller passes the HTTP client in. Begin with Sender.SendText.
package twilio
