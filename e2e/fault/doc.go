// Package fault takes away what the server stands on: the connection to the database at every statement of a sign-in, a
// set-up and a Save, with the outcome of COMMIT known and unknown, and the disk, or that of its logs, while people sign in.
//
// It owns the faults and what must be true after each: no success that was not committed, the invariants of the sign-in
// contract, and a way on without repair. boundary_test.go is the first, disk_test.go the second. The use cases are the
// real ones over the real store; only the loss is made here.
package fault
