// Package attack holds attacks on the assembled server over HTTP, each test named after its case in
// docs/attack-cases.md: many requests at once, steps out of order, planted cookies, forged headers, servers behind that
// misbehave, and the search for every secret of a whole run in all that the run left behind.
//
// The server is the real one on loopback, with its database in a temporary folder, and then two nodes of it on PostgreSQL,
// which the requests of one browser reach in turn (nodes_test.go); mail and text messages go through the real gateways to
// servers of the test's own. It owns that world (house_test.go) and the table of cases
// (cases_test.go). It must not know how anything inside is done: it asks pages and reads what lies on the disk.
package attack
