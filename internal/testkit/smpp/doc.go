// Package smpp runs a real SMPP server for a test: Kannel's drive_smpp, in a network namespace of its own, for it listens on
// every address of the machine.
//
// It owns the namespace, the process in it, and the way in from the test; nothing runs on after the test. It knows nothing
// of Sallyport. drive_smpp serves one connection and looks at no password. Begin with Start.
package smpp
