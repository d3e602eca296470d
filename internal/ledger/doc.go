// Package ledger keeps the audit log so that nobody rewrites it quietly.
//
// It owns the placing of committed events into the tree, the signing of the tree's heads, the delivery of both to sinks,
// proofs, verification, erasure of a person and retention. Events are written elsewhere, in the transaction of what they
// tell of; nothing here can hold such a transaction up for longer than a short batch. It must not know how a sink speaks
// or how the tree is stored. Begin with place.go; verify.go says what a log must be like.
package ledger
