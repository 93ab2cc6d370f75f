package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// stream is an open event stream. It ends with the context that it was asked for
// with, or when the server is silent for too long.
type stream struct {
	*sseReader
	body   io.Closer
	ctx    context.Context // its cause is why the stream was ended here
	cancel context.CancelCauseFunc
	dog    *watchdog
	retry  time.Duration // the newest that the server has advised
}

// openStream asks for a stream.
func (c *Client) openStream(ctx context.Context, token, path string, query url.Values) (*stream, error) {
	s := &stream{}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	s.dog = newWatchdog(c.options.ConnectTimeout, func() { s.cancel(errSilent) })
	resp, err := c.askStream(s.ctx, token, path, query)
	if err != nil {
		if why := context.Cause(s.ctx); why != nil {
			err = &Lost{Err: why}
		}
		s.end()
		return nil, err
	}
	s.body = resp.Body
	s.sseReader = newSSEReader(listening{resp.Body, s.dog})
	return s, nil
}

func (c *Client) askStream(ctx context.Context, token, path string, query url.Values) (*http.Response, error) {
	r, err := c.caller.newRequest(ctx, token, &request{method: http.MethodGet, path: path, query: query})
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "text/event-stream")
	resp, err := c.caller.http.Do(r)
	if err != nil {
		return nil, &Lost{Err: err}
	}
	kind := resp.Header.Get("Content-Type")
	switch {
	case resp.StatusCode >= 300:
		err = problemOf(resp)
	case resp.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/event-stream"):
		err = &Lost{Err: errors.New("the answer is no event stream: " + resp.Status + " " + kind), refused: true}
	default:
		return resp, nil
	}
	_ = resp.Body.Close()
	return nil, err
}

// frame returns the next frame that has data.
func (s *stream) frame() (sseFrame, error) {
	for {
		f, err := s.next()
		if err != nil {
			if why := context.Cause(s.ctx); why != nil {
				err = why
			}
			return f, &Lost{Err: err, advised: s.retry}
		}
		if f.retry > 0 {
			s.retry = f.retry
		}
		if f.data != nil {
			return f, nil
		}
	}
}

// ended returns what the end that the server has announced comes to.
func (s *stream) ended(reason string) *Lost {
	return &Lost{Err: streamEnd(reason), advised: s.retry, expired: reason == "expired"}
}

func (s *stream) end() {
	s.dog.stop()
	s.cancel(nil)
	if s.body != nil {
		_ = s.body.Close()
	}
}
