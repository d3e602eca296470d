// Package session holds the use cases of signing in: from the password over the second factor and its set-up to the
// session, its check, list and end; the own page; and what a one-use link completes.
//
// It asks internal/login what comes next and never decides that itself. Checking an answer is two transactions: count,
// committed whatever happens to the request, then compare outside, then consume. Session state changes in one
// transaction with its audit event. It knows no HTTP and no SQL.
//
// Begin with service.go (what it needs), then password.go (guess.go: how tries are counted; proof.go: what lifts a wait),
// answer.go and finish.go; memory.go is the hot path.
package session
