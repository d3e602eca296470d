// Package selfservice is the face of the sign-in door and of the own page: HTTP in, one call of a use case, HTTP out.
//
// It owns the addresses under /sign-in, /forgotten, /confirm, /me, /sign-out and of the one-use links, which page is
// shown for which step, and when cookies are set and taken back. It must not know how an answer is judged, what comes
// next in a sign-in, or how anything is stored: it asks internal/session and draws what it is told.
//
// A GET changes nothing. A POST ends in a 303, but for two pages that show something once (recovery codes, the number
// of a request for help) and for forms that come back with what was wrong.
//
// Begin with face.go, the table of routes; step.go is the page between password and session, finish.go the way in.
package selfservice
