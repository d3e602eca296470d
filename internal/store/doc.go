// Package store keeps everything that must survive a restart, in one SQL text for SQLite and PostgreSQL.
//
// It owns transactions, the conditional updates that make "at most once" and "at most three times" true, the comparison
// of generations, and the clock that judges expiry: the SQL function now_us(), read at the moment of the statement. It
// must not know what a sign-in goes through, who may do what, how a secret is sealed or what a page looks like; sealed
// values and hashes are bytes to it.
//
// Acts take rows in one order, so that no two wait for each other: guess and bucket, the technician's own row, then the rest
// of his (docs/adr/0027, hold.go).
//
// Begin with store.go (Write, Read and the hook after a commit) and tx.go (how one statement runs), then the file of the
// table in question: each has one. What is particular to an engine (opening, limits, error codes, the clock function)
// stands in sqlite.go and postgres.go, and in migrations; turn.go says how writers of several nodes come past each other.
package store
