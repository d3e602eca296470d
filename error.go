package sallyport

import (
	"errors"
	"fmt"
	"time"
)

// Kind sorts errors by what the caller can do about them. The web layer maps each kind to one HTTP status.
type Kind int

const (
	Internal     Kind = iota // our fault or a broken part: 500
	Invalid                  // a field is wrong: 422, Fields says which
	Unauthorized             // nobody is signed in: 401
	Forbidden                // signed in, but may not: 403
	NotFound                 // looked, and it is not there: 404
	Conflict                 // somebody else was faster, or the state moved on: 409
	Gone                     // a link, code or sign-in that is spent or too old: 410
	TooMany                  // a limit; RetryAfter says when it opens again: 429
	Unavailable              // a part that is needed is down or full: 503
	StepUp                   // signed in, but the last proof is too old for this act: 403 with a way on
)

// Field is one wrong field of a form: its name, as in the form, and what is wrong with it in words for its owner.
type Field struct {
	Name    string
	Message string
}

// Error is the product's one error type. Code is stable and for machines, Message is safe to show to whoever asked,
// and the private cause is for the log alone.
type Error struct {
	Kind       Kind
	Code       string        // stable, like "code_expired"
	Message    string        // safe to show
	Fields     []Field       // for Invalid
	RetryAfter time.Duration // for TooMany and Unavailable; 0 when nobody knows
	cause      error
}

// E makes an Error. Message must be safe to show to anybody.
func E(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// InvalidField is the Error for one wrong field.
func InvalidField(name, message string) *Error {
	return &Error{Kind: Invalid, Code: "invalid", Message: message, Fields: []Field{{Name: name, Message: message}}}
}

// InvalidFields is the Error for several wrong fields, nil when there are none.
func InvalidFields(fields []Field) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Code: "invalid", Message: "Please look at the marked fields.", Fields: fields}
}

// Because returns a copy that carries the private cause.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// After returns a copy that says when to try again.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// Error is the text for logs: code, message and cause.
func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.cause)
	}
	return e.Code + ": " + e.Message
}

// Unwrap gives the private cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is compare by code, so that a copy with a cause is still the same error.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code && t.Kind == e.Kind
}

// KindOf returns the kind of err, Internal for any error that is not an *Error.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// CodeOf returns the stable code of err, "internal" for any error that is not an *Error.
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return "internal"
}

// Errors that more than one package returns or looks for.
var (
	ErrNotFound     = E(NotFound, "not_found", "There is nothing here.")
	ErrForbidden    = E(Forbidden, "forbidden", "Your role does not permit this.")
	ErrUnauthorized = E(Unauthorized, "unauthorized", "Please sign in.")
	ErrConflict     = E(Conflict, "conflict", "Somebody changed this in the meantime.")
	ErrStale        = E(Conflict, "stale", "Somebody else saved this technician while you were editing.")
	ErrStepUp       = E(StepUp, "step_up", "Please confirm that it is you.")
	ErrUnavailable  = E(Unavailable, "unavailable", "Sallyport cannot do this right now. Please try again in a moment.")
)
