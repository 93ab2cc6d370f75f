package sse

import (
	"fmt"
	"net/http"
	"time"

	"github.com/roomlog/chat/transport/internal/progress"
)

// response writes to an http.ResponseWriter, whatever the version of HTTP.
type response struct {
	w      http.ResponseWriter
	rc     *http.ResponseController
	stream *stream
	writer *progress.Writer
	ended  chan error // receives why the stream has ended
}

// newResponse returns a response, or why w cannot carry a stream. It takes the
// connection out of the timeouts of the http.Server.
func newResponse(w http.ResponseWriter) (*response, error) {
	_, flushes := find[http.Flusher](w)
	if _, ok := find[interface{ FlushError() error }](w); !ok && !flushes { // to call it would send the headers
		return nil, fmt.Errorf("flushing is not supported: %w", http.ErrNotSupported)
	}
	o := &response{w: w, rc: http.NewResponseController(w), ended: make(chan error, 1)}
	if err := o.rc.SetWriteDeadline(time.Time{}); err != nil {
		return nil, fmt.Errorf("write deadlines are not supported: %w", err)
	}
	// The server waits for the end of the request's body, or for that of the
	// connection, under its ReadTimeout; when that passes it cancels the request.
	if err := o.rc.SetReadDeadline(time.Time{}); err != nil {
		return nil, fmt.Errorf("read deadlines are not supported: %w", err)
	}
	return o, nil
}

// use gives the response the stream that it carries. How much the client of an
// HTTP/1.1 connection has taken can be seen if transport.ConnContext has told of
// the connection. Else it must take 4 KiB within the write timeout.
func (o *response) use(s *stream, r *http.Request) {
	below := progress.ConnOf(r.Context())
	if r.ProtoMajor != 1 {
		below = nil // it carries other streams too
	}
	o.stream = s
	o.writer = progress.New(responseConn{o.w, o.rc}, below, s.gate.Options().WriteTimeout, s.patience)
}

// Write is that of a sink.
func (o *response) Write(p []byte) error { return o.stream.send(o.writer, p) }

func (o *response) writeBuffer(b []byte) ([]byte, error) { return b, o.Write(b[headroom:]) }

// over is that of a sink: the handler may go.
func (o *response) over(err error) { o.ended <- err }

func (o *response) cut() { _ = o.rc.SetWriteDeadline(time.Unix(1, 0)) }

// responseConn is a response as a progress.Conn. What is written to it has left
// the buffers of the server.
type responseConn struct {
	http.ResponseWriter
	rc *http.ResponseController
}

func (c responseConn) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	if err != nil {
		return n, err
	}
	return n, c.rc.Flush()
}

func (c responseConn) SetWriteDeadline(t time.Time) error { return c.rc.SetWriteDeadline(t) }

func (c responseConn) Close() error { return nil } // the server closes it
