package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"syscall"

	"sallyport"
)

// Client calls operations: over the socket of a running server, or in this process.
type Client struct{ transport http.RoundTripper }

// Remote is a client for the server that holds folder.
func Remote(folder string) *Client {
	return &Client{&http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return Dial(ctx, folder) }}}
}

// Local is a client for a face in this process, whose actor is p.
func Local(f *Face, p Peer) *Client { return &Client{local{f, p}} }

// Call asks for one operation. out may be nil. Errors of the operation are *sallyport.Error.
func (c *Client) Call(ctx context.Context, name string, in, out any) error {
	body, err := c.open(ctx, name, in)
	if err != nil {
		return err
	}
	defer body.Close()
	if out == nil {
		return nil
	}
	return json.NewDecoder(body).Decode(out)
}

// Backup writes a copy of the database to w. Nothing of it is good when it returns an error.
func (c *Client) Backup(ctx context.Context, w io.Writer) error {
	body, err := c.open(ctx, "backup", None{})
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(w, body)
	return err
}

func (c *Client) open(ctx context.Context, name string, in any) (io.ReadCloser, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	// The host's name is never looked up: the transport knows only one place.
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://sallyport/"+name, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := c.transport.RoundTrip(r)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("another process has the data folder and does not listen: a command such as copy or restore, or a server that starts or stops. Try again when it is done (%w)", err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		return nil, fmt.Errorf("the server ended before it had answered: what was asked for may or may not have been done (%w)", err)
	}
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	return nil, refused(resp)
}

func refused(resp *http.Response) error {
	var f failure
	err := json.NewDecoder(resp.Body).Decode(&f)
	if err != nil && resp.StatusCode == http.StatusNotFound {
		return sallyport.E(sallyport.Conflict, "other_version", otherVersion) // it has no such operation
	}
	if err != nil || f.Code == "" {
		return fmt.Errorf("control: the server answered %s", resp.Status)
	}
	e := sallyport.E(f.Kind, f.Code, f.Message).After(f.After)
	e.Fields = f.Fields
	if f.Cause != "" {
		e = e.Because(errors.New(f.Cause))
	}
	return e
}

// local answers requests by calling the face, streaming what it writes.
type local struct {
	face *Face
	peer Peer
}

func (l local) RoundTrip(r *http.Request) (*http.Response, error) {
	reader, writer := io.Pipe()
	w := &pipeWriter{header: http.Header{}, body: writer, began: make(chan struct{})}
	r = r.WithContext(WithPeer(r.Context(), l.peer))
	go func() {
		defer func() {
			if p := recover(); p != nil {
				writer.CloseWithError(fmt.Errorf("control: %v", p))
			}
			w.begin(http.StatusOK)
			writer.Close()
		}()
		l.face.ServeHTTP(w, r)
	}()
	<-w.began
	return &http.Response{StatusCode: w.status, Status: http.StatusText(w.status), Header: w.header, Body: reader, Request: r}, nil
}

type pipeWriter struct {
	header http.Header
	body   *io.PipeWriter
	began  chan struct{}
	status int
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) begin(status int) {
	if w.status == 0 {
		w.status = status
		close(w.began)
	}
}

func (w *pipeWriter) WriteHeader(status int) { w.begin(status) }

func (w *pipeWriter) Write(b []byte) (int, error) {
	w.begin(http.StatusOK)
	return w.body.Write(b)
}
