// Package kannel runs a real text message gateway for a test: Kannel's bearerbox and smsbox on loopback, with Kannel's
// fake phone network behind them, whose phone shows what arrives.
//
// It owns the processes and their folder; nothing runs on after the test. It knows nothing of Sallyport. Begin with
// Start.
package kannel
