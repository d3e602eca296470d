//go:build race

package identity

// every is which of the enumerated numbers are typed: one of so many. The race detector makes patterns ten times slower,
// and the numbers have nothing that could race.
const every = 13
