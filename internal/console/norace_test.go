//go:build !race

package console_test

// crowd is how many technicians the list is tested with.
const crowd = 5000
