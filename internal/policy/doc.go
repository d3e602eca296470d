// Package policy holds the rules that decide what is required of whom: which methods may be chosen and what each is
// worth, who can sign in, and how long a wrong answer costs.
//
// It owns judgements over values that its caller looked up. It reads no clock, no database and no request, so that the
// same facts always give the same answer. Begin with Choices in choice.go; signin.go says who can sign in, wait.go how
// waits grow.
package policy
