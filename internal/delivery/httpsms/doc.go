// Package httpsms sends one text message through any gateway that takes one HTTP request for each: an address, headers,
// a form or JSON body with four fixed placeholders, and what counts as success.
//
// It owns how placeholders are filled in: values are written by the encoder of the body's format, so that nothing in a
// number or a text can break out of its place. It must not know where settings are stored or who may be dialled: the
// caller passes the HTTP client in. Begin with Sender.SendText; body.go fills in.
package httpsms
