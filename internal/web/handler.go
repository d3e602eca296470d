package web

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// Handler answers one request. A returned error is logged once and becomes an error page (or JSON, or plain text, by
// what the client accepts); then nothing must have been written yet.
type Handler func(w http.ResponseWriter, r *http.Request) error

// HTML renders a page to memory and writes it only when the whole of it came out well.
func HTML(w http.ResponseWriter, status int, render func(io.Writer) error) error {
	var page bytes.Buffer
	if err := render(&page); err != nil {
		return err
	}
	return write(w, status, "text/html; charset=utf-8", page.Bytes())
}

// JSON writes v as JSON.
func JSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return write(w, status, "application/json", append(body, '\n'))
}

// Text writes plain text.
func Text(w http.ResponseWriter, status int, text string) error {
	return write(w, status, "text/plain; charset=utf-8", []byte(text))
}

// See sends the browser on with a GET, which is how every successful POST ends.
func See(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// A client that has gone away is not our error, and there is nobody left to tell.
	_, _ = w.Write(body)
	return nil
}
