// Package account holds the use cases of administrators: technicians and their roles, methods and second factors,
// invitations, resets, sessions of others, settings, the audit log, and the ways in that only the host can open.
//
// It owns who may do what to whom (right.go), what one Save does (save.go) and the rule that somebody is always left
// who can sign in (lastadmin.go). Each use case takes the actor first, judges his right inside the transaction from
// his own row, changes, writes its one audit event and commits, or changes nothing. It must not know HTTP, SQL or
// templates; it speaks to storage, keys and messages through the small interfaces of service.go. Sign-ins, passwords,
// enrolment and what a link leads to are internal/session's.
//
// Begin with service.go, then save.go.
package account
