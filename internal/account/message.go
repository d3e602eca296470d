package account

import (
	"errors"

	"sallyport"
)

// messageOf is what an error says to the administrator.
func messageOf(err error) string {
	var known *sallyport.Error
	if !errors.As(err, &known) {
		return "This could not be done."
	}
	if len(known.Fields) > 0 {
		return known.Fields[0].Message
	}
	return known.Message
}
