// Package smtp sends one email through one mail server (RFC 5321), over TLS from the first byte or after a STARTTLS that
// is required, and says of each failure whether the message may have gone out.
//
// It owns the dialogue with the server and the form of the message. It must not know where settings are stored, what
// the text says, or who may be dialled: the caller passes in how connections are opened. Begin with Sender.SendEmail.
package smtp
