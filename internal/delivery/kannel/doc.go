// Package kannel sends one text message through the sendsms service of a Kannel smsbox.
//
// It owns the request, a POST whose user, password and numbers stand in X-Kannel headers and whose body is the text, so
// that nothing of it is written to an access log, and the reading of the answer, which says "queued" in its body only.
// It must not know where settings are stored or who may be dialled: the caller passes the HTTP client in. Begin with
// Sender.SendText.
package kannel
