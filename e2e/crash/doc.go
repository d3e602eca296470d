// Package crash kills the real program with kill -9 at random moments of a run of sign-ins and Saves, starts it again,
// and looks whether the invariants of the sign-in contract hold and nothing acknowledged was lost.
//
// It also kills rotations of the key in their midst (rotation_test.go, rotated_test.go).
//
// It owns nothing but the tests: crash_test.go is the run, model_test.go what must be true by what was acknowledged,
// acts_test.go what is done over HTTP, check_test.go how the truth is looked at.
package crash
