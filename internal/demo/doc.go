// Package demo is an organisation to try Sallyport on: a team, a mail server, a text message gateway, and the workbench,
// a page with the inbox, the phone and three live browsers.
//
// It owns what is around the server and the settings that the server runs with. The server itself is the one of "serve",
// assembled by internal/app; nothing in it knows of the demo. Everything here listens on loopback only and is gone with
// the process. Begin with Run; seed.go makes the team, workbench.go is the page.
package demo
