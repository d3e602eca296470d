// Package factor makes and verifies what a technician proves himself with: TOTP secrets and codes, sent codes, recovery
// codes, enrolment codes and passwords.
//
// It owns their forms, their randomness and their comparison, and the queue in front of the password hash. It never
// stores, never counts tries and never sends: what may be tried how often is for whoever calls. What people type is
// brought to its one canonical form here, before anything is counted or compared, so that no spelling is a second try.
// Begin with totp.go and code.go; password.go is the hash, rules.go what a password must be.
package factor
