// Package history lets a hundred clients do what they like at once, writes down what each of them asked and was answered,
// and looks whether there is an order in which one door, serving one request after the other, would have said the same:
// linearizability, checked with porcupine. Meanwhile servers are killed with kill -9, requests and the database's
// connections are cut, and clocks are set forward and back. It does so on one node with SQLite, and on two nodes with one
// PostgreSQL, between which every request chooses by chance.
//
// It owns the sequential model of technician, sign-in, code and session, with recovery codes, enrolment codes and proofs that
// are given again (question_test.go, model_test.go, answer_test.go, confirm_test.go), the servers and what is done to them
// (world_test.go, node_test.go, trouble_test.go), the gateway that codes arrive at (phone_test.go), the clients
// (client_test.go, signin_test.go, guess_test.go, sheet_test.go, sensitive_test.go, admin_test.go), the reading of what they
// wrote down (mark_test.go, bind_test.go), what is left out because it tells nothing (thin_test.go) and the runs (history_test.go), after
// which answers are falsified (false_test.go).
// A server is this test's own program, which starts the assembled server with a clock that is told how far ahead to be. It
// knows the product by its pages alone. Begin with TestHistories.
package history
