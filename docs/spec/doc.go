// Package spec holds the specification of sign-in and Save, signin.pml, in the language of the model checker spin.
//
// It owns the model, its scopes and the mistakes that the checker must find in it (spec_test.go); README.md says which
// code each part of the model stands for. It knows nothing of the product's packages: what it proves is the design, and
// the tests elsewhere prove that the code is that design. Begin with signin.pml; "make spec" runs all of it.
package spec
