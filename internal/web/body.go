package web

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// bodyTime is how long a body may take to arrive.
const bodyTime = 10 * time.Second

// timedBody lifts the deadline of the connection once the body has arrived. http.Server.ReadTimeout would not: it also
// ends the context of a request whose answer takes longer than that, such as a download.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

// boundTime gives the request's body its time limit. Where there is no connection (a test), there is nothing to bound.
func boundTime(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 {
		return
	}
	control := http.NewResponseController(w)
	if control.SetReadDeadline(time.Now().Add(bodyTime)) == nil {
		r.Body = &timedBody{ReadCloser: r.Body, control: control}
	}
}

// Read reads on, and lifts the deadline at the end.
func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.control.SetReadDeadline(time.Time{}) // it could be set, so it can be lifted
	}
	return n, err
}
