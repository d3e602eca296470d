// Package app is the wiring: a configuration in, a running server out. It is the only package that knows every other.
//
// It owns the data folder while the process runs (the lock, the key, the database), the order in which parts are made,
// started and stopped, and the ports. It decides nothing that the product promises: rules, use cases and pages are
// elsewhere. Begin with core.go (what server and commands share), then app.go (the server).
package app
