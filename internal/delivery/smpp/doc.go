// Package smpp sends one text message through an SMPP 3.4 server: bind as a transmitter, submit, unbind.
//
// It owns one short conversation per message, how a text becomes one or several short messages (part.go), what is read of
// an answer and how much (line.go), and the reading of every command_status into an outcome and words for people
// (status.go). It must not know where settings are stored or who may be dialled: the caller passes the dialer in. Begin
// with Sender.SendText.
package smpp
