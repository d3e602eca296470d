//go:build race

package console_test

// crowd is how many technicians the list is tested with. The race detector makes the database twenty times slower, and
// finds no other races among more of them.
const crowd = 600
