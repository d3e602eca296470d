// Package e2e holds journeys through the assembled server in a real browser, with real gateways.
//
// It owns nothing but tests. It knows the words on the pages, as people do, and nothing of what stands behind them. Begin
// with technician_world_test.go.
package e2e
