// Package mailserver runs a real mail server for a test: Postfix takes mail over STARTTLS and over implicit TLS from
// whoever gives the right user and password, and Dovecot hands it out again over IMAP, as a mail client would read it.
//
// It owns the processes, their folder and a certificate of its own; nothing outside that folder is touched and nothing
// runs on after the test. It knows nothing of Sallyport. Begin with Start; it needs root, for Postfix does.
package mailserver
