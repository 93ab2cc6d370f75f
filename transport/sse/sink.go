package sse

import (
	"fmt"
	"net/http"
	"time"
)

// maxWrite is the most that is written at once, in bytes.
const maxWrite = 64 << 10

// sink is where a stream is written to.
type sink interface {
	// write writes p and sees it off. It fails if the reader has taken nothing
	// for the write timeout.
	write(p []byte) error
}

// responseSink writes to a response, whatever the version of HTTP.
type responseSink struct {
	w        http.ResponseWriter
	rc       *http.ResponseController
	timeout  time.Duration
	deadline time.Time
}

// newSink returns a sink, or why w cannot carry a stream. It takes the
// connection out of the timeouts of the http.Server.
func newSink(w http.ResponseWriter, timeout time.Duration) (sink, error) {
	if !canFlush(w) {
		return nil, fmt.Errorf("flushing is not supported: %w", http.ErrNotSupported)
	}
	s := &responseSink{w: w, rc: http.NewResponseController(w), timeout: timeout}
	if err := s.renew(); err != nil {
		return nil, fmt.Errorf("write deadlines are not supported: %w", err)
	}
	// The server waits for the end of the request's body, or for that of the
	// connection, under its ReadTimeout; when that passes it cancels the request.
	if err := s.rc.SetReadDeadline(time.Time{}); err != nil {
		return nil, fmt.Errorf("read deadlines are not supported: %w", err)
	}
	return s, nil
}

// canFlush reports whether ResponseController.Flush will find something to
// call. Calling it would send the headers.
func canFlush(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case http.Flusher, interface{ FlushError() error }:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}

func (s *responseSink) write(p []byte) error {
	for len(p) > 0 {
		if err := s.renew(); err != nil {
			return err
		}
		n := min(len(p), maxWrite)
		if _, err := s.w.Write(p[:n]); err != nil {
			return err
		}
		if err := s.rc.Flush(); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// renew sees to it that the next write has at least the write timeout. Setting
// a deadline costs about as much as encoding an event, so it is set somewhat
// later than needed, and not before each write.
func (s *responseSink) renew() error {
	now := time.Now()
	if s.deadline.Sub(now) >= s.timeout {
		return nil
	}
	s.deadline = now.Add(s.timeout + s.timeout/4)
	return s.rc.SetWriteDeadline(s.deadline)
}
