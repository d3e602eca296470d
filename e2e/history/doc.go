// Package history lets a hundred clients do what they like at once, writes down what each of them asked and was answered,
// and looks whether there is an order in which one door, serving one request after the other, would have said the same:
// linearizability, checked with porcupine. Meanwhile the server is killed with kill -9, requests are cut, and its clock is
// set forward and back.
//
// It owns the sequential model of technician, sign-in and session (model_test.go), the world around the server
// (world_test.go), the clients (client_test.go) and the run (history_test.go). The server is this test's own program, which
// starts the assembled server with a clock that is told how far ahead to be. It knows the product by its pages alone.
package history
