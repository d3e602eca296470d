// Package node lets people use two nodes on one PostgreSQL while the nodes are restarted one after the other, and while the
// database fails over to its synchronous standby.
//
// It owns the nodes as processes of their own, a client that goes to the other node where one does not take its connection,
// as a load balancer does, and what must be true afterwards. It knows the product by its pages alone. Begin with
// TestRollingRestartSignIns and TestFailOver.
package node
