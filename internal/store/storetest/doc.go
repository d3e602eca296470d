// Package storetest is the conformance suite of the store: what use cases may rely on, the same for every engine.
//
// It owns the cases and the clock that they turn; it must not know which engine it runs on. Begin with run.go.
package storetest
