package smpp

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/linxGnu/gosmpp/data"

	"sallyport"
)

// lastOfStandard is the last command_status that SMPP 3.4 gives a meaning to (section 5.1.3). Above it are those that each
// server gives its own.
const lastOfStandard = 0xff

// notBound reads a refused bind (SMPP 3.4 section 5.1.3): nothing was sent.
func notBound(status data.CommandStatusType) *sallyport.SendError {
	e := refused("bind_transmitter", status)
	switch status {
	case data.ESME_RINVPASWD, data.ESME_RINVSYSID, data.ESME_RBINDFAIL:
		e.Code, e.Permanent = "auth", true
		e.Hint = "The SMPP server refused Sallyport's system ID or password, or has no connection free for them. An administrator must look at SMS Settings."
	case data.ESME_RINVSYSTYP:
		e.Code, e.Permanent = "auth", true
		e.Hint = "The SMPP server refused the system type. An administrator must look at SMS Settings."
	case data.ESME_RALYBND:
		e.Permanent = false
		e.Hint = "The SMPP server takes no further connection of Sallyport right now. Please try again in a minute."
	}
	return e
}

// notTaken reads a refused submit_sm (SMPP 3.4 section 5.1.3): the server has it not.
func notTaken(status data.CommandStatusType) *sallyport.SendError {
	e := refused("submit_sm", status)
	switch status {
	case data.ESME_RINVDSTADR, data.ESME_RINVDSTTON, data.ESME_RINVDSTNPI:
		e.Code, e.Permanent = "bad_number", true
		e.Hint = "The SMPP server refused this phone number. An administrator must look at it."
	case data.ESME_RINVSRCADR, data.ESME_RINVSRCTON, data.ESME_RINVSRCNPI:
		e.Permanent = true
		e.Hint = "The SMPP server refused the sender. An administrator must look at SMS Settings."
	}
	return e
}

// refused is what a status means whatever was asked.
func refused(what string, status data.CommandStatusType) *sallyport.SendError {
	e := &sallyport.SendError{Outcome: sallyport.NotSent, Code: "refused", Cause: fmt.Errorf("smpp: %s: command_status 0x%02x", what, uint32(status))}
	switch status {
	case data.ESME_RTHROTTLED, data.ESME_RMSGQFUL, data.ESME_RSYSERR, data.ESME_RSUBMITFAIL, data.ESME_RX_T_APPN,
		data.ESME_RDELIVERYFAILURE, data.ESME_RUNKNOWNERR:
		e.Hint = "The SMPP server takes no messages right now. Please try again in a minute."
		return e
	}
	e.Permanent = status > data.ESME_ROK && status <= lastOfStandard
	e.Hint = fmt.Sprintf("The SMPP server refused the message (status 0x%02X). An administrator must look at SMS Settings.", uint32(status))
	return e
}

// inPart is e for a text whose first part was taken.
func inPart(e *sallyport.SendError) *sallyport.SendError {
	e.Outcome = sallyport.MaybeSent
	e.Hint = "The SMPP server took only the beginning of the message, which may still arrive. An administrator must look at SMS Settings."
	return e
}

// broken says what it means that no answer came: submitted, when a submit_sm was begun.
func broken(ctx context.Context, err error, submitted bool) *sallyport.SendError {
	e := &sallyport.SendError{Outcome: sallyport.NotSent, Code: "unreachable", Cause: fmt.Errorf("smpp: %w", err),
		Hint: "The connection to the SMPP server broke. Please try again in a minute."}
	unclear := errors.Is(err, errGarbage) || errors.Is(err, errTooMuch)
	switch late := timedOut(ctx, err); {
	case submitted && late:
		e.Outcome, e.Code, e.Hint = sallyport.MaybeSent, "timeout", "The SMPP server did not answer in time. The message may still arrive."
	case submitted:
		e.Outcome, e.Code, e.Hint = sallyport.MaybeSent, "protocol", "The SMPP server broke off before it confirmed the message. It may still arrive."
	case late:
		e.Code, e.Hint = "timeout", tooSlow
	case unclear:
		e.Code, e.Hint = "protocol", "What answers there speaks no SMPP, or TLS is set the wrong way. An administrator must look at SMS Settings."
	}
	return e
}

const tooSlow = "The SMPP server did not answer in time. Please try again in a minute."

// notConnected passes on what the dialer says.
func notConnected(ctx context.Context, err error) *sallyport.SendError {
	var known *sallyport.SendError
	if errors.As(err, &known) {
		return known
	}
	return broken(ctx, err, false)
}

// notSecured says why there is no TLS: nothing was said without it.
func notSecured(ctx context.Context, err error) *sallyport.SendError {
	if timedOut(ctx, err) {
		return broken(ctx, err, false)
	}
	return &sallyport.SendError{Outcome: sallyport.NotSent, Permanent: true, Code: "tls", Cause: fmt.Errorf("smpp: %w", err),
		Hint: "The SMPP server's TLS or certificate is not in order, so nothing was sent. An administrator must look at it."}
}

// timedOut reports whether it was us who ended it, at the time limit.
func timedOut(ctx context.Context, err error) bool {
	var timeout net.Error
	return ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}
