// Package keyring seals secrets before they reach the database and makes the keyed hashes that are stored in the place
// of codes.
//
// It owns the installation's one key: the file it lives in, what is derived from it, and the form of a sealed value. It
// knows nothing of what is sealed or where it is stored, but it binds each value to its place, so that a row copied over
// another one does not open. Begin with Ring in ring.go; file.go reads and writes the key.
package keyring
