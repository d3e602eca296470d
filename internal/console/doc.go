// Package console is the face of administrators: every page under /admin.
//
// It owns the addresses, forms and answers of the Admin pages. A handler reads what was typed, calls one use case with
// the actor, and answers: with a page, or with 303 to one that says what happened. Whatever is refused comes back in
// the form it was typed into. It must not know the store, nor decide who may do what: the route table names the
// permission that a page needs, and the use case judges it again inside its transaction.
//
// Three things live in memory only, because nothing is lost with them but a line on a page: answers shown after a
// redirect, forms that wait for a fresh proof of who typed them (without their secrets), and roll-outs under way.
//
// Begin with routes.go; then technicians.go for a page and edit.go for a form.
package console
