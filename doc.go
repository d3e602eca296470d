// Package sallyport holds the product's words: the types, invariants and errors that every other package speaks in.
//
// It owns what a technician, a role, a method, a factor, a sign-in, a code, a session, a link and an event are, which
// numbers may be set and in which range, and the one error type. It knows no HTTP, no SQL, no template: it imports the
// standard library only. Begin with technician.go and error.go; docs/ARCHITECTURE.md draws the house around it.
package sallyport
