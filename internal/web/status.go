package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"os"
	"strconv"
	"time"

	"sallyport"
)

// Errors of requests that no use case ever sees. Their codes stand in statusOf with the HTTP status that they have.
var (
	errTooLarge     = sallyport.E(sallyport.Invalid, "too_large", "That is more than this page takes.")
	errType         = sallyport.E(sallyport.Invalid, "unsupported_type", "This content type is not accepted here.")
	errMethod       = sallyport.E(sallyport.Invalid, "method_not_allowed", "This method is not allowed here.")
	errSlow         = sallyport.E(sallyport.Invalid, "timeout", "The request took too long to arrive.")
	errMisdirected  = sallyport.E(sallyport.Invalid, "misdirected", "Sallyport does not answer under this address.")
	errCrossOrigin  = sallyport.E(sallyport.Forbidden, "cross_origin", "This request came from another site. Open the page again and repeat it there.")
	errDirect       = sallyport.E(sallyport.Forbidden, "direct", "Sallyport answers here through its proxy only.")
	errTooManyPeers = sallyport.E(sallyport.TooMany, "too_many_requests", "Too many requests came from your network. Please wait a moment.")
)

// BadRequest is the error for a request that no page of ours makes: status 400.
func BadRequest(message string) *sallyport.Error {
	return sallyport.E(sallyport.Invalid, "bad_request", message)
}

var statusByCode = map[string]int{
	"bad_request":        http.StatusBadRequest,
	"too_large":          http.StatusRequestEntityTooLarge,
	"unsupported_type":   http.StatusUnsupportedMediaType,
	"method_not_allowed": http.StatusMethodNotAllowed,
	"timeout":            http.StatusRequestTimeout,
	"misdirected":        http.StatusMisdirectedRequest,
}

var statusByKind = map[sallyport.Kind]int{
	sallyport.Invalid:      http.StatusUnprocessableEntity,
	sallyport.Unauthorized: http.StatusUnauthorized,
	sallyport.Forbidden:    http.StatusForbidden,
	sallyport.StepUp:       http.StatusForbidden,
	sallyport.NotFound:     http.StatusNotFound,
	sallyport.Conflict:     http.StatusConflict,
	sallyport.Gone:         http.StatusGone,
	sallyport.TooMany:      http.StatusTooManyRequests,
	sallyport.Unavailable:  http.StatusServiceUnavailable,
}

// Status is the HTTP status of err: the one place where kinds become numbers.
func Status(err error) int {
	if status, ok := statusByCode[sallyport.CodeOf(err)]; ok {
		return status
	}
	if status, ok := statusByKind[sallyport.KindOf(err)]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// passing is when to come back where something is not there that nobody knows more of, the database for example.
const passing = 5 * time.Second

// RetryAfter says in the answer's header when the refused request may be repeated (RFC 9110 section 10.2.3, in whole
// seconds): as err knows it, and in a moment where what is refused now passes by itself.
func RetryAfter(h http.Header, err error) {
	var e *sallyport.Error
	if !errors.As(err, &e) {
		return
	}
	after := e.RetryAfter
	if after == 0 && e.Kind == sallyport.Unavailable {
		after = passing
	}
	if after > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
	}
}

// safeError is what may be shown of err: itself, where it is the product's error, or a text that tells nothing.
func safeError(err error) *sallyport.Error {
	var e *sallyport.Error
	if errors.As(err, &e) {
		return e
	}
	return sallyport.E(sallyport.Internal, "internal", "Something went wrong on our side. Nothing was changed by this request that you were not told of.").Because(err)
}

// bodyError gives the failure to read a body its right name.
func bodyError(err error) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errTooLarge.Because(err)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return errSlow.Because(err)
	}
	return BadRequest("The request could not be read.").Because(err)
}
