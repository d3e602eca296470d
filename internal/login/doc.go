// Package login decides what comes next in a sign-in: State × Event → Step. It is pure: no clock, no storage, no
// randomness, no HTTP. Nothing outside it decides the next step.
//
// It owns the order of the steps (contract sections 3 and 4) and which answer may be given at which step. It must not
// know how a code is checked, sent or stored. Begin with Next in next.go; Apply in event.go turns a right answer into
// a proof. An unknown purpose, method or state is a refusal.
package login
