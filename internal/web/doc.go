// Package web is the ground on which every face stands: routes, middleware, errors, cookies, forms, client addresses.
//
// It owns what is true of every answer (security headers, request id, one log line), which requests are refused before
// any handler sees them (other hosts, other origins, bodies too large or of the wrong type), and the one place where a
// kind of error becomes an HTTP status. It must not know what any page is about, nor any use case or the store.
// Begin with site.go (the chain), route.go (the table of routes) and handler.go (how an error becomes an answer);
// connections.go bounds who may connect at all.
package web
